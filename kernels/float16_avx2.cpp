#include "kernels/float16_avx2.h"

#include "kernels/avx2.h"
#include "kernels/float16_voxel.h"
#include "kernels/stream.h"

namespace naru::avx2 {

namespace {

template <bool kIsStreamed>
__attribute__((target("avx2,fma,f16c"))) void cast_run(const float* in, Float16* out, std::int64_t count) {
  const __m256 most = _mm256_set1_ps(kGreatestFloat16), least = _mm256_set1_ps(-kGreatestFloat16);
  const __m128i quiet_nan = _mm_set1_epi16(static_cast<short>(kFloat16Nan));
  std::int64_t v = 0;
  if constexpr (kIsStreamed) {
    for (; v < count && !is_whole_register(out + v); ++v) out[v] = Float16Voxel::cast(in[v]);
  }
  for (; v + kLanes <= count; v += kLanes) {
    if constexpr (kIsStreamed) ask_ahead(in + v);
    const __m256 values = _mm256_loadu_ps(in + v);
    const __m256 within = _mm256_min_ps(most, _mm256_max_ps(least, values));
    const __m128i halves = _mm256_cvtps_ph(within, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(values, values, _CMP_UNORD_Q));
    const __m128i nans = _mm_packs_epi32(_mm256_castsi256_si128(is_nan), _mm256_extracti128_si256(is_nan, 1));
    put<kIsStreamed>(reinterpret_cast<__m128i*>(out + v), _mm_blendv_epi8(halves, quiet_nan, nans));
  }
  for (; v < count; ++v) out[v] = Float16Voxel::cast(in[v]);
  if constexpr (kIsStreamed) _mm_sfence();
}

}  // namespace

bool has_float16() {
  static const bool has = __builtin_cpu_supports("f16c");
  return has;
}

void cast_float16(const float* in, Float16* out, std::int64_t count, bool is_streamed) {
  is_streamed ? cast_run<true>(in, out, count) : cast_run<false>(in, out, count);
}

}  // namespace naru::avx2
