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

/// The value that most have, and how many. Sorts them.
std::pair<float, std::size_t> commonest_of(std::vector<float>& values) {
  std::ranges::sort(values);
  std::pair<float, std::size_t> best{0, 0};
  for (auto first = values.begin(); first != values.end();) {
    const auto end = std::upper_bound(first, values.end(), *first);
    const auto count = static_cast<std::size_t>(end - first);
    if (count > best.second) best = {*first, count};
    first = end;
  }
  return best;
}

/// The commonest value of some pixels spread over the frame, where a tenth of all have it.
std::optional<float> background_of(std::span<const float> values) {
  constexpr std::size_t kSamples = 1024, kFewest = 10;
  std::vector<float> some;
  const std::size_t step = std::max<std::size_t>(1, values.size() / kSamples);
  for (std::size_t n = 0; n < values.size(); n += step) {
    if (std::isfinite(values[n])) some.push_back(values[n]);
  }
  const auto [best, most] = commonest_of(some);
  const auto count = static_cast<std::size_t>(std::ranges::count(values, best));
  return most > 0 && count * kFewest >= values.size() ? std::optional(best) : std::nullopt;
}

/// How many pixels of a value have two neighbours or more of it, as those of strokes have.
std::size_t count_in_strokes(VolumeView<const float> plane, float ink) {
  constexpr int kFewest = 2;
  const auto is_ink = [&](std::int64_t x, std::int64_t y) {
    return x >= 0 && y >= 0 && x < plane.size.x && y < plane.size.y && plane.data[plane.index(x, y, 0)] == ink;
  };
  std::size_t count = 0;
  for (std::int64_t y = 0; y < plane.size.y; ++y) {
    for (std::int64_t x = 0; x < plane.size.x; ++x) {
      if (!is_ink(x, y)) continue;
      int neighbours = -1;  // itself
      for (std::int64_t v = y - 1; v <= y + 1; ++v) {
        for (std::int64_t u = x - 1; u <= x + 1; ++u) neighbours += is_ink(u, v) ? 1 : 0;
      }
      if (neighbours >= kFewest) ++count;
    }
  }
  return count;
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
  constexpr double kAmid = 0.5, kOneValue = 0.4, kInStrokes = 0.8;
  constexpr std::size_t kFewest = 24;
  const VolumeView<const float> plane{slice.data, {slice.size.x, slice.size.y, 1}};
  const std::span values(plane.data, static_cast<std::size_t>(plane.size.voxel_count()));
  const auto background = background_of(values);
  if (!background) return {};
  float low = *background, high = *background;
  for (const float value : values) {
    if (std::isfinite(value)) std::tie(low, high) = std::pair(std::min(low, value), std::max(high, value));
  }
  const float most = kFaint * (high - low);
  Counts counts(plane, *background);
  std::vector<float> faint;
  std::vector<bool> is_faint(values.size());
  for (std::int64_t y = 0; y < plane.size.y; ++y) {
    for (std::int64_t x = 0; x < plane.size.x; ++x) {
      const auto n = static_cast<std::size_t>(plane.index(x, y, 0));
      const bool differs = values[n] != *background && std::abs(values[n] - *background) <= most;
      is_faint[n] = differs && counts.share(x, y, kReach) >= kAmid;
      if (is_faint[n]) faint.push_back(values[n]);
    }
  }
  const auto [ink, count] = commonest_of(faint);
  if (count < kFewest || static_cast<double>(count) < kOneValue * static_cast<double>(faint.size())) return {};
  std::vector<float> written(values.size(), *background);
  for (std::size_t n = 0; n < values.size(); ++n) {
    if (is_faint[n] && values[n] == ink) written[n] = ink;
  }
  const auto in_strokes = count_in_strokes({written.data(), plane.size}, ink);
  return static_cast<double>(in_strokes) < kInStrokes * static_cast<double>(count) ? std::vector<float>() : written;
}

}  // namespace naru
