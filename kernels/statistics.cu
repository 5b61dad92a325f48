#include <algorithm>
#include <limits>

#include "kernels/buffer.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/runtime.h"
#include "kernels/cuda/statistics.h"

namespace naru::cuda {

namespace {

constexpr int kBinCount = 65536;

/// Threads are lanes, so that they read neighbouring values; thread 0 adds the lanes in index order.
__global__ void piece_sums_kernel(const float* values, const std::uint8_t* mask, std::int64_t count,
                                  std::int64_t piece_count, FloatSums* pieces) {
  alignas(FloatSums)
      __shared__ char storage[kLaneCount * sizeof(FloatSums)];  // as bytes: shared objects may not have initialisers
  FloatSums* const lanes = reinterpret_cast<FloatSums*>(storage);
  for (std::int64_t piece = blockIdx.x; piece < piece_count; piece += gridDim.x) {
    const std::int64_t begin = piece * kPieceValues;
    const std::int64_t piece_values = count - begin < kPieceValues ? count - begin : kPieceValues;
    lanes[threadIdx.x] = lane_sums(values + begin, mask == nullptr ? nullptr : mask + begin, piece_values, threadIdx.x);
    __syncthreads();
    if (threadIdx.x == 0) {
      FloatSums total;
      for (int lane = 0; lane < kLaneCount; ++lane) total.add(lanes[lane]);
      pieces[piece] = total;
    }
    __syncthreads();
  }
}

}  // namespace

std::vector<FloatSums> piece_sums(VolumeView<const float> in, const std::uint8_t* mask, Executor& executor) {
  const std::int64_t count = in.size.voxel_count();
  const std::int64_t piece_count = (count + kPieceValues - 1) / kPieceValues;
  if (piece_count == 0) return {};
  constexpr std::int64_t kMaxBlocks = 1 << 16;
  Buffer<FloatSums> pieces(piece_count, executor);
  piece_sums_kernel<<<static_cast<unsigned>(std::min(piece_count, kMaxBlocks)), kLaneCount, 0,
                      selected_stream(executor)>>>(in.data, mask, count, piece_count, pieces.data());
  cuda_check(cudaGetLastError(), "launching the sums of a volume");
  const auto on_host = to_host(std::move(pieces), executor);
  return {on_host.host().begin(), on_host.host().end()};
}

namespace {

constexpr int kHistogramThreads = 1024;
// A block counts so many values in shared counters of 16 bits, two in a word, before it adds them to those of all:
// fewer than 65,536, so that no counter overflows into its neighbour.
constexpr int kValuesPerThread = 63;
constexpr std::int64_t kHistogramPiece = kHistogramThreads * kValuesPerThread;
constexpr int kSharedWords = kBinCount / 2;

/// One block a multiprocessor has room for its 128 KiB of counters. Whole warps of one value, as the air around a
/// patient gives, add once.
template <class T>
__global__ __launch_bounds__(kHistogramThreads) void histogram_kernel(const T* values, const std::uint8_t* mask,
                                                                      std::int64_t count, unsigned long long* bins) {
  extern __shared__ unsigned words[];
  const std::int64_t pieces = (count + kHistogramPiece - 1) / kHistogramPiece;
  for (std::int64_t piece = blockIdx.x; piece < pieces; piece += gridDim.x) {
    for (int w = threadIdx.x; w < kSharedWords; w += kHistogramThreads) words[w] = 0;
    __syncthreads();
#pragma unroll 9
    for (int n = 0; n < kValuesPerThread; ++n) {
      const std::int64_t at = piece * kHistogramPiece + n * kHistogramThreads + threadIdx.x;
      const bool is_counted = at < count && (mask == nullptr || mask[at] != 0);
      const int bin = is_counted ? static_cast<int>(values[at]) - std::numeric_limits<T>::min() : -1;
      int is_one_value = 0;
      (void)__match_all_sync(0xffff'ffffu, bin, &is_one_value);
      const unsigned added = !is_one_value ? 1u : threadIdx.x % 32 == 0 ? 32u : 0u;
      if (bin >= 0 && added > 0) atomicAdd(words + bin / 2, added << (16 * (bin % 2)));
    }
    __syncthreads();
    for (int w = threadIdx.x; w < kSharedWords; w += kHistogramThreads) {
      const unsigned low = words[w] & 0xffffu, high = words[w] >> 16;
      if (low > 0) atomicAdd(bins + 2 * w, static_cast<unsigned long long>(low));
      if (high > 0) atomicAdd(bins + 2 * w + 1, static_cast<unsigned long long>(high));
    }
    __syncthreads();
  }
}

}  // namespace

template <class T>
void add_histogram(VolumeView<const T> in, const std::uint8_t* mask, std::vector<std::uint64_t>& counts,
                   Executor& executor) {
  constexpr std::int64_t kMaxBlocks = 1024;  // some a multiprocessor, so that none waits long for the last
  constexpr int kSharedBytes = kSharedWords * static_cast<int>(sizeof(unsigned));
  const std::int64_t count = in.size.voxel_count();
  if (count == 0) return;
  CUstream_st* const stream = selected_stream(executor);
  cuda_check(cudaFuncSetAttribute(histogram_kernel<T>, cudaFuncAttributeMaxDynamicSharedMemorySize, kSharedBytes),
             "asking for shared memory");
  Buffer<unsigned long long> bins(kBinCount, executor);
  cuda_check(cudaMemsetAsync(bins.data(), 0, kBinCount * sizeof(unsigned long long), stream), "clearing a histogram");
  const auto blocks = static_cast<unsigned>(std::min(kMaxBlocks, (count + kHistogramPiece - 1) / kHistogramPiece));
  histogram_kernel<<<blocks, kHistogramThreads, kSharedBytes, stream>>>(in.data, mask, count, bins.data());
  cuda_check(cudaGetLastError(), "launching a histogram");
  const auto on_host = to_host(std::move(bins), executor);
  for (int bin = 0; bin < kBinCount; ++bin) counts[bin] += on_host.host()[bin];
}

template <class T>
void add_histogram(VolumeView<const T> in, std::vector<std::uint64_t>& counts, Executor& executor) {
  add_histogram(in, nullptr, counts, executor);
}

template void add_histogram(VolumeView<const std::int16_t>, const std::uint8_t*, std::vector<std::uint64_t>&,
                            Executor&);
template void add_histogram(VolumeView<const std::uint16_t>, const std::uint8_t*, std::vector<std::uint64_t>&,
                            Executor&);
template void add_histogram(VolumeView<const std::int16_t>, std::vector<std::uint64_t>&, Executor&);
template void add_histogram(VolumeView<const std::uint16_t>, std::vector<std::uint64_t>&, Executor&);

}  // namespace naru::cuda
