/// Private to kernels/: resampling by one weighted sum along each axis (rules: kernels/resample.h).
#pragma once

#include "kernels/resample.h"

namespace naru {

/// True for what LinearVoxel and NearestVoxel do not do.
bool is_separable(const ResampleOptions& options);

/// As `resample`. @pre is_separable(options), views are not empty, Float16 only on CUDA
template <class In, class Out>
void resample_separable(VolumesView<const In> in, VolumesView<Out> out, const ResampleOptions& options,
                        Executor& executor);

/// The coefficients of the cubic B-spline through the values of `in`, mirrored about its outer centres. Sizes are
/// equal.
template <class In>
void bspline_coefficients(VolumeView<const In> in, VolumeView<float> out, Executor& executor);

}  // namespace naru
