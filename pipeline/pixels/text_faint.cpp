#include "pipeline/pixels/text_faint.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

namespace naru {

namespace {

/// The value that most of some pixels have, spread over the frame, where a tenth of all have it.
std::optional<float> commonest(std::span<const float> values) {
  constexpr std::size_t kSamples = 1024, kFewest = 10;
  std::vector<float> some;
  const std::size_t step = std::max<std::size_t>(1, values.size() / kSamples);
  for (std::size_t n = 0; n < values.size(); n += step) {
    if (std::isfinite(values[n])) some.push_back(values[n]);
  }
  std::ranges::sort(some);
  float best = 0;
  std::ptrdiff_t most = 0;
  for (auto first = some.begin(); first != some.end();) {
    const auto end = std::upper_bound(first, some.end(), *first);
    if (end - first > most) {
      most = end - first;
      best = *first;
    }
    first = end;
  }
  const auto count = static_cast<std::size_t>(std::ranges::count(values, best));
  return most > 0 && count * kFewest >= values.size() ? std::optional(best) : std::nullopt;
}

/// How many pixels of any rectangle have one value.
class Counts {
 public:
  Counts(VolumeView<const float> plane, float value)
      : width_(plane.size.x), height_(plane.size.y), sums_(static_cast<std::size_t>((width_ + 1) * (height_ + 1))) {
    for (std::int64_t y = 0; y < height_; ++y) {
      std::int32_t row = 0;
      for (std::int64_t x = 0; x < width_; ++x) {
        row += plane.data[plane.index(x, y, 0)] == value ? 1 : 0;
        at(x + 1, y + 1) = at(x + 1, y) + row;
      }
    }
  }

  /// The share of those up to `reach` away.
  double share(std::int64_t x, std::int64_t y, std::int64_t reach) {
    const std::int64_t left = std::max<std::int64_t>(0, x - reach), right = std::min(width_, x + reach + 1);
    const std::int64_t top = std::max<std::int64_t>(0, y - reach), bottom = std::min(height_, y + reach + 1);
    const std::int32_t count = at(right, bottom) - at(left, bottom) - at(right, top) + at(left, top);
    return static_cast<double>(count) / static_cast<double>((right - left) * (bottom - top));
  }

 private:
  std::int32_t& at(std::int64_t x, std::int64_t y) { return sums_[static_cast<std::size_t>(y * (width_ + 1) + x)]; }

  std::int64_t width_, height_;
  std::vector<std::int32_t> sums_;
};

}  // namespace

std::vector<float> faint_on_constant(VolumeView<const float> slice) {
  constexpr float kFaint = 0.05F;
  constexpr std::int64_t kReach = 16;  // of large letters
  constexpr double kAmid = 0.5;
  constexpr std::size_t kFewest = 24;
  const VolumeView<const float> plane{slice.data, {slice.size.x, slice.size.y, 1}};
  const std::span values(plane.data, static_cast<std::size_t>(plane.size.voxel_count()));
  const auto background = commonest(values);
  if (!background) return {};
  float low = *background, high = *background;
  for (const float value : values) {
    if (std::isfinite(value)) std::tie(low, high) = std::pair(std::min(low, value), std::max(high, value));
  }
  const float most = kFaint * (high - low);
  Counts counts(plane, *background);
  std::vector<float> faint(values.size(), *background);
  std::size_t count = 0;
  for (std::int64_t y = 0; y < plane.size.y; ++y) {
    for (std::int64_t x = 0; x < plane.size.x; ++x) {
      const float value = plane.data[plane.index(x, y, 0)];
      const bool is_faint = value != *background && std::abs(value - *background) <= most;
      if (!is_faint || counts.share(x, y, kReach) < kAmid) continue;
      faint[static_cast<std::size_t>(plane.index(x, y, 0))] = value;
      ++count;
    }
  }
  return count < kFewest ? std::vector<float>() : faint;
}

}  // namespace naru
