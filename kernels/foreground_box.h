/// The smallest box of voxels around a foreground.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

/// Voxels first[a] to last[a], both in it, along axis a.
struct VoxelBox {
  std::array<std::int64_t, 3> first{}, last{};
  friend bool operator==(const VoxelBox&, const VoxelBox&) = default;
};

/// Which values are foreground: what is greater than `at`, or, where values stand for less the greater they are, what
/// is less. NaN never is.
struct ForegroundRule {
  float at = 0;
  bool is_below = false;
};

/// The smallest box that holds every voxel whose value, as f32, is foreground by `rule`. Exact.
/// T: uint8, int16, uint16, float. `in` is in memory that `executor` reaches. Waits: returns a host value.
/// @return empty where no voxel is
template <class T>
std::optional<VoxelBox> foreground_box(VolumeView<const T> in, ForegroundRule rule, Executor& executor);

}  // namespace naru
