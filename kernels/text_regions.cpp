#include "kernels/text_regions.h"

#include <algorithm>
#include <cassert>

#include "kernels/components.h"

namespace naru {

namespace {

/// A region with its box from (x, y) to (x + width, y + height), the last pixels included until it is done.
void add_pixel(TextRegion& region, std::int64_t x, std::int64_t y, float value) {
  if (region.pixel_count == 0) region = {x, y, x, y, 0, value};
  region.x = std::min(region.x, x), region.width = std::max(region.width, x);
  region.y = std::min(region.y, y), region.height = std::max(region.height, y);
  region.probability = std::max(region.probability, value);
  ++region.pixel_count;
}

bool is_beside(const TextRegion& text, const TextRegion& other) {
  const std::int64_t height = std::min(text.width, text.height);
  const auto gap = [](std::int64_t a, std::int64_t length_a, std::int64_t b, std::int64_t length_b) {
    return std::max(a, b) - std::min(a + length_a, b + length_b);
  };
  return gap(text.x, text.width, other.x, other.width) <= height &&
         gap(text.y, text.height, other.y, other.height) <= height && std::min(other.width, other.height) <= 2 * height;
}

}  // namespace

std::vector<TextRegion> find_text_regions(VolumeView<const float> probability, TextThresholds thresholds) {
  const Size3& size = probability.size;
  assert(size.z == 1);
  const auto value_at = [&](std::int64_t at) { return judged(probability.data[at]); };
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(size.voxel_count()));
  for (std::size_t at = 0; at < mask.size(); ++at) {
    mask[at] = value_at(static_cast<std::int64_t>(at)) >= thresholds.low ? 1 : 0;
  }
  std::vector<std::int32_t> labels(mask.size());
  Executor executor = Executor::cpu(1);  // callers look at several pictures at once
  const auto components = label_components({mask.data(), size}, {labels.data(), size}, Neighbours::corners, executor);
  std::vector<TextRegion> regions(components.size());
  for (std::size_t at = 0; at < labels.size(); ++at) {
    if (labels[at] == 0) continue;
    const auto pixel = static_cast<std::int64_t>(at);
    add_pixel(regions[static_cast<std::size_t>(labels[at] - 1)], pixel % size.x, pixel / size.x, value_at(pixel));
  }
  std::erase_if(regions, [&](const TextRegion& region) { return region.probability < thresholds.high; });
  for (TextRegion& region : regions) {
    region.width += 1 - region.x;
    region.height += 1 - region.y;
  }
  return regions;
}

void add_text_beside(std::span<const TextRegion> regions, std::vector<bool>& is_text, std::size_t most) {
  std::vector<std::size_t> open;
  for (std::size_t n = 0; n < regions.size(); ++n) {
    if (is_text[n]) open.push_back(n);
  }
  std::size_t count = open.size();
  while (!open.empty() && count < most) {
    const TextRegion& text = regions[open.back()];
    open.pop_back();
    for (std::size_t n = 0; n < regions.size(); ++n) {
      if (is_text[n] || !is_beside(text, regions[n])) continue;
      is_text[n] = true;
      open.push_back(n);
      ++count;
    }
  }
}

}  // namespace naru
