/// Private to kernels/: what ONE voxel does for the components of a mask, on host and device.
///
/// `labels` first holds parents: 0 outside of the mask, else one more than a voxel of the same component that does not
/// come later; a root is its own parent. `Parents` gives atomic access to them, without the one more:
///   load(v), store(v, parent), lower(v, parent): the lesser of both stays, the one before is returned
#pragma once

#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/components.h"

namespace naru {

/// Shortens the way for those who come next.
template <class Parents>
NARU_HOST_DEVICE inline std::int32_t root_of(const Parents& parents, std::int32_t voxel) {
  std::int32_t parent = parents.load(voxel);
  while (parent != voxel) {
    const std::int32_t next = parents.load(parent);
    if (next != parent) parents.store(voxel, next);
    voxel = parent;
    parent = next;
  }
  return voxel;
}

template <class Parents>
NARU_HOST_DEVICE inline void unite(const Parents& parents, std::int32_t a, std::int32_t b) {
  for (;;) {
    a = root_of(parents, a);
    b = root_of(parents, b);
    if (a == b) return;
    const std::int32_t later = a < b ? b : a, earlier = a < b ? a : b;
    const std::int32_t before = parents.lower(later, earlier);
    if (before == later) return;
    a = before;  // another thread gave `later` a parent meanwhile: that one belongs here too
    b = earlier;
  }
}

/// A voxel and the rows before its own that it touches.
template <class Parents>
struct UniteVoxel {
  VolumeView<const std::uint8_t> mask;
  Neighbours neighbours;
  Parents parents;

  /// With the voxels of the row (y, z) that are at most `reach` before or behind. What neighbours in x unite already
  /// is left out.
  NARU_HOST_DEVICE void unite_with_row(std::int64_t voxel, std::int64_t x, std::int64_t y, std::int64_t z,
                                       std::int64_t reach) const {
    if (y < 0 || y >= mask.size.y || z < 0) return;
    const std::uint8_t* const own = mask.data + (voxel - x);
    const std::int64_t start = mask.index(0, y, z);
    const std::uint8_t* const row = mask.data + start;
    const bool has_run = x > 0 && own[x - 1] != 0;
    const std::int64_t first = x - reach < 0 ? 0 : x - reach;
    for (std::int64_t u = first; u <= x + reach && u < mask.size.x; ++u) {
      if (row[u] == 0) continue;
      const bool row_before = u > 0 && row[u - 1] != 0;
      const bool is_done = reach == 0 ? has_run && row_before : (row_before && u > first) || (has_run && u <= x);
      if (!is_done) unite(parents, static_cast<std::int32_t>(voxel), static_cast<std::int32_t>(start + u));
    }
  }

  NARU_HOST_DEVICE void operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const std::int64_t voxel = mask.index(x, y, z);
    if (mask.data[voxel] == 0) return;
    const std::int64_t reach = neighbours == Neighbours::faces ? 0 : 1;
    unite_with_row(voxel, x, y - 1, z, reach);
    unite_with_row(voxel, x, y, z - 1, reach);
    if (neighbours == Neighbours::faces) return;
    const std::int64_t diagonal_reach = neighbours == Neighbours::corners ? 1 : 0;
    unite_with_row(voxel, x, y - 1, z - 1, diagonal_reach);
    unite_with_row(voxel, x, y + 1, z - 1, diagonal_reach);
  }
};

/// 1 where the mask is 0, else 0.
struct ComplementVoxel {
  VolumeView<const std::uint8_t> mask;
  NARU_HOST_DEVICE std::uint8_t load(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return mask.data[mask.index(x, y, z)];
  }
  NARU_HOST_DEVICE std::uint8_t made(std::uint8_t value) const { return value == 0 ? 1 : 0; }
  NARU_HOST_DEVICE std::uint8_t operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return made(load(x, y, z));
  }
};

/// 1 in one component, else 0.
struct LabelVoxel {
  VolumeView<const std::int32_t> labels;
  std::int32_t label;
  NARU_HOST_DEVICE std::int32_t load(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return labels.data[labels.index(x, y, z)];
  }
  NARU_HOST_DEVICE std::uint8_t made(std::int32_t value) const { return label != 0 && value == label ? 1 : 0; }
  NARU_HOST_DEVICE std::uint8_t operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return made(load(x, y, z));
  }
};

/// 0 in the components (of what is not in the mask) that are open, 1 in all others and in the mask.
struct HoleVoxel {
  VolumeView<const std::int32_t> labels;
  const std::uint8_t* is_open;  ///< by label
  NARU_HOST_DEVICE std::uint8_t operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const std::int32_t label = labels.data[labels.index(x, y, z)];
    return label != 0 && is_open[label] != 0 ? 0 : 1;
  }
};

NARU_HOST_DEVICE inline bool is_on_border(const Size3& size, std::int64_t x, std::int64_t y, std::int64_t z) {
  // A volume of one slice is a picture: its border is that of the picture.
  return x == 0 || x + 1 == size.x || y == 0 || y + 1 == size.y || (size.z > 1 && (z == 0 || z + 1 == size.z));
}

}  // namespace naru
