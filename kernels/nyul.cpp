#include "kernels/nyul.h"

#include <algorithm>
#include <cstddef>

namespace naru {

namespace {

constexpr double kScaleLow = 0, kScaleHigh = 100;

}  // namespace

NyulLandmarks nyul_landmarks(const Histogram& foreground, double slope, double intercept, const UnitRange& clip) {
  const auto units = [&](double value) { return std::clamp(slope * value + intercept, clip.low, clip.high); };
  NyulLandmarks landmarks{};
  std::ranges::transform(kNyulPercentiles, landmarks.begin(),
                         [&](double p) { return percentile(foreground, slope < 0 ? 100 - p : p, units); });
  return landmarks;
}

std::optional<NyulLandmarks> nyul_standard(std::span<const NyulLandmarks> cases) {
  NyulLandmarks standard{};
  double count = 0;
  for (const NyulLandmarks& landmarks : cases) {
    const double low = landmarks.front(), range = landmarks.back() - low;
    if (!(range > 0)) continue;
    ++count;
    for (std::size_t i = 0; i < standard.size(); ++i) {
      standard[i] += kScaleLow + (landmarks[i] - low) / range * (kScaleHigh - kScaleLow);
    }
  }
  if (count == 0) return std::nullopt;
  for (double& value : standard) value /= count;
  return standard;
}

PiecewiseMap nyul_map(const NyulLandmarks& landmarks, const NyulLandmarks& standard) {
  const PiecewiseMap map = piecewise_map(landmarks, standard);
  if (map.count > 1) return map;
  constexpr std::array<double, 1> kNothing = {0};
  return piecewise_map(kNothing, kNothing);
}

}  // namespace naru
