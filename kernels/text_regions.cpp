#include "kernels/text_regions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace naru {

std::vector<TextRegion> find_text_regions(VolumeView<const float> probability, TextThresholds thresholds) {
  const auto [width, height, planes] = probability.size;
  const auto value_at = [&](std::int64_t at) {
    const float value = probability.data[at];
    return std::isnan(value) ? 1.F : value;
  };
  std::vector<bool> is_taken(static_cast<std::size_t>(width * height));
  std::vector<std::pair<std::int64_t, std::int64_t>> open;
  std::vector<TextRegion> regions;
  const auto take = [&](std::int64_t x, std::int64_t y) {
    const auto at = static_cast<std::size_t>(y * width + x);
    if (x < 0 || y < 0 || x >= width || y >= height || is_taken[at]) return;
    if (value_at(static_cast<std::int64_t>(at)) < thresholds.low) return;
    is_taken[at] = true;
    open.emplace_back(x, y);
  };
  for (std::int64_t start = 0; start < width * height; ++start) {
    take(start % width, start / width);
    if (open.empty()) continue;
    std::int64_t left = width, top = height, right = 0, bottom = 0;
    TextRegion region;
    while (!open.empty()) {
      const auto [x, y] = open.back();
      open.pop_back();
      left = std::min(left, x), right = std::max(right, x);
      top = std::min(top, y), bottom = std::max(bottom, y);
      region.probability = std::max(region.probability, value_at(y * width + x));
      ++region.pixel_count;
      for (std::int64_t v = -1; v <= 1; ++v) {
        for (std::int64_t u = -1; u <= 1; ++u) take(x + u, y + v);
      }
    }
    if (region.probability < thresholds.high) continue;
    region.x = left, region.y = top;
    region.width = right - left + 1, region.height = bottom - top + 1;
    regions.push_back(region);
  }
  return regions;
}

}  // namespace naru
