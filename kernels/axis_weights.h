/// Private to kernels/: resampling along one axis as a banded matrix, made on the host in f64.
///
/// A row says what one target value is made of: the source seen as a signal without ends (Boundary), through a Gaussian
/// where there is a sigma, interpolated at the target's place. Everything is folded into weights of the source values
/// that exist, so that a pass over the voxels knows neither kernels nor ends.
///
///   bspline  interpolating cubic B-spline: the prefilter's impulse response sqrt(3) (sqrt(3) - 2)^|m| (Unser, Aldroubi
///            and Eden, IEEE Trans. Signal Process. 41:821, 1993) and the cubic's four values, convolved; what lies
///            below 2^-26 is left out, so a row has about 28 weights
///   lanczos  sinc(x) times a window over 2 * radius values (Duchon, J. Appl. Meteorol. 18:1016, 1979)
///   Gaussian sampled at whole offsets up to 4 sigma, its sum 1
///
/// Rows add up to 1, but where `Sinc::is_normalized` is false.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/geometry.h"
#include "kernels/resample.h"

namespace naru {

/// What kernels/resample.h says of one axis.
struct AxisFilter {
  Interpolator interpolator = Interpolator::linear;
  Boundary boundary = Boundary::nearest;
  Sinc sinc{};
  double sigma = 0;
  double half_tolerance = 0;
  bool is_prefilter = false;  ///< the coefficients of the B-spline instead of what it interpolates; at whole places
};

/// The index that Interpolator::nearest takes at `source`. @param step of the axis: its sign is the target's direction
double nearest_index(double source, double step, double half_tolerance);

/// Of the Gaussian that keeps a sampling with this step from aliasing, in source voxels; 0 where it becomes finer.
/// Source: Cardoso et al., MICCAI 2015.
double antialias_sigma(double step);

AxisFilter filter_along(int axis, const ResampleOptions& options);

/// Row t: out = total[t] * in[first + anchor[t]] + sum over i of weights[t * taps + i] * (in[first + i] - that value).
struct AxisWeights {
  std::int64_t taps = 0;
  std::vector<std::int32_t> first;   ///< from the first source value that is there
  std::vector<std::int32_t> anchor;  ///< the tap nearest to the target's place
  std::vector<float> total;          ///< the sum of the weights: 1
  std::vector<float> weights;        ///< `taps` a row, 0 where a row needs fewer

  /// True where every target is the source value of the same index.
  bool is_identity(std::int64_t source_count) const;
};

/// @throws Error{internal} where the source values that the rows need are not there: [source_begin, source_begin +
/// source_count)
AxisWeights axis_weights(const AxisSteps& axis, std::int64_t source_count, const AxisFilter& filter);

}  // namespace naru
