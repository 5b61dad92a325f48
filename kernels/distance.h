/// Sets of cells on a grid: the exact Euclidean distance transform, balls (kernels/morphology.h) and components
/// (kernels/components.h). On the CPU alone.
///
/// Distances: one pass an axis over lower envelopes of parabolas (Felzenszwalb and Huttenlocher, Theory of Computing 8,
/// 2012). Time grows with the number of cells.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

/// A set of cells: 1 where a cell is in it, else 0. x fastest, then y, then z.
struct Mask {
  std::vector<std::uint8_t> cells;
  Size3 size;

  explicit Mask(const Size3& count = {}) : cells(static_cast<std::size_t>(count.voxel_count())), size(count) {}
  VolumeView<const std::uint8_t> view() const { return {cells.data(), size}; }
  std::size_t index(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return static_cast<std::size_t>(view().index(x, y, z));
  }
  bool at(std::int64_t x, std::int64_t y, std::int64_t z) const { return cells[index(x, y, z)] != 0; }
  std::int64_t count() const;
};

/// The squared distance, in cells, from the centre of every cell to that of the nearest one in the mask; infinity where
/// the mask is empty.
std::vector<float> squared_distance(const Mask& mask, Executor& executor);

/// All cells of the grid that are not in the mask.
Mask complement(const Mask& mask);

/// All cells no farther than `radius` cells from the mask.
Mask dilated(const Mask& mask, double radius, Executor& executor);

/// All cells of the mask that are farther than `radius` cells from what is not in it. What lies beyond the grid does
/// not count as outside.
Mask eroded(const Mask& mask, double radius, Executor& executor);

/// The cells that are joined to `seed` through faces. Empty where the seed is not in the mask.
Mask component_at(const Mask& mask, std::size_t seed, Executor& executor);

/// The largest set of cells that are joined through faces; of two alike the one that comes first in memory.
Mask largest_component(const Mask& mask, Executor& executor);

}  // namespace naru
