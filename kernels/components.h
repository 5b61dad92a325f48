/// Connected components of a mask in 3-D, and what is made of them.
///
/// Components are numbered 1, 2, ... by their first voxel in memory: the same numbers on every backend and for any
/// number of threads. A mask of one slice has the components of 2-D (4 neighbours for `faces`, else 8).
/// Method: union-find over voxels whose roots are the least voxel of a component, lowered by atomic minima
/// (Jaiganesh and Burtscher, HPDC 2018), so the order of the work leaves no trace. Masks are 0 or not 0.
#pragma once

#include <cstdint>
#include <vector>

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

/// Which voxels touch: those that share a face (6), also an edge (18), also a corner (26).
enum class Neighbours { faces, edges, corners };

struct Component {
  std::int64_t first_voxel = 0;  ///< the least index in memory
  std::int64_t voxel_count = 0;
  friend bool operator==(const Component&, const Component&) = default;
};

/// labels = n in the voxels of component n, 0 outside of the mask.
/// @param mask, labels same size, fewer than 2^31 voxels, in memory that `executor` reaches
/// @return one a component, component 1 first. Waits: returns a host value.
std::vector<Component> label_components(VolumeView<const std::uint8_t> mask, VolumeView<std::int32_t> labels,
                                        Neighbours neighbours, Executor& executor);

/// The label of the largest of them; of two alike the one that comes first in memory. 0 where there is none.
std::int32_t largest_of(const std::vector<Component>& components);

/// out = 1 in the largest component of the mask, else 0; sizes and memory as above.
void keep_largest_component(VolumeView<const std::uint8_t> mask, VolumeView<std::uint8_t> out, Neighbours neighbours,
                            Executor& executor);

/// out = 1 in the mask and in its holes, else 0: holes are components of what is not in the mask that do not reach the
/// border of the volume. `neighbours` joins voxels of the holes (scipy.ndimage.binary_fill_holes: faces).
void fill_holes(VolumeView<const std::uint8_t> mask, VolumeView<std::uint8_t> out, Neighbours neighbours,
                Executor& executor);

}  // namespace naru
