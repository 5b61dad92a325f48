#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/foreground_box.h"
#include "kernels/cuda/loads.cuh"
#include "kernels/cuda/runtime.h"
#include "kernels/table.h"

namespace naru::cuda {

namespace {

constexpr int kThreads = 256, kAtOnce = 4;

/// A volume's voxels by their place in memory. @tparam Index 32 bits where they suffice: they divide much faster
template <class Index>
struct PlacesOfVoxels {
  Index width, height;

  /// The box and the foreground among `values`, neighbours from place `at` on.
  template <class T>
  __device__ void add(BoxSoFar& box, const Together<T>& values, std::int64_t at, ForegroundRule rule) const {
    bool is_empty = true;
#pragma unroll
    for (const T value : values.values) is_empty = is_empty && !is_foreground(value, rule);
    if (is_empty) return;
    const Index place = static_cast<Index>(at), row = place / width;
    Index x = place - row * width, z = row / height, y = row - z * height;
#pragma unroll
    for (const T value : values.values) {
      if (is_foreground(value, rule)) add(box, x, y, z);
      if (++x < width) continue;
      x = 0;
      if (++y < height) continue;
      y = 0;
      ++z;
    }
  }

  __device__ void add(BoxSoFar& box, std::int64_t at) const {
    const Index place = static_cast<Index>(at), row = place / width, z = row / height;
    add(box, place - row * width, row - z * height, z);
  }

 private:
  __device__ static void add(BoxSoFar& box, Index x, Index y, Index z) {
    box.add(0, static_cast<std::int64_t>(x));
    box.add(1, static_cast<std::int64_t>(y));
    box.add(2, static_cast<std::int64_t>(z));
  }
};

/// Neighbouring threads load neighbours by 16 bytes, four loads under way at a time. The box of a block is added to the
/// one of all.
template <class T, class Index>
__global__ __launch_bounds__(kThreads) void foreground_box_kernel(Loads<T> in, PlacesOfVoxels<Index> places,
                                                                  ForegroundRule rule, BoxSoFar* box) {
  __shared__ std::int32_t first[3], last[3];
  const int thread = static_cast<int>(threadIdx.x);
  if (thread < 3) first[thread] = BoxSoFar::kMost, last[thread] = -1;
  __syncthreads();
  BoxSoFar own;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t n = static_cast<std::int64_t>(blockIdx.x) * kThreads + thread; n < in.count; n += kAtOnce * stride) {
    Together<T> loaded[kAtOnce] = {};
#pragma unroll
    for (int k = 0; k < kAtOnce; ++k) {
      if (n + k * stride < in.count) loaded[k] = in.load(n + k * stride);
    }
#pragma unroll
    for (int k = 0; k < kAtOnce; ++k) {
      if (n + k * stride < in.count) places.add(own, loaded[k], in.place(n + k * stride), rule);
    }
  }
  if (blockIdx.x == 0) {
    in.each_single(thread, [&](T value, std::int64_t at) {
      if (is_foreground(value, rule)) places.add(own, at);
    });
  }
  for (int a = 0; a < 3; ++a) {
    const int least = __reduce_min_sync(0xffff'ffffu, own.first[a]),
              greatest = __reduce_max_sync(0xffff'ffffu, own.last[a]);
    if (thread % 32 != 0 || greatest < 0) continue;
    atomicMin(&first[a], least);
    atomicMax(&last[a], greatest);
  }
  __syncthreads();
  if (thread >= 3 || last[thread] < 0) return;
  atomicMin(&box->first[thread], first[thread]);
  atomicMax(&box->last[thread], last[thread]);
}

template <class T, class Index>
void launch(VolumeView<const T> in, ForegroundRule rule, BoxSoFar* box, Executor& executor) {
  // About twice what an H100 holds at once: each ends in a few atomics only after many voxels, and none waits long for
  // the last.
  constexpr std::int64_t kMaxBlocks = 2048;
  const Loads<T> loads(in);
  const std::int64_t blocks = std::clamp<std::int64_t>((loads.count + kThreads - 1) / kThreads, 1, kMaxBlocks);
  const PlacesOfVoxels<Index> places{static_cast<Index>(in.size.x), static_cast<Index>(in.size.y)};
  const auto kernel = foreground_box_kernel<T, Index>;
  kernel<<<static_cast<unsigned>(blocks), kThreads, 0, selected_stream(executor)>>>(loads, places, rule, box);
  cuda_check(cudaGetLastError(), "launching the search for a box");
}

}  // namespace

template <class T>
BoxSoFar foreground_box(VolumeView<const T> in, ForegroundRule rule, Executor& executor) {
  Buffer<BoxSoFar> box = table_on(std::vector<BoxSoFar>(1), executor);
  const bool is_short = in.size.voxel_count() <= std::numeric_limits<std::uint32_t>::max();
  is_short ? launch<T, std::uint32_t>(in, rule, box.data(), executor)
           : launch<T, std::uint64_t>(in, rule, box.data(), executor);
  return to_host(std::move(box), executor).host()[0];
}

template BoxSoFar foreground_box(VolumeView<const std::uint8_t>, ForegroundRule, Executor&);
template BoxSoFar foreground_box(VolumeView<const std::int16_t>, ForegroundRule, Executor&);
template BoxSoFar foreground_box(VolumeView<const std::uint16_t>, ForegroundRule, Executor&);
template BoxSoFar foreground_box(VolumeView<const float>, ForegroundRule, Executor&);

}  // namespace naru::cuda
