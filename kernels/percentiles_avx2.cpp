#include "kernels/percentiles_avx2.h"

#include <algorithm>
#include <bit>

#include "kernels/avx2.h"
#include "kernels/stream.h"

namespace naru::avx2 {

namespace {

constexpr std::size_t kValues = 16;  // of a register

NARU_AVX2_INLINE __m256i load_values(const std::int16_t* values) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
}

template <class Use>
NARU_AVX2_INLINE void each_lane(__m256i values, const Use& use) {
  std::array<std::int16_t, kValues> lanes;
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes.data()), values);
  for (const std::int16_t value : lanes) use(value);
}

/// Of counts of up to 2^15, which stand in a register as their negatives.
NARU_AVX2_INLINE std::uint64_t total(__m256i counts) {
  std::uint64_t sum = 0;
  each_lane(counts, [&](std::int16_t count) { sum += static_cast<std::uint64_t>(-std::int64_t{count}); });
  return sum;
}

NARU_AVX2_INLINE std::uint32_t& counter(CountsAround& counts, int value) {
  return counts.within[static_cast<std::size_t>(value - counts.first)];
}

NARU_AVX2_INLINE void count_one(std::int16_t value, const std::array<ValueRange, 2>& ranges, CountsAround& counts) {
  counts.least = std::min(counts.least, value);
  counts.greatest = std::max(counts.greatest, value);
  if (value < ranges[0].first) {
    ++counts.below;
  } else if (value > ranges[1].last) {
    ++counts.above;
  } else if (value > ranges[0].last && value < ranges[1].first) {
    ++counts.between;
  } else {
    ++counter(counts, value);
  }
}

/// @param kWithOne whether one of the ranges is a single value
template <bool kWithOne>
NARU_AVX2 void count_run(std::span<const std::int16_t> stored, std::int16_t turned,
                         const std::array<ValueRange, 2>& ranges, CountsAround& counts) {
  const __m256i turn = _mm256_set1_epi16(turned);
  const __m256i low_first = _mm256_set1_epi16(ranges[0].first), low_last = _mm256_set1_epi16(ranges[0].last);
  const __m256i high_first = _mm256_set1_epi16(ranges[1].first), high_last = _mm256_set1_epi16(ranges[1].last);
  __m256i least = _mm256_set1_epi16(counts.least), greatest = _mm256_set1_epi16(counts.greatest);
  // A range of one value, as air and padding are, may hold many: they are counted as those outside are.
  const __m256i is_one_low = _mm256_cmpeq_epi16(low_first, low_last);
  const __m256i is_one_high = _mm256_cmpeq_epi16(high_first, high_last);
  __m256i below = _mm256_setzero_si256(), between = below, above = below, low = below, high = below;
  const std::size_t whole = stored.size() / kValues * kValues;
  for (std::size_t i = 0; i < whole; i += kValues) {
    ask_ahead(stored.data() + i);
    const __m256i value = _mm256_xor_si256(load_values(stored.data() + i), turn);
    least = _mm256_min_epi16(least, value);
    greatest = _mm256_max_epi16(greatest, value);
    const __m256i is_below = _mm256_cmpgt_epi16(low_first, value), is_above = _mm256_cmpgt_epi16(value, high_last);
    const __m256i is_between =
        _mm256_and_si256(_mm256_cmpgt_epi16(value, low_last), _mm256_cmpgt_epi16(high_first, value));
    below = _mm256_add_epi16(below, is_below);  // a comparison that holds is -1
    between = _mm256_add_epi16(between, is_between);
    above = _mm256_add_epi16(above, is_above);
    __m256i is_counted = _mm256_or_si256(_mm256_or_si256(is_below, is_above), is_between);
    if constexpr (kWithOne) {
      const __m256i is_low = _mm256_and_si256(_mm256_cmpeq_epi16(value, low_first), is_one_low);
      const __m256i is_high = _mm256_and_si256(_mm256_cmpeq_epi16(value, high_first), is_one_high);
      low = _mm256_add_epi16(low, is_low);
      high = _mm256_add_epi16(high, is_high);
      is_counted = _mm256_or_si256(is_counted, _mm256_or_si256(is_low, is_high));
    }
    auto within = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(is_counted));  // two bits each
    for (; within != 0; within &= within - 1, within &= within - 1) {
      const auto lane = static_cast<std::size_t>(std::countr_zero(within)) / 2;
      ++counter(counts, static_cast<std::int16_t>(stored[i + lane] ^ turned));
    }
  }
  counts.below += total(below);
  counts.between += total(between);
  counts.above += total(above);
  counter(counts, ranges[0].first) += static_cast<std::uint32_t>(total(low));
  counter(counts, ranges[1].first) += static_cast<std::uint32_t>(total(high));
  each_lane(least, [&](std::int16_t value) { counts.least = std::min(counts.least, value); });
  each_lane(greatest, [&](std::int16_t value) { counts.greatest = std::max(counts.greatest, value); });
  for (const std::int16_t value : stored.subspan(whole)) {
    count_one(static_cast<std::int16_t>(value ^ turned), ranges, counts);
  }
}

}  // namespace

void count_around(std::span<const std::int16_t> stored, std::int16_t turned, const std::array<ValueRange, 2>& ranges,
                  CountsAround& counts) {
  const bool with_one = ranges[0].first == ranges[0].last || ranges[1].first == ranges[1].last;
  with_one ? count_run<true>(stored, turned, ranges, counts) : count_run<false>(stored, turned, ranges, counts);
}

}  // namespace naru::avx2
