#include "kernels/cuda/check.h"
#include "kernels/cuda/intensity.h"
#include "kernels/cuda/loads.cuh"
#include "kernels/cuda/runtime.h"
#include "kernels/float16_voxel.h"
#include "kernels/intensity_voxel.h"

namespace naru::cuda {

namespace {

// One pack a thread and no loop: what moves is all there is to do, so every warp has its loads under way at once.
// Blocks of 256 fill a multiprocessor's 2,048 threads whole.
constexpr int kPack = 8, kThreads = 256;

/// Neighbours that are loaded and stored 16 bytes at a time.
template <class T>
struct alignas(16) Pack {
  T values[kPack];
};

template <class In, class Out>
__device__ Out mapped_to(In stored, const IntensityMap& map) {
  return cast_to<Out>(mapped(static_cast<float>(stored), map));
}

template <class In, class Out>
__global__ void map_packs_kernel(const Pack<In>* in, Pack<Out>* out, std::int64_t count, IntensityMap map) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= count) return;
  const Pack<In> stored = in[i];
  Pack<Out> made;
  for (int n = 0; n < kPack; ++n) made.values[n] = mapped_to<In, Out>(stored.values[n], map);
  out[i] = made;
}

template <class In, class Out>
__global__ void map_values_kernel(const In* in, Out* out, std::int64_t count, IntensityMap map) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < count) out[i] = mapped_to<In, Out>(in[i], map);
}

unsigned blocks_for(std::int64_t count) { return static_cast<unsigned>((count + kThreads - 1) / kThreads); }

}  // namespace

template <class In, class Out>
void apply_intensity(const In* in, Out* out, std::int64_t count, const IntensityMap& map, Executor& executor) {
  CUstream_st* const stream = selected_stream(executor);
  const std::int64_t packs = is_aligned(in) && is_aligned(out) ? count / kPack : 0, done = packs * kPack;
  if (packs > 0) {
    map_packs_kernel<<<blocks_for(packs), kThreads, 0, stream>>>(reinterpret_cast<const Pack<In>*>(in),
                                                                 reinterpret_cast<Pack<Out>*>(out), packs, map);
    cuda_check(cudaGetLastError(), "launching an intensity map");
  }
  if (done == count) return;
  map_values_kernel<<<blocks_for(count - done), kThreads, 0, stream>>>(in + done, out + done, count - done, map);
  cuda_check(cudaGetLastError(), "launching an intensity map");
}

#define NARU_INSTANTIATE(In)                                                                             \
  template void apply_intensity(const In*, float*, std::int64_t, const IntensityMap&, Executor&);        \
  template void apply_intensity(const In*, std::int16_t*, std::int64_t, const IntensityMap&, Executor&); \
  template void apply_intensity(const In*, Float16*, std::int64_t, const IntensityMap&, Executor&);
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE

}  // namespace naru::cuda
