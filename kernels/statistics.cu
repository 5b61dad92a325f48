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
constexpr int kValuesAhead = 8;       // loaded by a thread before the first is counted
constexpr int kSharedBins = 1 << 15;  // of a block: 128 KiB, one block a multiprocessor

/// Values from -4096 or 0 on, which scanners give, are counted in shared memory; the others are right too, but slow.
template <class T>
constexpr int kFirstSharedBin = std::numeric_limits<T>::is_signed ? kBinCount / 2 - 4096 : 0;

/// Counts the bins of a warp's threads; -1 is none. Warps of one value, as the air around a patient gives, add once.
template <class T>
__device__ void count_bin(int bin, unsigned* counters, unsigned long long* bins) {
  constexpr unsigned kWarp = 0xffff'ffffu;
  const bool is_one_value = __all_sync(kWarp, bin == __shfl_sync(kWarp, bin, 0));
  if (bin < 0 || (is_one_value && threadIdx.x % 32 != 0)) return;
  const unsigned added = is_one_value ? 32 : 1;
  const int shared = bin - kFirstSharedBin<T>;
  if (shared >= 0 && shared < kSharedBins) {
    atomicAdd(counters + shared, added);
  } else {
    atomicAdd(bins + bin, static_cast<unsigned long long>(added));
  }
}

/// @pre a block counts fewer than 2^32 values
template <class T>
__global__ __launch_bounds__(kHistogramThreads) void histogram_kernel(const T* values, const std::uint8_t* mask,
                                                                      std::int64_t count, unsigned long long* bins) {
  extern __shared__ unsigned counters[];
  for (int bin = threadIdx.x; bin < kSharedBins; bin += kHistogramThreads) counters[bin] = 0;
  __syncthreads();
  constexpr std::int64_t kPiece = kHistogramThreads * kValuesAhead;
  for (std::int64_t begin = blockIdx.x * kPiece; begin < count; begin += gridDim.x * kPiece) {
    int found[kValuesAhead];
    for (int n = 0; n < kValuesAhead; ++n) {
      const std::int64_t at = begin + n * kHistogramThreads + threadIdx.x;
      const bool is_counted = at < count && (mask == nullptr || mask[at] != 0);
      found[n] = is_counted ? static_cast<int>(values[at]) - std::numeric_limits<T>::min() : -1;
    }
    for (const int bin : found) count_bin<T>(bin, counters, bins);
  }
  __syncthreads();
  for (int bin = threadIdx.x; bin < kSharedBins; bin += kHistogramThreads) {
    if (counters[bin] > 0) atomicAdd(bins + kFirstSharedBin<T> + bin, static_cast<unsigned long long>(counters[bin]));
  }
}

int multiprocessors() {
  int device = 0, count = 0;
  cuda_check(cudaGetDevice(&device), "asking for the device");
  cuda_check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device), "asking for the device");
  return count;
}

}  // namespace

template <class T>
void add_histogram(VolumeView<const T> in, const std::uint8_t* mask, std::vector<std::uint64_t>& counts,
                   Executor& executor) {
  constexpr int kSharedBytes = kSharedBins * static_cast<int>(sizeof(unsigned));
  const std::int64_t count = in.size.voxel_count();
  if (count == 0) return;
  CUstream_st* const stream = selected_stream(executor);
  cuda_check(cudaFuncSetAttribute(histogram_kernel<T>, cudaFuncAttributeMaxDynamicSharedMemorySize, kSharedBytes),
             "asking for shared memory");
  Buffer<unsigned long long> bins(kBinCount, executor);
  cuda_check(cudaMemsetAsync(bins.data(), 0, kBinCount * sizeof(unsigned long long), stream), "clearing a histogram");
  histogram_kernel<<<multiprocessors(), kHistogramThreads, kSharedBytes, stream>>>(in.data, mask, count, bins.data());
  cuda_check(cudaGetLastError(), "launching a histogram");
  std::vector<unsigned long long> found(kBinCount);  // pinning memory for it would take longer than the copy
  detail::copy_bytes(found.data(), bins.data(), kBinCount * sizeof(unsigned long long), executor);
  executor.wait();
  for (int bin = 0; bin < kBinCount; ++bin) counts[bin] += found[bin];
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
