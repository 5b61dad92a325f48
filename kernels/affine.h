/// Resampling through any affine map: oblique, sheared, turned. Where axes only scale and flip, kernels/resample.h does
/// the same several times faster.
///
///   p = source_from_target * (x, y, z), in f64
///   nearest  the stored value at floor(p + 0.5)
///   linear   of the 8 values around p; places beyond the outer centres take the outer values
///   bspline  cubic, through the stored values, mirrored about the outer centres, of 64 coefficients around p
/// then the intensity map (kernels/intensity.h). Where p lies outside of [-0.5, n - 0.5) along any axis, as ITK has it,
/// the voxel is `outside` units, mapped likewise.
///
/// Against f64 within 1e-3 of a stored unit for 12-bit data, bspline within 4e-3: the coefficients of noise are several
/// times as large as its values. The same bits on every backend.
#pragma once

#include "core/geometry.h"
#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/resample.h"

namespace naru {

struct AffineOptions {
  Affine source_from_target;  ///< of voxel indices
  Interpolator interpolator = Interpolator::linear;
  IntensityMap intensity;
  float outside = 0;  ///< in units
};

/// @param in source voxels, at least one along each axis @param out target voxels; must not overlap `in`
/// Both in memory that `executor` reaches; bspline takes 4 bytes a source voxel beside them. In: int16, uint16, float.
/// Out: int16, float. Asynchronous on CUDA. @pre options.interpolator is not lanczos
template <class In, class Out>
void resample_affine(VolumeView<const In> in, VolumeView<Out> out, const AffineOptions& options, Executor& executor);

}  // namespace naru
