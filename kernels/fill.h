/// Private to kernels/: the one loop over voxels that operations share.
#pragma once

#include <algorithm>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/dispatch.h"
#include "kernels/executor.h"

namespace naru {

namespace cuda {
/// The launch of the same, defined in kernels/cuda/fill.cuh and instantiated by each <op>.cu.
template <class T, class Voxel>
void fill_voxels(VolumeView<T> out, const Voxel& voxel, Executor& executor);
}  // namespace cuda

/// Calls `body(begin, end)` for the rows of a volume that is not empty, counted along y, then z, in pieces on the
/// executor's CPU threads.
template <class Body>
void each_piece_of_rows(const Size3& size, Executor& executor, const Body& body) {
  constexpr std::int64_t kVoxelsPerPiece = 1 << 15;  // long against the cost of handing out a piece
  executor.parallel_for(size.y * size.z, std::max<std::int64_t>(1, kVoxelsPerPiece / size.x), body);
}

/// Rows begin to end of out, rows counted along y, then z.
template <class T, class Voxel>
void fill_rows(VolumeView<T> out, const Voxel& voxel, std::int64_t begin, std::int64_t end) {
  const Voxel one = voxel;  // a copy of its own: what is written cannot change it
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t y = row % out.size.y, z = row / out.size.y;
    T* const values = out.data + out.index(0, y, z);
    for (std::int64_t x = 0; x < out.size.x; ++x) values[x] = one(x, y, z);
  }
}

/// The same bits, with all of `voxel` compiled for AVX2 and FMA: fmaf, floor and rounding are single instructions
/// there.
template <class T, class Voxel>
NARU_AVX2_FLAT void fill_rows_avx2(VolumeView<T> out, const Voxel& voxel, std::int64_t begin, std::int64_t end) {
  fill_rows(out, voxel, begin, end);
}

/// out(x, y, z) = voxel(x, y, z) for every voxel, on the executor's CPU threads. @pre `out` is not empty
template <class T, class Voxel>
void fill_voxels_on_cpu(VolumeView<T> out, const Voxel& voxel, Executor& executor) {
  const auto fill = cpu_path() >= CpuPath::avx2 ? fill_rows_avx2<T, Voxel> : fill_rows<T, Voxel>;
  each_piece_of_rows(out.size, executor, [&](std::int64_t begin, std::int64_t end) { fill(out, voxel, begin, end); });
}

/// The same on the CPU or on the executor's device.
template <class T, class Voxel>
void fill_voxels(VolumeView<T> out, const Voxel& voxel, Executor& executor) {
  if (out.size.voxel_count() == 0) return;
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return cuda::fill_voxels(out, voxel, executor);
  }
  fill_voxels_on_cpu(out, voxel, executor);
}

}  // namespace naru
