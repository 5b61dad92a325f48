#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/buffer.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/loads.cuh"
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
  // A block a piece, whose threads are its lanes; of more than 4 G voxels blocks take several.
  constexpr std::int64_t kMaxBlocks = 1 << 16;
  Buffer<FloatSums> pieces(piece_count, executor);
  piece_sums_kernel<<<static_cast<unsigned>(std::min(piece_count, kMaxBlocks)), kLaneCount, 0,
                      selected_stream(executor)>>>(in.data, mask, count, piece_count, pieces.data());
  cuda_check(cudaGetLastError(), "launching the sums of a volume");
  const auto on_host = to_host(std::move(pieces), executor);
  return {on_host.host().begin(), on_host.host().end()};
}

namespace {

constexpr int kSumThreads = 256;

/// Each block leaves its own sums: they are whole numbers, so that any order gives the same. Four loads are under way
/// at a time, for the arithmetic is nothing beside them.
template <class T>
__global__ __launch_bounds__(kSumThreads) void whole_sums_kernel(Loads<T> in, WholeSums* sums) {
  alignas(WholeSums) __shared__ char storage[kSumThreads * sizeof(WholeSums)];  // as above
  WholeSums* const lanes = reinterpret_cast<WholeSums*>(storage);
  const int thread = static_cast<int>(threadIdx.x);
  WholeSums own;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kSumThreads;
#pragma unroll 4
  for (std::int64_t n = static_cast<std::int64_t>(blockIdx.x) * kSumThreads + thread; n < in.count; n += stride) {
    const Together<T> loaded = in.load(n);
#pragma unroll
    for (const T value : loaded.values) own.add(value - kMiddle<T>);
  }
  if (blockIdx.x == 0) in.each_single(thread, [&](T value, std::int64_t) { own.add(value - kMiddle<T>); });
  lanes[thread] = own;
  for (int half = kSumThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (thread < half) lanes[thread].add(lanes[thread + half]);
  }
  if (thread == 0) sums[blockIdx.x] = lanes[0];
}

}  // namespace

template <class T>
WholeSums whole_sums(VolumeView<const T> in, Executor& executor) {
  // About twice what an H100 holds at once, each with a few dozen loads a thread where the volume is a large one.
  constexpr std::int64_t kMaxBlocks = 2048;
  if (in.size.voxel_count() == 0) return {};
  const Loads<T> loads(in);
  const std::int64_t blocks = std::clamp<std::int64_t>((loads.count + kSumThreads - 1) / kSumThreads, 1, kMaxBlocks);
  Buffer<WholeSums> sums(static_cast<std::size_t>(blocks), executor);
  whole_sums_kernel<<<static_cast<unsigned>(blocks), kSumThreads, 0, selected_stream(executor)>>>(loads, sums.data());
  cuda_check(cudaGetLastError(), "launching the sums of whole numbers");
  const auto on_host = to_host(std::move(sums), executor);
  WholeSums total;
  for (const WholeSums& of_block : on_host.host()) total.add(of_block);
  return total;
}

template WholeSums whole_sums(VolumeView<const std::int16_t>, Executor&);
template WholeSums whole_sums(VolumeView<const std::uint16_t>, Executor&);

namespace {

constexpr int kHistogramThreads = 1024;
constexpr int kBinsPerWord = 2;  // counters of 16 bits
/// A counter that reaches kFull is emptied into that of all blocks by the thread that brought it there. Between two
/// barriers a block counts kFull values at most, so that none of its counters passes 65,535 into its neighbour.
constexpr unsigned kFull = 0x8000;
constexpr int kLoadsPerTurn = kFull / (kHistogramThreads * Together<std::int16_t>::kCount);
constexpr std::int64_t kLoadsPerBlock = kHistogramThreads * kLoadsPerTurn;  // in a turn

/// Bins that a launch counts: all, or as many as a block of a smaller device has room for.
struct BinRange {
  int begin, count;
  int words() const { return count / kBinsPerWord; }
  std::size_t bytes() const { return words() * sizeof(unsigned); }
};

/// Adds `times` to a counter of the block. @param bins of all blocks, from the first on that the launch counts
__device__ inline void count_value(unsigned* words, unsigned long long* bins, int bin, unsigned times) {
  const int shift = 16 * (bin % 2);
  const unsigned before = atomicAdd(words + bin / 2, times << shift) >> shift & 0xffffu;
  if (before >= kFull || before + times < kFull) return;
  atomicAdd(words + bin / 2, 0u - (kFull << shift));
  atomicAdd(bins + bin, static_cast<unsigned long long>(kFull));
}

/// One block a multiprocessor, which has room for its counters (128 KiB for all bins), from the first value to the
/// last: they are cleared and added to those of all once. Neighbours of one value, as the air around a patient gives,
/// are added together: those of a load, or of a whole warp. Each load is under way for a turn before it is counted.
/// @tparam kIsWhole the range has all bins: no value lies outside
template <class T, bool kIsWhole>
__global__ __launch_bounds__(kHistogramThreads) void histogram_kernel(Loads<T> in, const std::uint8_t* mask,
                                                                      unsigned long long* bins, BinRange range) {
  extern __shared__ unsigned words[];
  constexpr int kCount = Together<T>::kCount;
  const int thread = static_cast<int>(threadIdx.x);
  const int word_count = kIsWhole ? kBinCount / kBinsPerWord : range.count / kBinsPerWord;
  const auto bin_of = [](T value) { return static_cast<int>(value) - std::numeric_limits<T>::min(); };
  const auto is_counted = [&](int bin) { return kIsWhole || (bin >= range.begin && bin - range.begin < range.count); };
  const auto count = [&](int bin, unsigned times) {
    if (is_counted(bin)) count_value(words, bins + range.begin, bin - range.begin, times);
  };
  for (int w = thread; w < word_count; w += kHistogramThreads) words[w] = 0;
  __syncthreads();
  const std::int64_t turns_apart = gridDim.x * kLoadsPerBlock;
  std::int64_t turn = blockIdx.x * kLoadsPerBlock;
  Together<T> ahead[kLoadsPerTurn] = {};
#pragma unroll
  for (int n = 0; n < kLoadsPerTurn; ++n) {
    const std::int64_t at = turn + n * kHistogramThreads + thread;
    if (at < in.count) ahead[n] = in.load(at);
  }
  for (; turn < in.count; turn += turns_apart) {
#pragma unroll
    for (int n = 0; n < kLoadsPerTurn; ++n) {
      const std::int64_t at = turn + n * kHistogramThreads + thread;
      const Together<T> loaded = ahead[n];
      if (at + turns_apart < in.count) ahead[n] = in.load(at + turns_apart);
      bool is_one_value = at < in.count;
      if (mask != nullptr) {
        const std::uint8_t* const chosen = mask + in.place(at);
        for (int i = 0; i < kCount && at < in.count; ++i) {
          if (chosen[i] != 0) count(bin_of(loaded.values[i]), 1);
        }
        continue;
      }
#pragma unroll
      for (int i = 1; i < kCount; ++i) is_one_value &= loaded.values[i] == loaded.values[0];
      const int first = bin_of(loaded.values[0]);
      int is_one_of_warp = 0;
      (void)__match_all_sync(0xffff'ffffu, is_one_value ? first : -1 - thread % 32, &is_one_of_warp);
      if (is_one_of_warp != 0) {
        if (thread % 32 == 0) count(first, 32 * kCount);
      } else if (is_one_value) {
        count(first, kCount);
      } else if (at < in.count) {
#pragma unroll
        for (int i = 0; i < kCount; ++i) count(bin_of(loaded.values[i]), 1);
      }
    }
    __syncthreads();
  }
  if (blockIdx.x == 0) {
    in.each_single(thread, [&](T value, std::int64_t at) {
      if (is_counted(bin_of(value)) && (mask == nullptr || mask[at] != 0)) atomicAdd(bins + bin_of(value), 1ull);
    });
  }
  // Blocks begin at different bins, so that they do not wait for each other at one after the other.
  for (int n = thread; n < word_count; n += kHistogramThreads) {
    const int w = (n + static_cast<int>(blockIdx.x) * kHistogramThreads) % word_count;
    const unsigned low = words[w] & 0xffffu, high = words[w] >> 16;
    unsigned long long* const both = bins + range.begin + kBinsPerWord * w;
    if (low > 0) atomicAdd(both, static_cast<unsigned long long>(low));
    if (high > 0) atomicAdd(both + 1, static_cast<unsigned long long>(high));
  }
}

}  // namespace

template <class T>
void add_histogram(VolumeView<const T> in, const std::uint8_t* mask, std::vector<std::uint64_t>& counts,
                   Executor& executor) {
  if (in.size.voxel_count() == 0) return;
  CUstream_st* const stream = selected_stream(executor);
  Buffer<unsigned long long> bins(kBinCount, executor);
  cuda_check(cudaMemsetAsync(bins.data(), 0, kBinCount * sizeof(unsigned long long), stream), "clearing a histogram");
  const Loads<T> loads(in);
  const std::int64_t blocks =
      std::clamp<std::int64_t>((loads.count + kLoadsPerBlock - 1) / kLoadsPerBlock, 1, multiprocessor_count(executor));
  const auto launch = [&](auto kernel, const BinRange& range) {
    cuda_check(
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(range.bytes())),
        "asking for shared memory");
    kernel<<<static_cast<unsigned>(blocks), kHistogramThreads, range.bytes(), stream>>>(loads, mask, bins.data(), range);
    cuda_check(cudaGetLastError(), "launching a histogram");
  };
  constexpr BinRange kAll{0, kBinCount};
  if (shared_bytes(executor) >= kAll.bytes()) {
    launch(histogram_kernel<T, true>, kAll);
  } else {  // devices of compute capability 8.6, 8.9 and 12 have 99 KiB a block
    constexpr int kHalf = kBinCount / 2;
    for (const int begin : {0, kHalf}) launch(histogram_kernel<T, false>, {begin, kHalf});
  }
  const auto on_host = to_host(std::move(bins), executor);
  for (int bin = 0; bin < kBinCount; ++bin) counts[bin] += on_host.host()[bin];
}

template <class T>
void add_histogram(VolumeView<const T> in, std::vector<std::uint64_t>& counts, Executor& executor) {
  add_histogram(in, nullptr, counts, executor);
}

namespace {

constexpr int kBinThreads = 256;

/// One value a thread and no loop: neighbours are read and written by neighbours.
__global__ __launch_bounds__(kBinThreads) void bins_kernel(const float* in, std::int64_t count, EqualBins bins,
                                                           std::uint16_t* of_values, std::uint8_t* is_counted) {
  const std::int64_t v = static_cast<std::int64_t>(blockIdx.x) * kBinThreads + threadIdx.x;
  if (v >= count) return;
  const float value = in[v];
  is_counted[v] = is_finite(value) ? 1 : 0;
  of_values[v] = is_finite(value) ? bin_of(value, bins) : std::uint16_t{0};
}

}  // namespace

void add_histogram(VolumeView<const float> in, const EqualBins& bins, std::vector<std::uint64_t>& counts,
                   Executor& executor) {
  constexpr std::int64_t kMostValues = std::int64_t{1} << 22;
  const std::int64_t values = in.size.voxel_count(), room = std::min(values, kMostValues);
  Buffer<std::uint16_t> of_values(static_cast<std::size_t>(room), executor);
  Buffer<std::uint8_t> is_counted(static_cast<std::size_t>(room), executor);
  for (std::int64_t begin = 0; begin < values; begin += kMostValues) {
    const std::int64_t count = std::min(kMostValues, values - begin);
    bins_kernel<<<static_cast<unsigned>((count + kBinThreads - 1) / kBinThreads), kBinThreads, 0,
                  selected_stream(executor)>>>(in.data + begin, count, bins, of_values.data(), is_counted.data());
    cuda_check(cudaGetLastError(), "launching the bins of a volume");
    add_histogram(VolumeView<const std::uint16_t>{of_values.data(), {count, 1, 1}}, is_counted.data(), counts,
                  executor);
  }
}

template void add_histogram(VolumeView<const std::int16_t>, const std::uint8_t*, std::vector<std::uint64_t>&,
                            Executor&);
template void add_histogram(VolumeView<const std::uint16_t>, const std::uint8_t*, std::vector<std::uint64_t>&,
                            Executor&);
template void add_histogram(VolumeView<const std::int16_t>, std::vector<std::uint64_t>&, Executor&);
template void add_histogram(VolumeView<const std::uint16_t>, std::vector<std::uint64_t>&, Executor&);

}  // namespace naru::cuda
