#include "kernels/cuda/fill.cuh"
#include "kernels/cuda/loads.cuh"
#include "kernels/cuda/orient.h"

namespace naru::cuda {

namespace {

/// Values of a square's side: a cache line.
template <class T>
constexpr int kSide = 128 / sizeof(T);

/// So many rows of a square are on their way at a time.
constexpr int kLanes = 32, kRows = 8;

/// For maps that move x. A block turns squares over their diagonal in shared memory, so that neighbouring threads read
/// neighbours along the source's x and write neighbours along the target's; all loads of a square are under way at
/// once.
template <class T>
__global__ __launch_bounds__(kLanes* kRows) void turn_kernel(OrientVoxel<T> voxel, VolumeView<T> out, int row_axis) {
  constexpr int kAcross = kSide<T> / kLanes, kDown = kSide<T> / kRows;
  // Rows that are a bank longer, so that columns use all banks.
  __shared__ T square[kSide<T>][kSide<T> + 4 / sizeof(T)];
  const int lane = static_cast<int>(threadIdx.x), row = static_cast<int>(threadIdx.y);
  const bool is_y = row_axis == 1;
  const std::int64_t first_x = static_cast<std::int64_t>(blockIdx.x) * kSide<T>;
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.y) * kSide<T>;
  const int x_left = static_cast<int>(min(out.size.x - first_x, std::int64_t{kSide<T>}));
  const int rows_left = static_cast<int>(min((is_y ? out.size.y : out.size.z) - first_row, std::int64_t{kSide<T>}));
  const std::int64_t along_stride = is_y ? voxel.strides[1] : voxel.strides[2];  // 1 or -1
  for (std::int64_t outer = blockIdx.z; outer < (is_y ? out.size.z : out.size.y); outer += gridDim.z) {
    const T* from = voxel.first + (first_x + row) * voxel.strides[0] + (first_row + lane) * along_stride +
                    outer * (is_y ? voxel.strides[2] : voxel.strides[1]);
    T loaded[kDown][kAcross] = {};
#pragma unroll
    for (int n = 0; n < kDown; ++n, from += kRows * voxel.strides[0]) {
#pragma unroll
      for (int m = 0; m < kAcross; ++m) {
        if (row + n * kRows < x_left && lane + m * kLanes < rows_left) loaded[n][m] = from[m * kLanes * along_stride];
      }
    }
#pragma unroll
    for (int n = 0; n < kDown; ++n) {
#pragma unroll
      for (int m = 0; m < kAcross; ++m) square[row + n * kRows][lane + m * kLanes] = loaded[n][m];
    }
    __syncthreads();
    T* to = out.data + (is_y ? out.index(first_x, first_row + row, outer) : out.index(first_x, outer, first_row + row));
    const std::int64_t to_stride = kRows * out.size.x * (is_y ? 1 : out.size.y);
    for (int along = row; along < rows_left; along += kRows, to += to_stride) {
      for (int x = lane; x < x_left; x += kLanes) to[x] = square[x][along];
    }
    __syncthreads();
  }
}

template <class T>
void turn(const OrientVoxel<T>& voxel, VolumeView<T> out, int row_axis, Executor& executor) {
  constexpr std::int64_t kMaxGrid = 65535;
  const auto squares = [](std::int64_t length) { return static_cast<unsigned>((length + kSide<T> - 1) / kSide<T>); };
  const std::int64_t outer = row_axis == 1 ? out.size.z : out.size.y;
  const dim3 grid(squares(out.size.x), squares(out.size[row_axis]), static_cast<unsigned>(std::min(outer, kMaxGrid)));
  turn_kernel<<<grid, dim3(kLanes, kRows), 0, selected_stream(executor)>>>(voxel, out, row_axis);
  cuda_check(cudaGetLastError(), "launching a kernel that turns a volume");
}

/// Whether rows keep their direction, and all of them begin and end at multiples of 16 bytes, here and there.
template <class T>
bool is_by_16_bytes(const OrientVoxel<T>& voxel, const VolumeView<T>& out) {
  constexpr std::int64_t kCount = Together<T>::kCount;
  return voxel.strides[0] == 1 && voxel.strides[1] % kCount == 0 && voxel.strides[2] % kCount == 0 &&
         out.size.x % kCount == 0 && is_aligned(voxel.first) && is_aligned(out.data);
}

}  // namespace

template <class T>
void orient(const OrientVoxel<T>& voxel, VolumeView<T> out, int row_axis, Executor& executor) {
  if (row_axis != 0) return turn(voxel, out, row_axis, executor);
  if (!is_by_16_bytes(voxel, out)) return cuda::fill_voxels(out, voxel, executor);
  using Values = Together<T>;
  constexpr std::int64_t kCount = Values::kCount;
  const OrientVoxel<Values> values{reinterpret_cast<const Values*>(voxel.first),
                                   {1, voxel.strides[1] / kCount, voxel.strides[2] / kCount}};
  const VolumeView<Values> to{reinterpret_cast<Values*>(out.data), {out.size.x / kCount, out.size.y, out.size.z}};
  cuda::fill_voxels(to, values, executor);
}

template void orient(const OrientVoxel<std::int16_t>&, VolumeView<std::int16_t>, int, Executor&);
template void orient(const OrientVoxel<std::uint16_t>&, VolumeView<std::uint16_t>, int, Executor&);
template void orient(const OrientVoxel<float>&, VolumeView<float>, int, Executor&);

}  // namespace naru::cuda
