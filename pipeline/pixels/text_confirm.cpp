#include "pipeline/pixels/text_confirm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "pipeline/pixels/text_box.h"

namespace naru {

namespace {

/// The three windows of a part of a slice, from 0 to 1: column fastest, then row, then window.
struct Windows {
  std::int64_t width = 0, height = 0;
  std::vector<float> values;

  float at(std::int64_t x, std::int64_t y, std::int64_t window) const {
    const std::int64_t u = std::clamp<std::int64_t>(x, 0, width - 1), v = std::clamp<std::int64_t>(y, 0, height - 1);
    return values[static_cast<std::size_t>(u + width * (v + height * window))];
  }
};

/// Half open.
struct Rectangle {
  std::int64_t left = 0, top = 0, right = 0, bottom = 0;
};

Windows rendered(VolumeView<const float> slice, const TextWindows& windows, const Rectangle& part) {
  Windows result{part.right - part.left, part.bottom - part.top, {}};
  result.values.reserve(static_cast<std::size_t>(result.width * result.height * kTextWindows));
  for (std::int64_t window = 0; window < kTextWindows; ++window) {
    const auto n = static_cast<std::size_t>(window);
    const float range = windows.high[n] > windows.low[n] ? windows.high[n] - windows.low[n] : 1;
    for (std::int64_t y = part.top; y < part.bottom; ++y) {
      for (std::int64_t x = part.left; x < part.right; ++x) {
        const float value = (slice.data[slice.index(x, y, slice.size.z == 1 ? 0 : window)] - windows.low[n]) / range;
        result.values.push_back(value > 0 ? std::min(value, 1.F) : 0.F);  // NaN is black
      }
    }
  }
  return result;
}

/// A way of seeing a part: its picture, and where a rectangle of the part lies in it.
struct View {
  Windows windows;
  Rectangle region;
  bool is_turned = false;  ///< by half a turn
};

template <class Value>
Windows made(std::int64_t width, std::int64_t height, const Value& value) {
  Windows result{width, height, {}};
  result.values.reserve(static_cast<std::size_t>(width * height * kTextWindows));
  for (std::int64_t window = 0; window < kTextWindows; ++window) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) result.values.push_back(value(x, y, window));
    }
  }
  return result;
}

View moved(const Windows& part, const Rectangle& r) {
  constexpr std::int64_t kRight = 5, kDown = 3;
  return {made(part.width + kRight, part.height + kDown,
               [&](auto x, auto y, auto w) { return part.at(x - kRight, y - kDown, w); }),
          {r.left + kRight, r.top + kDown, r.right + kRight, r.bottom + kDown}};
}

View half_turned(const Windows& part, const Rectangle& r) {
  return {made(part.width, part.height,
               [&](auto x, auto y, auto w) { return part.at(part.width - 1 - x, part.height - 1 - y, w); }),
          {part.width - r.right, part.height - r.bottom, part.width - r.left, part.height - r.top},
          true};
}

View larger(const Windows& part, const Rectangle& r) {
  constexpr float kTimes = 1.25F;
  const auto scaled = [](std::int64_t length) {
    return static_cast<std::int64_t>(std::lround(static_cast<float>(length) * kTimes));
  };
  const auto value = [&](std::int64_t x, std::int64_t y, std::int64_t w) {
    const float u = (static_cast<float>(x) + 0.5F) / kTimes - 0.5F, v = (static_cast<float>(y) + 0.5F) / kTimes - 0.5F;
    const auto left = static_cast<std::int64_t>(std::floor(u)), top = static_cast<std::int64_t>(std::floor(v));
    const float across = u - static_cast<float>(left), down = v - static_cast<float>(top);
    return std::lerp(std::lerp(part.at(left, top, w), part.at(left + 1, top, w), across),
                     std::lerp(part.at(left, top + 1, w), part.at(left + 1, top + 1, w), across), down);
  };
  return {made(scaled(part.width), scaled(part.height), value),
          {scaled(r.left), scaled(r.top), scaled(r.right), scaled(r.bottom)}};
}

View brighter(const Windows& part, const Rectangle& r) {
  constexpr float kGamma = 0.6F;
  View view{part, r};
  for (float& value : view.windows.values) value = std::pow(value, kGamma);
  return view;
}

View softer(const Windows& part, const Rectangle& r) {
  // exp(-x^2 / (2 sigma^2)) with sigma 0.6, two pixels far, normalised.
  constexpr std::array<float, 5> kWeights = {0.00257F, 0.16552F, 0.66381F, 0.16552F, 0.00257F};
  const auto along = [&](const Windows& from, std::int64_t step_x, std::int64_t step_y) {
    return made(from.width, from.height, [&, step_x, step_y](auto x, auto y, auto w) {
      float sum = 0;
      for (std::int64_t n = -2; n <= 2; ++n) {
        sum += kWeights[static_cast<std::size_t>(n + 2)] * from.at(x + n * step_x, y + n * step_y, w);
      }
      return sum;
    });
  };
  return {along(along(part, 1, 0), 0, 1), r};
}

constexpr std::array kViews = {half_turned, larger, moved, brighter, softer};

float log_odds(float probability) {
  return std::clamp(std::log(probability / (1 - probability)), -kMostLogOdds, kMostLogOdds);
}

float needed_log_odds(const TextRegion& region) {
  const float share = std::clamp((shape_of(region) - kSignShape) / (kLineShape - kSignShape), 0.0F, 1.0F);
  return std::lerp(kConfirmedSign, kConfirmedLine, share);
}

/// What lies around a region.
struct Surroundings {
  Windows seen;
  Rectangle inner;
  std::int64_t longest = 0;  ///< side of the slice
};

Surroundings surroundings_of(VolumeView<const float> slice, const TextWindows& windows, const TextRegion& region) {
  constexpr std::int64_t kAround = 48;
  const Rectangle part{std::max<std::int64_t>(0, region.x - kAround), std::max<std::int64_t>(0, region.y - kAround),
                       std::min(slice.size.x, region.x + region.width + kAround),
                       std::min(slice.size.y, region.y + region.height + kAround)};
  return {rendered(slice, windows, part),
          {region.x - part.left, region.y - part.top, region.x + region.width - part.left,
           region.y + region.height - part.top},
          std::max(slice.size.x, slice.size.y)};
}

/// What the looks say of each place of a region, added up.
class Opinions {
 public:
  Opinions(const TextNetwork& network, const Surroundings& around, float first)
      : network_(network),
        around_(around),
        width_(around.inner.right - around.inner.left),
        sums_(static_cast<std::size_t>(width_ * (around.inner.bottom - around.inner.top)), first) {}

  void add(const View& view, TextDevice& device) {
    constexpr TextWindows kAsTheyAre = {{0, 0, 0}, {1, 1, 1}};
    const Size3 size{view.windows.width, view.windows.height, kTextWindows};
    const std::vector<float> probability =
        device.probability(network_, {view.windows.values.data(), size}, kAsTheyAre, around_.longest);
    for (std::size_t n = 0; n < sums_.size(); ++n) {
      const float value = probability[static_cast<std::size_t>(place_in(view, static_cast<std::int64_t>(n)))];
      sums_[n] += log_odds(judged(value));
    }
  }

  float highest() const { return std::ranges::max(sums_); }

 private:
  /// Where the n-th place of the region lies in a view.
  std::int64_t place_in(const View& view, std::int64_t n) const {
    const Rectangle& to = view.region;
    const std::int64_t height = around_.inner.bottom - around_.inner.top;
    std::int64_t x = (2 * (n % width_) + 1) * (to.right - to.left) / (2 * width_);
    std::int64_t y = (2 * (n / width_) + 1) * (to.bottom - to.top) / (2 * height);
    if (view.is_turned) x = to.right - to.left - 1 - x, y = to.bottom - to.top - 1 - y;
    return std::min(to.left + x, view.windows.width - 1) +
           std::min(to.top + y, view.windows.height - 1) * view.windows.width;
  }

  const TextNetwork& network_;
  const Surroundings& around_;
  std::int64_t width_;
  std::vector<float> sums_;
};

constexpr float kLooks = 1 + static_cast<float>(kViews.size());

}  // namespace

float text_log_odds(const TextNetwork& network, VolumeView<const float> slice, const TextWindows& windows,
                    const TextRegion& region, TextDevice& device) {
  const Surroundings around = surroundings_of(slice, windows, region);
  Opinions opinions(network, around, log_odds(region.probability));
  for (const auto& view : kViews) opinions.add(view(around.seen, around.inner), device);
  return opinions.highest() / kLooks;
}

std::optional<float> confirmed_log_odds(const TextNetwork& network, VolumeView<const float> slice,
                                        const TextWindows& windows, const TextRegion& region, TextDevice& device) {
  const Surroundings around = surroundings_of(slice, windows, region);
  Opinions opinions(network, around, log_odds(region.probability));
  float views_left = kLooks - 1;
  for (const auto& view : kViews) {
    opinions.add(view(around.seen, around.inner), device);
    const float missing = kLooks * needed_log_odds(region) - opinions.highest();
    if (missing > kMostLogOdds * --views_left) return std::nullopt;  // beyond what the others can say
  }
  return opinions.highest() / kLooks;
}

}  // namespace naru
