/// Axis-aligned resampling, fused with rescale, clip, normalise and cast.
///
/// linear:  v(x,y,z) = trilinear interpolation of the 8 stored values around the source index; indices outside
///          [0, n-1] are clamped to it (edge values extend outwards)
/// nearest: the stored value at floor(index + 0.5), clamped likewise
/// then out = intensity map of v (kernels/intensity.h); interpolation and rescale commute, so stored integers are
/// blended directly.
///
/// Shapes: x (i) fastest; `axes[a]` gives for axis a the source index of target index t as first + t * step; step may
/// be negative (a flip). Index and weight tables are made per axis in f64 on the host and used in f32.
///
/// Order of f32 operations, the same on every backend, each lerp(a, b, w) = fma(w, b - a, a): along y, then along z
/// (the four rows blended to one), then along x. So a constant stays exactly what it is, CPU and GPU agree to the bit,
/// and against f64 the result is within 1e-3 of a stored unit for 12-bit data. Float input is taken to be finite.
#pragma once

#include <array>

#include "core/geometry.h"
#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/intensity.h"

namespace naru {

enum class Interpolator { nearest, linear };

struct ResampleOptions {
  std::array<AxisSteps, 3> axes;  ///< one per axis of the target
  Interpolator interpolator = Interpolator::linear;
  IntensityMap intensity;
};

/// @param in  source voxels, at least one along each axis
/// @param out target voxels; size must equal the target counts of `options.axes`; must not overlap `in`
/// Both in memory that `executor` reaches. In: int16, uint16, float. Out: int16, float. Asynchronous on CUDA (the
/// tables are copied before the call returns).
template <class In, class Out>
void resample(VolumeView<const In> in, VolumeView<Out> out, const ResampleOptions& options, Executor& executor);

}  // namespace naru
