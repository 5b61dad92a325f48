#include "kernels/statistics_avx2.h"

#include <array>

#include "kernels/avx2.h"
#include "kernels/stream.h"

namespace naru::avx2 {

namespace {

/// Eight lanes of a piece.
struct Sums {
  std::array<float, kLanes> min, max;
  std::array<double, kLanes> sum, sum_of_squares;
  std::array<std::int32_t, kLanes> count;
};

/// Four of eight floats as doubles.
NARU_AVX2_INLINE __m256d low_half(__m256 values) { return _mm256_cvtps_pd(_mm256_castps256_ps128(values)); }
NARU_AVX2_INLINE __m256d high_half(__m256 values) { return _mm256_cvtps_pd(_mm256_extractf128_ps(values, 1)); }

NARU_AVX2 Sums sums_of(const float* first) {
  const __m256 sign = _mm256_set1_ps(-0.0F), greatest = _mm256_set1_ps(std::numeric_limits<float>::max());
  __m256 min = _mm256_set1_ps(FloatSums().min), max = _mm256_set1_ps(FloatSums().max);
  __m256d low = _mm256_setzero_pd(), high = low, low_squares = low, high_squares = low;
  __m256i count = _mm256_setzero_si256();
  for (std::int64_t at = 0; at < kPieceValues; at += kLaneCount) {
    ask_ahead(first + at);
    const __m256 values = load(first + at);
    const __m256 is_finite = _mm256_cmp_ps(_mm256_andnot_ps(sign, values), greatest, _CMP_LE_OQ);
    min = _mm256_blendv_ps(min, _mm256_min_ps(values, min), is_finite);
    max = _mm256_blendv_ps(max, _mm256_max_ps(values, max), is_finite);
    count = _mm256_sub_epi32(count, _mm256_castps_si256(is_finite));  // a comparison that holds is -1
    const __m256 counted = _mm256_and_ps(values, is_finite);
    const __m256d a = low_half(counted), b = high_half(counted);
    low = _mm256_add_pd(low, a);
    high = _mm256_add_pd(high, b);
    low_squares = _mm256_add_pd(low_squares, _mm256_mul_pd(a, a));
    high_squares = _mm256_add_pd(high_squares, _mm256_mul_pd(b, b));
  }
  Sums sums;
  store(sums.min.data(), min);
  store(sums.max.data(), max);
  _mm256_storeu_pd(sums.sum.data(), low);
  _mm256_storeu_pd(sums.sum.data() + kLanes / 2, high);
  _mm256_storeu_pd(sums.sum_of_squares.data(), low_squares);
  _mm256_storeu_pd(sums.sum_of_squares.data() + kLanes / 2, high_squares);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums.count.data()), count);
  return sums;
}

}  // namespace

FloatSums piece_sums(const float* piece) {
  FloatSums total;
  for (int lane = 0; lane < kLaneCount; lane += kLanes) {
    const Sums sums = sums_of(piece + lane);
    for (std::size_t n = 0; n < kLanes; ++n) {
      total.add(FloatSums{static_cast<std::uint64_t>(sums.count[n]), sums.min[n], sums.max[n], sums.sum[n],
                          sums.sum_of_squares[n]});
    }
  }
  return total;
}

}  // namespace naru::avx2
