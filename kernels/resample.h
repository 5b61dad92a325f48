/// Axis-aligned resampling, fused with rescale, clip, normalise and cast.
///
/// linear:  v(x,y,z) = trilinear interpolation of the 8 stored values around the source index; indices outside
///          [0, n-1] are clamped to it (edge values extend outwards)
/// nearest: the stored value at the index rounded, clamped likewise; a half, to within `half_tolerance`, goes in the
///          direction of the target's axis
/// bspline, lanczos, and all with a sigma: one weighted sum along y, then x, then z (kernels/axis_weights.h), each in
///          f32 as (sum of weights) * anchor + sum of weight * (value - anchor), anchor being the nearest value: errors
///          are those of differences, and a constant stays what it is
/// then out = intensity map of v (kernels/intensity.h). Where weights add up to 1 interpolation and rescale commute, so
/// stored integers are blended directly; with a sinc that is not normalised values have to be in units before.
///
/// Shapes: x (i) fastest; `axes[a].place(t)` is the source index of target index t along axis a; step may be negative
/// (a flip). Index and weight tables are made per axis in f64 on the host and used in f32.
///
/// Order of f32 operations of linear, the same on every backend, each lerp(a, b, w) = fma(w, b - a, a): along y, then
/// along z (the four rows blended to one), then along x. So a constant stays exactly what it is, CPU and GPU agree to
/// the bit, and against f64 the result is within 1e-3 of a stored unit for 12-bit data. Float input is taken to be
/// finite.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/geometry.h"
#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/intensity.h"

namespace naru {

/// bspline is cubic and passes through the stored values (prefiltered).
enum class Interpolator { nearest, linear, bspline, lanczos };

/// What lies beyond the outer voxel centres, for all but nearest and linear, which always extend the outer values.
enum class Boundary {
  nearest,  ///< the outer value: a a a | a b c | c c c (scipy: nearest; scikit-image: edge)
  mirror    ///< about the outer centre: c b | a b c | b a (scipy and ITK's B-splines: mirror)
};

/// Windows of Meijering, Niessen and Viergever (Med. Image Anal. 5:111, 2001), as ITK has them.
enum class SincWindow { lanczos, hamming, cosine, welch, blackman };

/// How Interpolator::lanczos weighs 2 * radius values.
struct Sinc {
  SincWindow window = SincWindow::lanczos;
  int radius = 3;
  bool is_normalized = true;  ///< weights add up to 1, so a constant stays one; ITK's do not
};

struct ResampleOptions {
  std::array<AxisSteps, 3> axes;  ///< one per axis of the target
  Interpolator interpolator = Interpolator::linear;
  IntensityMap intensity;
  Boundary boundary = Boundary::nearest;
  Sinc sinc{};
  Vec3 sigma{};  ///< of a Gaussian before the interpolation, in source voxels along each axis; 0: none
  /// nnU-Net's "separate z": along this axis the nearest slice, resampled alone and clipped to its own least and
  /// greatest value.
  std::optional<int> separate_axis{};
  /// Of nearest, in source voxels: a place that lacks so little to a half is one, whatever rounding made of it. 0 where
  /// a tool is followed to the last bit of its own reckoning.
  double half_tolerance = 0;
};

/// The indices [begin, end) of the source along `axis` that the targets of options.axes[axis] are made of. Its
/// source_begin does not matter. @pre there are targets @param source_count of the whole axis
std::pair<std::int64_t, std::int64_t> source_range(const ResampleOptions& options, int axis, std::int64_t source_count);

/// Memory that a call takes beside its views, at most. @param in, out sizes of a call's views
std::uint64_t resample_working_bytes(const Size3& in, const ResampleOptions& options, const Executor& executor);

/// @param in  source voxels, at least one along each axis
/// @param out target voxels; size must equal the target counts of `options.axes`; must not overlap `in`
/// Both in memory that `executor` reaches. In: int16, uint16, float. Out: int16, float, Float16 (kernels/float16.h; on
/// a CPU through as many floats). Asynchronous on CUDA (the tables are copied before the call returns).
template <class In, class Out>
void resample(VolumeView<const In> in, VolumeView<Out> out, const ResampleOptions& options, Executor& executor);

/// The same of each of several volumes by itself, as many in `in` as in `out`: on CUDA in one launch a pass for all of
/// them, but for options.separate_axis. @pre at most 65,535 volumes
template <class In, class Out>
void resample(VolumesView<const In> in, VolumesView<Out> out, const ResampleOptions& options, Executor& executor);

/// Writes `value` to the voxels of `out` beside `inside`, as conventions ask for it that have nothing there.
/// Asynchronous on CUDA. Out: int16, float.
template <class Out>
void fill_outside(VolumeView<Out> out, const std::array<InsideRange, 3>& inside, Out value, Executor& executor);

}  // namespace naru
