/// Private to kernels/: one pass of a separable resampling on the device, defined in kernels/cuda/passes.cuh and
/// instantiated by separable.cu.
#pragma once

#include <cstdint>

#include "kernels/executor.h"
#include "kernels/separable_voxel.h"

namespace naru::cuda {

/// Where a pass reads and writes. A line is one sum's row of values, `in_step` apart; lanes are neighbours in memory.
template <class In, class Out>
struct PassView {
  const In* in;
  Out* out;
  std::int64_t lanes, targets, rows;  ///< how many; a row holds `lanes` lines
  std::int64_t in_step, in_row;       ///< from a value of a line to the next, from a row to the next
  std::int64_t out_step,
      out_row;  ///< from a target to the next; turned: from a lane to the next, targets being neighbours
  std::int64_t volumes = 1, in_volume = 0, out_volume = 0;  ///< how many there are, from one to the next
};

/// Sums along y or x, over planes: out is turned, so that the axis that is next does not lie along memory.
template <class In>
void fill_turned(const PassView<In, float>& view, const GroupedPass& pass, Executor& executor);

/// The last sum. Lanes are x, targets z, rows y. @pre at most 65,535 volumes
template <class In, class Out>
void fill_finished(const PassView<float, Out>& view, const GroupedPass& pass, const Finish<In, Out>& finish,
                   Executor& executor);

/// The limits of parts of each slice along `axis`, 1 or 2: slice, part, of which there are limit_parts().
template <class In>
void fill_part_limits(VolumeView<const In> in, int axis, VolumeView<Limits<In>> parts, Executor& executor);
std::int64_t limit_parts(const Size3& size, int axis);

}  // namespace naru::cuda
