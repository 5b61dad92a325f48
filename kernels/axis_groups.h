/// Private to kernels/: the rows of an AxisWeights several at a time, as a device goes through them.
///
/// kGroup neighbouring targets share one run of source values, each with its own weights: 0 for what its row does not
/// reach. So a value that is loaded once serves them all.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/axis_weights.h"
#include "kernels/separable_voxel.h"

namespace naru {

struct AxisGroups {
  std::int64_t taps = 0;
  std::vector<GroupHead> heads;
  std::vector<GroupWeights> weights;  ///< `taps` a group
};

/// Targets that the last group lacks are its last one again. @pre there are targets
AxisGroups axis_groups(const AxisWeights& rows, std::int64_t source_count);

}  // namespace naru
