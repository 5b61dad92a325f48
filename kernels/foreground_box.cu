#include <algorithm>

#include "kernels/buffer.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/foreground_box.h"
#include "kernels/cuda/runtime.h"

namespace naru::cuda {

namespace {

/// Neighbouring threads read neighbouring voxels. A warp that met foreground adds its box to the one of all.
template <class T>
__global__ void foreground_box_kernel(VolumeView<const T> in, std::int64_t count, ForegroundRule rule, BoxSoFar* box) {
  BoxSoFar own;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t v = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; v < count; v += stride) {
    if (!is_foreground(in.data[v], rule)) continue;
    const std::int64_t row = v / in.size.x;
    own.add(0, v - row * in.size.x);
    own.add(1, row % in.size.y);
    own.add(2, row / in.size.y);
  }
  for (int a = 0; a < 3; ++a) {
    const int first = __reduce_min_sync(0xffff'ffffu, own.first[a]),
              last = __reduce_max_sync(0xffff'ffffu, own.last[a]);
    if (threadIdx.x % 32 != 0 || last < 0) continue;
    atomicMin(&box->first[a], first);
    atomicMax(&box->last[a], last);
  }
}

}  // namespace

template <class T>
BoxSoFar foreground_box(VolumeView<const T> in, ForegroundRule rule, Executor& executor) {
  // About four times the blocks that an H100 holds at once: each warp ends in a few atomics only after many voxels, and
  // none waits long for the last.
  constexpr std::int64_t kThreads = 256, kMaxBlocks = 4096;
  auto start = Buffer<BoxSoFar>::on_host(1, executor);
  start.host()[0] = BoxSoFar{};
  Buffer<BoxSoFar> box = to_executor(std::move(start), executor);
  const std::int64_t count = in.size.voxel_count();
  const auto blocks = static_cast<unsigned>(std::min(kMaxBlocks, (count + kThreads - 1) / kThreads));
  foreground_box_kernel<<<blocks, static_cast<unsigned>(kThreads), 0, selected_stream(executor)>>>(in, count, rule,
                                                                                                   box.data());
  cuda_check(cudaGetLastError(), "launching the search for a box");
  return to_host(std::move(box), executor).host()[0];
}

template BoxSoFar foreground_box(VolumeView<const std::uint8_t>, ForegroundRule, Executor&);
template BoxSoFar foreground_box(VolumeView<const std::int16_t>, ForegroundRule, Executor&);
template BoxSoFar foreground_box(VolumeView<const std::uint16_t>, ForegroundRule, Executor&);
template BoxSoFar foreground_box(VolumeView<const float>, ForegroundRule, Executor&);

}  // namespace naru::cuda
