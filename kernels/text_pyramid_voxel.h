/// Private to kernels/: what ONE value of a view, and of the merged result, holds (rules: kernels/text_pyramid.h).
#pragma once

#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/text_pyramid.h"

namespace naru {

/// A division by 1, 2 or 4, the scales that there are, without the instruction that takes as long as all else of a
/// voxel.
NARU_HOST_DEVICE inline std::int64_t divided(std::int64_t value, std::int64_t by) {
  return by == 1 ? value : by == 2 ? value / 2 : value / 4;
}

/// A way of seeing a slice. Place (x, y) of the view stands for the `shrink` x `shrink` pixels from
/// (x - kTextEdge, y - kTextEdge) * shrink on, or for the one at (x - kTextEdge) / grow where it is larger; one of the
/// two is 1. Large views are seen in tiles.
struct TextView {
  std::int64_t width = 0, height = 0;  ///< of the slice
  std::int64_t shrink = 1, grow = 1;

  /// Of the view without its edges.
  NARU_HOST_DEVICE std::int64_t inner_width() const { return scaled(width); }
  NARU_HOST_DEVICE std::int64_t inner_height() const { return scaled(height); }

  NARU_HOST_DEVICE std::int64_t scaled(std::int64_t length) const {
    return divided(length * grow + shrink - 1, shrink);
  }
};

NARU_HOST_DEVICE inline std::int64_t clamped(std::int64_t at, std::int64_t count) {
  return at < 0 ? 0 : at >= count ? count - 1 : at;
}

/// A part of a view: what is rendered, from (x, y) on, and what of it counts.
struct TextTile {
  std::int64_t x = 0, y = 0;
  std::int64_t from_x = 0, from_y = 0, to_x = 0, to_y = 0;  ///< places of the view; `to` is no longer part of it
};

struct TextRenderVoxel {
  VolumeView<const float> slice;
  TextWindows windows;
  TextView view;
  TextTile tile;

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t window) const {
    const std::int64_t along = clamped(tile.x + x - kTextEdge, view.inner_width());
    const std::int64_t down = clamped(tile.y + y - kTextEdge, view.inner_height());
    if (view.shrink == 1) return rendered(divided(along, view.grow), divided(down, view.grow), window);
    float sum = 0;
    for (std::int64_t v = 0; v < view.shrink; ++v) {
      for (std::int64_t u = 0; u < view.shrink; ++u) {
        const std::int64_t i = clamped(along * view.shrink + u, view.width);
        const std::int64_t j = clamped(down * view.shrink + v, view.height);
        sum += rendered(i, j, window);
      }
    }
    return sum / static_cast<float>(view.shrink * view.shrink);
  }

  NARU_HOST_DEVICE float rendered(std::int64_t i, std::int64_t j, std::int64_t window) const {
    const float value = slice.data[slice.index(i, j, slice.size.z == 1 ? 0 : window)];
    const float low = windows.low[static_cast<std::size_t>(window)],
                high = windows.high[static_cast<std::size_t>(window)];
    const float range = high > low ? high - low : 1;
    const float scaled = (value - low) / range;
    return scaled > 0 ? (scaled < 1 ? scaled : 1) : 0;
  }
};

/// The largest of what is known of a place of the slice and what one tile of a view says of it; NaN where one of them
/// is.
struct TextMergeVoxel {
  VolumeView<const float> known, seen;
  TextView view;
  TextTile tile;

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t) const {
    float best = known.data[known.index(x, y, 0)];
    for (std::int64_t v = 0; v < view.grow; ++v) {
      for (std::int64_t u = 0; u < view.grow; ++u) {
        const std::int64_t i = divided(x * view.grow, view.shrink) + u, j = divided(y * view.grow, view.shrink) + v;
        const std::int64_t along = kTextEdge + i;
        const std::int64_t down = kTextEdge + j;
        if (along < tile.from_x || along >= tile.to_x || down < tile.from_y || down >= tile.to_y) continue;
        const float value = seen.data[seen.index(along - tile.x, down - tile.y, 0)];
        const bool is_settled = best != best || value <= best;
        best = is_settled ? best : value;
      }
    }
    return best;
  }
};

/// Nothing is known yet: less than any probability.
inline constexpr float kNotKnown = -1;
struct TextUnknownVoxel {
  NARU_HOST_DEVICE float operator()(std::int64_t, std::int64_t, std::int64_t) const { return kNotKnown; }
};

}  // namespace naru
