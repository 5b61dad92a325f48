/// Private to kernels/: the sums of a piece of floats, with AVX2. @pre cpu_path() >= CpuPath::avx2
#pragma once

#include "kernels/statistics_voxel.h"

namespace naru::avx2 {

/// Of kPieceValues values: the same additions in the same order as FloatSums makes lane by lane. A square of a float
/// is exact in f64, so nothing is rounded otherwise.
FloatSums piece_sums(const float* piece);

}  // namespace naru::avx2
