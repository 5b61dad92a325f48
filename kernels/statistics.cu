#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

#include <algorithm>
#include <cub/device/device_histogram.cuh>
#include <limits>

#include "kernels/buffer.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/runtime.h"
#include "kernels/cuda/statistics.h"

namespace naru::cuda {

namespace {

constexpr int kBinCount = 65536;
constexpr std::int64_t kVoxelsPerRun = std::int64_t{1} << 30;  // CUB counts samples in 32 bits

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

/// @param samples_from an iterator over the samples from voxel `begin` on, as `samples_from(begin)`
template <class SamplesFrom>
void count_samples(const SamplesFrom& samples_from, int low, std::int64_t count, std::vector<std::uint64_t>& counts,
                   Executor& executor) {
  CUstream_st* const stream = selected_stream(executor);
  Buffer<unsigned> bins(kBinCount, executor);
  for (std::int64_t begin = 0; begin < count; begin += kVoxelsPerRun) {
    const int samples = static_cast<int>(std::min(kVoxelsPerRun, count - begin));
    const auto run = [&](void* scratch, std::size_t& scratch_bytes) {
      cuda_check(cub::DeviceHistogram::HistogramEven(scratch, scratch_bytes, samples_from(begin), bins.data(),
                                                     kBinCount + 1, low, low + kBinCount, samples, stream),
                 "counting values");
    };
    std::size_t scratch_bytes = 0;
    run(nullptr, scratch_bytes);
    Buffer<char> scratch(std::max<std::size_t>(1, scratch_bytes), executor);
    run(scratch.data(), scratch_bytes);
    auto on_host = Buffer<unsigned>::on_host(kBinCount, executor);
    detail::copy_bytes(on_host.data(), bins.data(), kBinCount * sizeof(unsigned), executor);
    executor.wait();
    for (int bin = 0; bin < kBinCount; ++bin) counts[bin] += on_host.data()[bin];
  }
}

}  // namespace

template <class T>
void add_histogram(VolumeView<const T> in, std::vector<std::uint64_t>& counts, Executor& executor) {
  count_samples([&](std::int64_t begin) { return in.data + begin; }, std::numeric_limits<T>::min(),
                in.size.voxel_count(), counts, executor);
}

template <class T>
void add_histogram(VolumeView<const T> in, const std::uint8_t* mask, std::vector<std::uint64_t>& counts,
                   Executor& executor) {
  const auto masked = [&](std::int64_t begin) {
    return thrust::make_transform_iterator(thrust::make_counting_iterator(begin), MaskedValue<T>{in.data, mask});
  };
  count_samples(masked, std::numeric_limits<T>::min(), in.size.voxel_count(), counts, executor);
}

template void add_histogram(VolumeView<const std::int16_t>, const std::uint8_t*, std::vector<std::uint64_t>&,
                            Executor&);
template void add_histogram(VolumeView<const std::uint16_t>, const std::uint8_t*, std::vector<std::uint64_t>&,
                            Executor&);
template void add_histogram(VolumeView<const std::int16_t>, std::vector<std::uint64_t>&, Executor&);
template void add_histogram(VolumeView<const std::uint16_t>, std::vector<std::uint64_t>&, Executor&);

}  // namespace naru::cuda
