#include "kernels/statistics.h"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>
#include <span>
#include <type_traits>

#include "kernels/backend.h"
#include "kernels/cuda/statistics.h"
#include "kernels/dispatch.h"
#include "kernels/statistics_avx2.h"
#include "kernels/statistics_voxel.h"
#include "kernels/value_counters.h"
#include "kernels/whole_statistics.h"

namespace naru {

namespace {

/// Calls `use(first, count)` for runs of voxels so short that no 32-bit counter can overflow in one.
template <class Use>
void each_run(std::int64_t voxel_count, const Use& use) {
  constexpr std::int64_t kVoxelsPerRun = std::int64_t{1} << 31;
  for (std::int64_t first = 0; first < voxel_count; first += kVoxelsPerRun) {
    use(first, std::min(kVoxelsPerRun, voxel_count - first));
  }
}

std::vector<FloatSums> piece_sums(VolumeView<const float> in, const std::uint8_t* mask, Executor& executor) {
  const std::int64_t count = in.size.voxel_count();
  std::vector<FloatSums> pieces((count + kPieceValues - 1) / kPieceValues);
  const bool by_lanes = mask == nullptr && cpu_path() != CpuPath::baseline;
  executor.parallel_for(count, kPieceValues, [&](std::int64_t begin, std::int64_t end) {
    if (by_lanes && end - begin == kPieceValues) {
      pieces[begin / kPieceValues] = avx2::piece_sums(in.data + begin);
      return;
    }
    std::array<FloatSums, kLaneCount> lanes;
    for (std::int64_t i = begin; i < end; ++i) {
      if (mask == nullptr || mask[i] != 0) lanes[(i - begin) % kLaneCount].add(in.data[i]);
    }
    for (const FloatSums& lane : lanes) pieces[begin / kPieceValues].add(lane);
  });
  return pieces;
}

}  // namespace

template <class T>
Histogram histogram(VolumeView<const T> in, Executor& executor) {
  Histogram result{std::numeric_limits<T>::min(), std::vector<std::uint64_t>(kBinCount)};
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) {
      cuda::add_histogram(in, result.counts, executor);
      return result;
    }
  }
  each_run(in.size.voxel_count(), [&](std::int64_t first, std::int64_t count) {
    add_pieces(count, kVoxelsPerPiece, result.counts, executor,
               [&](ValueCounters& counters, std::int64_t begin, std::int64_t end) {
                 counters.add(in.data + first + begin, end - begin);
               });
  });
  return result;
}

template <class T>
Histogram histogram(VolumeView<const T> in, VolumeView<const std::uint8_t> mask, Executor& executor) {
  assert(in.size == mask.size);
  Histogram result{std::numeric_limits<T>::min(), std::vector<std::uint64_t>(kBinCount)};
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) {
      cuda::add_histogram(in, mask.data, result.counts, executor);
      return result;
    }
  }
  each_run(in.size.voxel_count(), [&](std::int64_t first, std::int64_t count) {
    add_pieces(count, kVoxelsPerPiece, result.counts, executor,
               [&](ValueCounters& counters, std::int64_t begin, std::int64_t end) {
                 counters.add(in.data + first + begin, mask.data + first + begin, end - begin);
               });
  });
  return result;
}

Histogram histogram(VolumeView<const float> in, const EqualBins& bins, Executor& executor) {
  Histogram result{0, std::vector<std::uint64_t>(kBinCount)};
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) {
      cuda::add_histogram(in, bins, result.counts, executor);
      return result;
    }
  }
  constexpr std::int64_t kFloatsPerPiece = 1 << 20;  // long against clearing and adding its counts
  std::mutex mutex;
  executor.parallel_for(in.size.voxel_count(), kFloatsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint32_t> counts(kBinCount);
    for (const float value : std::span(in.data + begin, in.data + end)) {
      if (is_finite(value)) ++counts[bin_of(value, bins)];
    }
    const std::lock_guard lock(mutex);
    std::ranges::transform(result.counts, counts, result.counts.begin(), std::plus<>());
  });
  return result;
}

template Histogram histogram(VolumeView<const std::int16_t>, Executor&);
template Histogram histogram(VolumeView<const std::uint16_t>, Executor&);
template Histogram histogram(VolumeView<const std::int16_t>, VolumeView<const std::uint8_t>, Executor&);
template Histogram histogram(VolumeView<const std::uint16_t>, VolumeView<const std::uint8_t>, Executor&);

namespace {

Statistics from_sums(const FloatSums& total) {
  Statistics result;
  if (total.count == 0) return result;
  const double count = static_cast<double>(total.count);
  result.count = total.count;
  result.min = total.min;
  result.max = total.max;
  result.mean = total.sum / count;
  // Rounding must not give a constant volume a deviation, which callers divide by.
  const double variance = total.sum_of_squares / count - result.mean * result.mean;
  result.deviation = total.min == total.max ? 0 : std::sqrt(std::max(0.0, variance));
  return result;
}

/// @param mask null: all values
Statistics float_statistics(VolumeView<const float> in, const std::uint8_t* mask, Executor& executor) {
  std::vector<FloatSums> pieces;
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) pieces = cuda::piece_sums(in, mask, executor);
  }
  if (!executor.is_cuda()) pieces = piece_sums(in, mask, executor);
  FloatSums total;
  for (const FloatSums& piece : pieces) total.add(piece);
  return from_sums(total);
}

template <class T>
Statistics whole_statistics(VolumeView<const T> in, Executor& executor) {
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) {
      WholeStatistics<T> sums;
      sums.add(cuda::whole_sums(in, executor), static_cast<std::uint64_t>(in.size.voxel_count()));
      return sums.finish();
    }
  }
  tbb::enumerable_thread_specific<WholeStatistics<T>> sums_of_thread;
  executor.parallel_for(in.size.voxel_count(), kVoxelsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    sums_of_thread.local().add({in.data + begin, in.data + end});
  });
  WholeStatistics<T> total;
  for (const WholeStatistics<T>& sums : sums_of_thread) total.add(sums);
  return total.finish();
}

}  // namespace

Statistics statistics(VolumeView<const float> in, Executor& executor) {
  return float_statistics(in, nullptr, executor);
}
Statistics statistics(VolumeView<const std::int16_t> in, Executor& executor) { return whole_statistics(in, executor); }
Statistics statistics(VolumeView<const std::uint16_t> in, Executor& executor) { return whole_statistics(in, executor); }

struct StatisticsInParts::State {
  FloatSums total;                          ///< of whole pieces
  std::array<FloatSums, kLaneCount> lanes;  ///< of the piece that is not whole yet
  std::int64_t filled = 0;                  ///< its values so far

  void fill(std::span<const float> values) {
    for (const float value : values) lanes[static_cast<std::size_t>(filled++ % kLaneCount)].add(value);
    if (filled == kPieceValues) end_piece();
  }

  void end_piece() {
    FloatSums piece;
    for (const FloatSums& lane : lanes) piece.add(lane);
    total.add(piece);
    lanes = {};
    filled = 0;
  }
};

StatisticsInParts::StatisticsInParts() : state_(std::make_unique<State>()) {}
StatisticsInParts::~StatisticsInParts() = default;

void StatisticsInParts::add(std::span<const float> part, Executor& executor) {
  if (state_->filled > 0) {
    const auto missing = std::min(part.size(), static_cast<std::size_t>(kPieceValues - state_->filled));
    state_->fill(part.first(missing));
    part = part.subspan(missing);
  }
  const auto rest = part.size() % static_cast<std::size_t>(kPieceValues);
  const auto whole = part.first(part.size() - rest);
  const Size3 size{static_cast<std::int64_t>(whole.size()), 1, 1};
  for (const FloatSums& piece : piece_sums({whole.data(), size}, nullptr, executor)) state_->total.add(piece);
  state_->fill(part.last(rest));
}

Statistics StatisticsInParts::finish() {
  if (state_->filled > 0) state_->end_piece();
  return from_sums(state_->total);
}

template <class T>
Statistics statistics(VolumeView<const T> in, VolumeView<const std::uint8_t> mask, Executor& executor) {
  assert(in.size == mask.size);
  if constexpr (std::is_same_v<T, float>) {
    return float_statistics(in, mask.data, executor);
  } else {
    return statistics(histogram(in, mask, executor));
  }
}

template Statistics statistics(VolumeView<const std::int16_t>, VolumeView<const std::uint8_t>, Executor&);
template Statistics statistics(VolumeView<const std::uint16_t>, VolumeView<const std::uint8_t>, Executor&);
template Statistics statistics(VolumeView<const float>, VolumeView<const std::uint8_t>, Executor&);

}  // namespace naru
