/// Straightens a sheared stack: moves each slice within its plane, so that the slices lie behind each other.
///
///   out(i, j, k) = bilinear interpolation of slice k at (i + shift[k].i, j + shift[k].j)
///   and `fill` where that lies outside [0, n-1] of either axis
///
/// Shapes: x (i) fastest; out.size.z == in.size.z == shifts; out.size.x and out.size.y are free. Shifts are given in
/// f64 source voxels, split on the host into a whole part and a weight in f32; each lerp(a, b, w) = fma(w, b - a, a),
/// along j first, then along i. CPU and GPU agree to the bit; a whole shift copies values exactly.
#pragma once

#include <span>

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

struct SliceShift {
  double i = 0, j = 0;  ///< in voxels of the source
};

/// Both volumes in memory that `executor` reaches; they must not overlap. In: int16, uint16, float. Asynchronous on
/// CUDA (the table of shifts is copied before the call returns).
template <class In>
void straighten(VolumeView<const In> in, VolumeView<float> out, std::span<const SliceShift> shifts, float fill,
                Executor& executor);

}  // namespace naru
