/// From stored voxels of a stack to those of the result: straighten, orient, clip, resample, normalise.
#pragma once

#include <string_view>

#include "core/trace.h"
#include "pipeline/grid_plan.h"
#include "pipeline/intensity_plan.h"
#include "pipeline/slab.h"

namespace naru {

/// In: int16 or uint16 for stored values, float for units. Memory is the executor's; every call waits for its work,
/// once. Volumes of a slab are made together: a device is given each step of all of them at once.
template <class In>
class SlabMaker {
 public:
  /// @param grid, executor outlive it
  SlabMaker(const GridPlan& grid, Executor& executor) : grid_(grid), executor_(executor) {}

  /// All steps. `stored` holds the slices slab.source and is freed on the way; a slice that a straightened stack lacks
  /// is `padding`. @throws Error{memory_exceeded}
  template <class Out>
  Owned<Out> make(Owned<In> stored, const Slab& slab, const IntensityPlan& intensity, float padding);

  /// The last step alone, into memory that is there.
  /// @param source, out one for each of the slab's volumes; source upright, oriented and clipped, where the plan asks
  /// for that; flips are left to this step
  /// @param first_slice of the stack that `source` begins with
  template <class T, class Out>
  void resample_slab(VolumesView<const T> source, std::int64_t first_slice, const Slab& slab,
                     const IntensityPlan& intensity, VolumesView<Out> out);

 private:
  template <class T, class Out>
  Owned<Out> oriented(Owned<T> source, const Slab& slab, const IntensityPlan& intensity);
  template <class T, class Out>
  Owned<Out> resampled(Owned<T> source, const Slab& slab, const IntensityPlan& intensity);
  template <class Work>
  void compute(std::string_view name, const Slab& slab, const Work& work);

  const GridPlan& grid_;
  Executor& executor_;
};

}  // namespace naru
