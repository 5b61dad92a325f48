/// Binary morphology of masks: dilation, erosion, opening and closing by a ball in mm, a box or a cross.
///
/// A voxel p is in the element around q where
///   cost_x(|px - qx|) + cost_y(|py - qy|) + cost_z(|pz - qz|) <= bound,
/// with costs that grow from 0: squares of mm for a ball, cells for a cross, none within a box. So the result is exact:
/// no ball of little steps. Time grows with the rows of the element on the CPU, with the sum of its reaches on a GPU.
///   dilate   1 where the element around the voxel meets the mask
///   erode    1 where the element around the voxel lies in the mask; what lies beyond the volume is no background
///   open     dilate of erode;   close     erode of dilate
/// Sums are f32 in a fixed order: the same on every backend.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

struct MorphologyElement {
  std::array<std::vector<float>, 3> costs;  ///< by distance in cells along x, y and z; farther costs more than `bound`
  float bound = 0;
};

/// All voxels whose centres lie within `radius_mm`, to within 5e-6 of it.
/// @pre radius_mm >= 0, spacings > 0
MorphologyElement ball_element(double radius_mm, const Vec3& spacing_mm);

/// So many voxels to either side along each axis (1, 1, 1: all 26 neighbours).
MorphologyElement box_element(const std::array<std::int64_t, 3>& reach);

/// So many steps through faces (1: the 6 neighbours; n: n times 1).
MorphologyElement cross_element(std::int64_t steps);

enum class Morphology { dilate, erode, open, close };

/// @param in 0 or not 0, out 0 or 1; same size, not the same memory, which `executor` reaches. Waits.
void apply_morphology(VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out, Morphology operation,
                      const MorphologyElement& element, Executor& executor);

}  // namespace naru
