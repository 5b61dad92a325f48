/// Private to kernels/: the AVX2 part of diffusion.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/diffusion_voxel.h"

namespace naru::avx2 {

/// Rows and slices of a volume, from begin to end.
struct DiffusionPiece {
  std::int64_t row_begin, row_end, slice_begin, slice_end;
};

/// DiffusedVoxel of a piece. @param room of any size; the same for one piece after the other is soonest
void diffuse(VolumeView<float> out, const DiffusedVoxel& voxel, const DiffusionPiece& piece, std::vector<float>& room);

/// GradientOfSlice, of the lanes of slice z.
double gradient_of_slice(const GradientLane& lane, std::int64_t z);

}  // namespace naru::avx2
