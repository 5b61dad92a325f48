/// N4 on a small volume: the slowly changing factor by which coils brighten one part of the body more than another.
///
/// As itk::N4BiasFieldCorrectionImageFilter has it (ITK 5.2), with its own parameters: 200 bins, a Gaussian of 0.15
/// full width at half maximum, Wiener noise 0.01, cubic B-splines of 4 control points an axis at first, 4 levels of at
/// most 50 iterations, threshold 0.001. What ITK does point by point is done axis by axis: on a grid the weights of a
/// point are products of those along the axes. ITK adds in f32, here sums are f64: fields agree to some 1e-4.
///
/// Source: Tustison et al., N4ITK, IEEE Trans. Medical Imaging 29:1310, 2010; Lee, Wolberg and Shin, Scattered data
/// interpolation with multilevel B-splines, IEEE Trans. Visualization and Computer Graphics 3:228, 1997.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/geometry.h"
#include "kernels/executor.h"

namespace naru {

/// Control points of a uniform cubic B-spline from the first to the last voxel of a volume. x fastest.
struct SplineLattice {
  Size3 size;
  std::vector<double> points;
};

/// Where a voxel lies among the control points of an axis: the first of four, and their weights.
struct SplinePlace {
  std::int64_t first = 0;
  std::array<double, 4> weights{};
};

/// @param at in spans of the axis, from 0 to `spans`
SplinePlace spline_place(double at, std::int64_t spans);

/// The logarithm of the field. The same for any number of threads.
/// @param voxels, mask of `size`, at least two voxels along each axis; where the mask is not 0 values are greater than
/// 0
/// @pre at least two different values under the mask
SplineLattice n4_log_field(std::span<const float> voxels, std::span<const std::uint8_t> mask, const Size3& size,
                           Executor& executor);

}  // namespace naru
