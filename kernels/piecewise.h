/// A map of intensities in straight pieces, one voxel at a time.
///
///   out = slope[i] * (in - from[i]) + to[i],   i the last knot but one at the most, with from[i] <= in; else 0
///   slope[i] = (to[i + 1] - to[i]) / (from[i + 1] - from[i])
///
/// Below the first knot and above the last the nearest piece goes on: linear extrapolation. One knot alone maps every
/// value to its own. NaN stays NaN. Arithmetic is f32, a difference and a fused multiply-add, on every backend: CPU and
/// GPU agree to the bit.
#pragma once

#include <array>
#include <span>

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

struct PiecewiseMap {
  static constexpr int kMaxKnots = 16;
  int count = 0;
  std::array<float, kMaxKnots> from{}, to{}, slope{};
};

/// The map through the knots (from[i], to[i]). Knots at one place, to within f32, become one whose value is the mean.
/// @pre 1 to kMaxKnots of both; `from` ascends
PiecewiseMap piecewise_map(std::span<const double> from, std::span<const double> to);

/// Applies `map` to every voxel.
/// @param in, out same size, in memory that `executor` reaches; they may not overlap unless identical in place
/// Asynchronous on CUDA.
void apply_piecewise(VolumeView<const float> in, VolumeView<float> out, const PiecewiseMap& map, Executor& executor);

}  // namespace naru
