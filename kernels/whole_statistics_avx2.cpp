#include "kernels/whole_statistics_avx2.h"

#include <algorithm>
#include <array>

#include "kernels/avx2.h"
#include "kernels/stream.h"

namespace naru::avx2 {

namespace {

constexpr std::int64_t kValues = 16;  // of a register
/// After so many registers the 32-bit sums of pairs are emptied: 2^14 times at most 2^16.
constexpr std::int64_t kRegistersPerRun = 1 << 14;

template <class T>
NARU_AVX2_INLINE std::array<T, 32 / sizeof(T)> lanes_of(__m256i values) {
  std::array<T, 32 / sizeof(T)> lanes;
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes.data()), values);
  return lanes;
}

}  // namespace

NARU_AVX2 WholeSums whole_sums(const std::int16_t* values, std::int64_t count, std::int16_t turned) {
  const __m256i turn = _mm256_set1_epi16(turned), ones = _mm256_set1_epi16(1), low = _mm256_set1_epi64x(0xFFFFFFFF);
  WholeSums result;
  __m256i least = _mm256_set1_epi16(std::numeric_limits<std::int16_t>::max()),
          greatest = _mm256_set1_epi16(std::numeric_limits<std::int16_t>::min());
  __m256i squares = _mm256_setzero_si256();
  for (std::int64_t begin = 0; begin < count; begin += kRegistersPerRun * kValues) {
    const std::int64_t end = std::min(begin + kRegistersPerRun * kValues, count);
    __m256i sums = _mm256_setzero_si256();
    for (std::int64_t i = begin; i < end; i += kValues) {
      ask_ahead(values + i);
      const __m256i stored = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + i));
      const __m256i value = _mm256_xor_si256(stored, turn);
      least = _mm256_min_epi16(least, value);
      greatest = _mm256_max_epi16(greatest, value);
      sums = _mm256_add_epi32(sums, _mm256_madd_epi16(value, ones));
      const __m256i pairs = _mm256_madd_epi16(value, value);  // at most 2^31: without a sign
      squares = _mm256_add_epi64(squares, _mm256_and_si256(pairs, low));
      squares = _mm256_add_epi64(squares, _mm256_srli_epi64(pairs, 32));
    }
    for (const std::int32_t sum : lanes_of<std::int32_t>(sums)) result.sum += sum;
  }
  for (const std::uint64_t sum : lanes_of<std::uint64_t>(squares)) result.sum_of_squares += sum;
  for (const std::int32_t value : lanes_of<std::int16_t>(least)) result.least = std::min(result.least, value);
  for (const std::int32_t value : lanes_of<std::int16_t>(greatest)) result.greatest = std::max(result.greatest, value);
  return result;
}

}  // namespace naru::avx2
