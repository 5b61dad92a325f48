/// Standardisation of MR intensities by landmarks, for scans whose units mean nothing across scanners.
///
/// Training: of each case the percentiles 1, 10, 20, ... 90, 99 of its foreground; the first and the last are brought
/// to the ends of the standard scale, 0 and 100, the others by the same straight line; the mean over the cases is the
/// standard. Application: a case's landmarks are mapped to the standard ones, straight in between, and the outermost
/// pieces go on beyond them.
///
/// Source: Nyul, Udupa and Zhang, IEEE Trans. Medical Imaging 19:143, 2000, with the deciles as landmarks, as the
/// packages intensity-normalization and TorchIO have them (TorchIO adds the quartiles).
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <span>

#include "kernels/piecewise.h"
#include "kernels/statistics.h"

namespace naru {

inline constexpr std::array<double, 11> kNyulPercentiles = {1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99};

/// One value a percentile, ascending: of a case, or the standard.
using NyulLandmarks = std::array<double, kNyulPercentiles.size()>;

/// Bounds of a clip, in units.
struct UnitRange {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

/// The landmarks of the values that the histogram holds, in units = slope * value + intercept, clipped before their
/// percentiles are taken. All `intercept`, clipped, for an empty histogram.
/// @param foreground without the background, e.g. values_above(histogram, its mean), as the paper has it
NyulLandmarks nyul_landmarks(const Histogram& foreground, double slope, double intercept, const UnitRange& clip = {});

/// The standard scale that the cases teach. A case whose first landmark is its last teaches nothing.
/// @return empty where no case teaches anything
std::optional<NyulLandmarks> nyul_standard(std::span<const NyulLandmarks> cases);

/// From the values of a case to the standard scale. A case whose landmarks are all alike becomes 0 throughout.
/// @pre both ascend
PiecewiseMap nyul_map(const NyulLandmarks& landmarks, const NyulLandmarks& standard);

}  // namespace naru
