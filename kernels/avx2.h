/// Private to *_avx2.cpp: eight voxels at a time. Each function does in one register what its namesake in
/// intensity_voxel.h does to one value, in the same order, so that both give the same bits.
///
/// Functions carry their target themselves, so a file that uses them needs no compiler option and no inline function of
/// a common header can end up compiled for AVX2.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "kernels/intensity.h"

#define NARU_AVX2 __attribute__((target("avx2,fma")))
#define NARU_AVX2_INLINE NARU_AVX2 __attribute__((always_inline)) inline

namespace naru::avx2 {

inline constexpr std::int64_t kLanes = 8;

NARU_AVX2_INLINE __m256 load(const float* values) { return _mm256_loadu_ps(values); }
NARU_AVX2_INLINE __m256 load(const std::int16_t* values) {
  const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values));
  return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(packed));
}
NARU_AVX2_INLINE __m256 load(const std::uint16_t* values) {
  const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values));
  return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(packed));
}

NARU_AVX2_INLINE void store(float* to, __m256 values) { _mm256_storeu_ps(to, values); }
/// Of values that 32 bits hold.
NARU_AVX2_INLINE __m128i rounded(__m256 values) {
  const __m256i whole = _mm256_cvtps_epi32(values);
  return _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
}
NARU_AVX2_INLINE __m128i cast(__m256 values) {
  values = _mm256_and_ps(values, _mm256_cmp_ps(values, values, _CMP_ORD_Q));  // NaN to 0
  values = _mm256_max_ps(_mm256_set1_ps(-32768.0f), values);
  return rounded(_mm256_min_ps(_mm256_set1_ps(32767.0f), values));
}
NARU_AVX2_INLINE void store_rounded(std::int16_t* to, __m256 values) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), rounded(values));
}
NARU_AVX2_INLINE void store(std::int16_t* to, __m256 values) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), cast(values));
}

/// As `store`, or past the caches. @pre where kIsStreamed: the address is a multiple of the bytes that are written
template <bool kIsStreamed>
NARU_AVX2_INLINE void put(float* to, __m256 values) {
  kIsStreamed ? _mm256_stream_ps(to, values) : store(to, values);
}
template <bool kIsStreamed>
NARU_AVX2_INLINE void put(__m128i* to, __m128i values) {
  kIsStreamed ? _mm_stream_si128(to, values) : _mm_storeu_si128(to, values);
}
template <bool kIsStreamed>
NARU_AVX2_INLINE void put(__m256i* to, __m256i values) {
  kIsStreamed ? _mm256_stream_si256(to, values) : _mm256_storeu_si256(to, values);
}
template <bool kIsStreamed>
NARU_AVX2_INLINE void put(std::int16_t* to, __m256 values) {
  put<kIsStreamed>(reinterpret_cast<__m128i*>(to), cast(values));
}

/// Whether its address is a multiple of the bytes of eight values, as streaming asks for.
template <class T>
bool is_whole_register(const T* to) {
  return reinterpret_cast<std::uintptr_t>(to) % (kLanes * sizeof(T)) == 0;
}

/// IntensityMap with each number in all lanes.
struct Map {
  __m256 slope, intercept, clip_low, clip_high, gain, offset;
};

NARU_AVX2_INLINE Map broadcast(const IntensityMap& map) {
  return {_mm256_set1_ps(map.slope),     _mm256_set1_ps(map.intercept), _mm256_set1_ps(map.clip_low),
          _mm256_set1_ps(map.clip_high), _mm256_set1_ps(map.gain),      _mm256_set1_ps(map.offset)};
}

/// The bound is the first operand: these instructions return the second where either is NaN.
NARU_AVX2_INLINE __m256 mapped(__m256 stored, const Map& map) {
  __m256 units = _mm256_fmadd_ps(map.slope, stored, map.intercept);
  units = _mm256_max_ps(map.clip_low, units);
  units = _mm256_min_ps(map.clip_high, units);
  return _mm256_fmadd_ps(map.gain, units, map.offset);
}

NARU_AVX2_INLINE __m256 lerp(__m256 a, __m256 b, __m256 weight) {
  return _mm256_fmadd_ps(weight, _mm256_sub_ps(b, a), a);
}

}  // namespace naru::avx2
