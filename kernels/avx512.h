/// Private to *_avx512.cpp: sixteen voxels at a time. Each function does in one register what its namesake in
/// intensity_voxel.h does to one value, in the same order, so that both give the same bits.
///
/// Functions carry their target themselves, as those of kernels/avx2.h.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "kernels/intensity.h"

#define NARU_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx2,fma")))
#define NARU_AVX512_INLINE NARU_AVX512 __attribute__((always_inline)) inline

namespace naru::avx512 {

inline constexpr std::int64_t kLanes = 16;

/// The first `count` lanes, 0 to 16.
inline __mmask16 first_lanes(std::int64_t count) { return static_cast<__mmask16>((1U << count) - 1); }

NARU_AVX512_INLINE __m512 load(const float* values) { return _mm512_loadu_ps(values); }
NARU_AVX512_INLINE __m512 load(const std::int16_t* values) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values))));
}
NARU_AVX512_INLINE __m512 load(const std::uint16_t* values) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values))));
}

/// Those of `lanes`; the others are 0 and their memory is not touched.
NARU_AVX512_INLINE __m512 load(const float* values, __mmask16 lanes) { return _mm512_maskz_loadu_ps(lanes, values); }
NARU_AVX512_INLINE __m512 load(const std::int16_t* values, __mmask16 lanes) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(lanes, values)));
}
NARU_AVX512_INLINE __m512 load(const std::uint16_t* values, __mmask16 lanes) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, values)));
}

/// cast_to<int16>, but in 32 bits and not cut off below: too low a value becomes the least integer.
NARU_AVX512_INLINE __m512i rounded(__m512 values) {
  const __mmask16 is_number = _mm512_cmp_ps_mask(values, values, _CMP_ORD_Q);  // NaN to 0
  return _mm512_maskz_cvtps_epi32(is_number, _mm512_min_ps(_mm512_set1_ps(32767.0f), values));
}

/// Two registers of 32-bit integers to int16, cut off at its ends, in order.
NARU_AVX512_INLINE __m512i packed(__m512i first, __m512i second) {
  const __m512i order = _mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0);  // packing goes by quarters of a register
  return _mm512_permutexvar_epi64(order, _mm512_packs_epi32(first, second));
}

/// IntensityMap with each number in all lanes.
struct Map {
  __m512 slope, intercept, clip_low, clip_high, gain, offset;
};

NARU_AVX512_INLINE Map broadcast(const IntensityMap& map) {
  return {_mm512_set1_ps(map.slope),     _mm512_set1_ps(map.intercept), _mm512_set1_ps(map.clip_low),
          _mm512_set1_ps(map.clip_high), _mm512_set1_ps(map.gain),      _mm512_set1_ps(map.offset)};
}

/// The bound is the first operand: these instructions return the second where either is NaN.
NARU_AVX512_INLINE __m512 mapped(__m512 stored, const Map& map) {
  __m512 units = _mm512_fmadd_ps(map.slope, stored, map.intercept);
  units = _mm512_max_ps(map.clip_low, units);
  units = _mm512_min_ps(map.clip_high, units);
  return _mm512_fmadd_ps(map.gain, units, map.offset);
}

NARU_AVX512_INLINE __m512 lerp(__m512 a, __m512 b, __m512 weight) {
  return _mm512_fmadd_ps(weight, _mm512_sub_ps(b, a), a);
}

}  // namespace naru::avx512
