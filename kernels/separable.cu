#include <algorithm>

#include "kernels/cuda/fill.cuh"
#include "kernels/cuda/loads.cuh"
#include "kernels/cuda/passes.cuh"
#include "kernels/float16_voxel.h"
#include "kernels/separable_voxel.h"

namespace naru::cuda {

namespace {

constexpr int kLimitThreads = 128, kLimitWarps = kLimitThreads / 32, kLoadsAtOnce = 4;

/// A slice along y has the rows of all planes; one along z is a plane, cut into pieces whose loads lie alike.
struct RunCounts {
  static constexpr std::int64_t kPieceValues = 4096;
  std::int64_t count, length, last_length, stride;
  RunCounts(const Size3& size, int axis) {
    const std::int64_t plane = size.x * size.y;
    count = axis == 1 ? size.z : (plane + kPieceValues - 1) / kPieceValues;
    length = axis == 1 ? size.x : kPieceValues;
    last_length = axis == 1 ? size.x : plane - (count - 1) * kPieceValues;
    stride = axis == 1 ? plane : kPieceValues;
  }
};

/// A block takes a part of a slice, a warp a run of neighbours at a time, loads of 16 bytes, four under way at once.
template <class In>
__global__ __launch_bounds__(kLimitThreads) void part_limits_kernel(const In* first, std::int64_t slice_stride,
                                                                    RunCounts runs, VolumeView<Limits<In>> parts) {
  __shared__ Limits<In> of_threads[kLimitThreads];
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32;
  const In* const slice = first + blockIdx.x * slice_stride;
  Limits<In> own = Limits<In>::of(slice[0]);
  for (std::int64_t run = blockIdx.y * kLimitWarps + thread / 32; run < runs.count; run += gridDim.y * kLimitWarps) {
    const Loads<In> in(slice + run * runs.stride, run + 1 < runs.count ? runs.length : runs.last_length);
    for (std::int64_t n = lane; n < in.count; n += kLoadsAtOnce * 32) {
      Together<In> loaded[kLoadsAtOnce] = {};
#pragma unroll
      for (int k = 0; k < kLoadsAtOnce; ++k) {
        if (n + k * 32 < in.count) loaded[k] = in.load(n + k * 32);
      }
#pragma unroll
      for (int k = 0; k < kLoadsAtOnce; ++k) {
        if (n + k * 32 >= in.count) continue;
#pragma unroll
        for (const In value : loaded[k].values) own.add(Limits<In>::of(value));
      }
    }
    in.each_single(lane, [&](In value, std::int64_t) { own.add(Limits<In>::of(value)); });
  }
  of_threads[thread] = own;
  for (int half = kLimitThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (thread < half) of_threads[thread].add(of_threads[thread + half]);
  }
  if (thread == 0) parts.data[parts.index(blockIdx.x, blockIdx.y, 0)] = of_threads[0];
}

}  // namespace

/// So many that all blocks together are about what an H100 holds at once.
std::int64_t limit_parts(const Size3& size, int axis) {
  constexpr std::int64_t kWantedBlocks = 2048;
  const std::int64_t runs = RunCounts(size, axis).count, wanted = (kWantedBlocks + size[axis] - 1) / size[axis];
  return std::clamp<std::int64_t>(wanted, 1, (runs + kLimitWarps - 1) / kLimitWarps);
}

template <class In>
void fill_part_limits(VolumeView<const In> in, int axis, VolumeView<Limits<In>> parts, Executor& executor) {
  const std::int64_t slice_stride = axis == 1 ? in.size.x : in.size.x * in.size.y;
  const dim3 grid(static_cast<unsigned>(parts.size.x), static_cast<unsigned>(parts.size.y));
  part_limits_kernel<<<grid, kLimitThreads, 0, selected_stream(executor)>>>(in.data, slice_stride,
                                                                            RunCounts(in.size, axis), parts);
  cuda_check(cudaGetLastError(), "launching the limits of slices");
}

#define NARU_INSTANTIATE_OUT(In, Out) \
  template void fill_finished(const PassView<float, Out>&, const GroupedPass&, const Finish<In, Out>&, Executor&);
#define NARU_INSTANTIATE(In)                                                                 \
  template void fill_voxels(VolumeView<Limits<In>>, const LineLimitsVoxel<In>&, Executor&);  \
  template void fill_voxels(VolumeView<Limits<In>>, const SliceLimitsVoxel<In>&, Executor&); \
  template void fill_part_limits(VolumeView<const In>, int, VolumeView<Limits<In>>, Executor&); \
  template void fill_turned(const PassView<In, float>&, const GroupedPass&, Executor&);      \
  NARU_INSTANTIATE_OUT(In, float)                                                            \
  NARU_INSTANTIATE_OUT(In, std::int16_t)                                                     \
  NARU_INSTANTIATE_OUT(In, Float16)
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE
#undef NARU_INSTANTIATE_OUT

}  // namespace naru::cuda
