#include "pipeline/pixels/text_box.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace naru {

namespace {

constexpr std::int64_t kHighestLetter = 64;

bool is_upright(const dicom::PixelBox& box) { return box.width >= box.height; }

dicom::PixelBox turned(const dicom::PixelBox& box) { return {box.frame, box.y, box.x, box.height, box.width, {}}; }

/// Of boxes that are no higher than wide, `a` beginning first.
std::optional<dicom::PixelBox> between(const dicom::PixelBox& a, const dicom::PixelBox& b) {
  const std::int64_t low = std::min(a.height, b.height), high = std::max(a.height, b.height);
  const std::int64_t top = std::min(a.y, b.y), bottom = std::max(a.y + a.height, b.y + b.height);
  const std::int64_t shared = a.height + b.height - (bottom - top), gap = b.x - (a.x + a.width);
  const bool is_one_line = 2 * high <= 3 * low && 3 * shared >= 2 * low;
  if (!is_one_line || gap <= 0 || 2 * gap > 3 * low) return std::nullopt;
  return dicom::PixelBox{a.frame, a.x + a.width, top, gap, bottom - top, {}};
}

}  // namespace

float shape_of(const TextRegion& region) {
  return static_cast<float>(std::max(region.width, region.height)) /
         static_cast<float>(std::min(region.width, region.height));
}

dicom::PixelBox box_of(const TextRegion& region, std::int64_t frame) {
  // The last letter of a line may look like what lies under it: a line goes on for more than half of its height.
  constexpr std::int64_t kMarginPixels = 3;
  const std::int64_t height = std::min({region.width, region.height, kHighestLetter});
  const std::int64_t across = kMarginPixels + height / 8, along = kMarginPixels + height * 5 / 8;
  const std::int64_t x = region.width >= region.height ? along : across;
  const std::int64_t y = region.width >= region.height ? across : along;
  return {frame, region.x - x, region.y - y, region.width + 2 * x, region.height + 2 * y, {}};
}

dicom::PixelBox clipped(const dicom::PixelBox& box, std::int64_t columns, std::int64_t rows) {
  const std::int64_t left = std::clamp<std::int64_t>(box.x, 0, columns), top = std::clamp<std::int64_t>(box.y, 0, rows);
  const std::int64_t right = std::clamp(box.x + box.width, left, columns);
  const std::int64_t bottom = std::clamp(box.y + box.height, top, rows);
  return {box.frame, left, top, right - left, bottom - top, box.fill};
}

std::vector<dicom::PixelBox> between_words(std::span<const dicom::PixelBox> boxes) {
  std::map<std::pair<std::int64_t, bool>, std::vector<dicom::PixelBox>> lines;  // by frame and direction
  for (const dicom::PixelBox& box : boxes) {
    lines[{box.frame, is_upright(box)}].push_back(is_upright(box) ? box : turned(box));
  }
  std::vector<dicom::PixelBox> found;
  for (auto& [key, words] : lines) {
    std::ranges::sort(words, {}, &dicom::PixelBox::x);
    for (std::size_t n = 0; n < words.size(); ++n) {
      for (std::size_t m = n + 1; m < words.size(); ++m) {
        const auto gap = between(words[n], words[m]);
        if (gap) found.push_back(key.second ? *gap : turned(*gap));
      }
    }
  }
  return found;
}

bool is_in_boxes(const TextRegion& region, std::int64_t frame, std::span<const dicom::PixelBox> boxes) {
  return std::ranges::any_of(boxes, [&](const dicom::PixelBox& box) {
    const std::int64_t rim = 8 + std::min({box.width, box.height, kHighestLetter}) / 6;
    return (box.frame < 0 || box.frame == frame) && region.x >= box.x - rim && region.y >= box.y - rim &&
           region.x + region.width <= box.x + box.width + rim && region.y + region.height <= box.y + box.height + rim;
  });
}

}  // namespace naru
