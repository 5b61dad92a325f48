#include "kernels/piecewise_avx2.h"

#include "kernels/avx2.h"
#include "kernels/piecewise_voxel.h"
#include "kernels/stream.h"

namespace naru::avx2 {

namespace {

/// One number a knot, in two registers.
struct Table {
  __m256 low, high;
};

NARU_AVX2_INLINE Table table(const std::array<float, PiecewiseMap::kMaxKnots>& values) {
  return {load(values.data()), load(values.data() + kLanes)};
}

NARU_AVX2_INLINE __m256 look_up(const Table& table, __m256i index) {
  const __m256 low = _mm256_permutevar8x32_ps(table.low, index), high = _mm256_permutevar8x32_ps(table.high, index);
  const __m256i is_high = _mm256_cmpgt_epi32(index, _mm256_set1_epi32(7));
  return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(is_high));
}

template <bool kIsStreamed>
NARU_AVX2 void map_run(const float* in, float* out, std::int64_t count, const PiecewiseMap& map) {
  static_assert(PiecewiseMap::kMaxKnots == 2 * kLanes);
  const Table from = table(map.from), to = table(map.to), slope = table(map.slope);
  std::int64_t v = 0;
  if constexpr (kIsStreamed) {
    for (; v < count && !is_whole_register(out + v); ++v) out[v] = PiecewiseVoxel::mapped(in[v], map);
  }
  for (; v + kLanes <= count; v += kLanes) {
    if constexpr (kIsStreamed) ask_ahead(in + v);
    const __m256 values = load(in + v);
    __m256i index = _mm256_setzero_si256();  // a comparison that holds is -1
    for (int next = 1; next + 1 < map.count; ++next) {
      const __m256 knot = _mm256_set1_ps(map.from[static_cast<std::size_t>(next)]);
      index = _mm256_sub_epi32(index, _mm256_castps_si256(_mm256_cmp_ps(values, knot, _CMP_GE_OQ)));
    }
    const __m256 away = _mm256_sub_ps(values, look_up(from, index));
    put<kIsStreamed>(out + v, _mm256_fmadd_ps(look_up(slope, index), away, look_up(to, index)));
  }
  for (; v < count; ++v) out[v] = PiecewiseVoxel::mapped(in[v], map);
  if constexpr (kIsStreamed) _mm_sfence();
}

}  // namespace

void apply_piecewise(const float* in, float* out, std::int64_t count, const PiecewiseMap& map, bool is_streamed) {
  is_streamed ? map_run<true>(in, out, count, map) : map_run<false>(in, out, count, map);
}

}  // namespace naru::avx2
