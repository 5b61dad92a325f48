#include "kernels/intensity_avx2.h"

#include "kernels/avx2.h"
#include "kernels/intensity_voxel.h"
#include "kernels/stream.h"

namespace naru::avx2 {

namespace {

template <class In, class Out>
NARU_AVX2_INLINE void map_one(const In* in, Out* out, const IntensityMap& map) {
  *out = cast_to<Out>(naru::mapped(static_cast<float>(*in), map));
}

template <bool kIsStreamed, class In, class Out>
NARU_AVX2 void map_run(const In* in, Out* out, std::int64_t count, const IntensityMap& map) {
  const Map vector_map = broadcast(map);
  std::int64_t i = 0;
  if constexpr (kIsStreamed) {
    for (; i < count && !is_whole_register(out + i); ++i) map_one(in + i, out + i, map);
  }
  for (; i + kLanes <= count; i += kLanes) {
    if constexpr (kIsStreamed) ask_ahead(in + i);
    put<kIsStreamed>(out + i, mapped(load(in + i), vector_map));
  }
  for (; i < count; ++i) map_one(in + i, out + i, map);
  if constexpr (kIsStreamed) _mm_sfence();
}

}  // namespace

template <class In, class Out>
void apply_intensity(const In* in, Out* out, std::int64_t count, const IntensityMap& map, bool is_streamed) {
  is_streamed ? map_run<true>(in, out, count, map) : map_run<false>(in, out, count, map);
}

template void apply_intensity(const std::int16_t*, float*, std::int64_t, const IntensityMap&, bool);
template void apply_intensity(const std::uint16_t*, float*, std::int64_t, const IntensityMap&, bool);
template void apply_intensity(const float*, float*, std::int64_t, const IntensityMap&, bool);
template void apply_intensity(const std::int16_t*, std::int16_t*, std::int64_t, const IntensityMap&, bool);
template void apply_intensity(const std::uint16_t*, std::int16_t*, std::int64_t, const IntensityMap&, bool);
template void apply_intensity(const float*, std::int16_t*, std::int64_t, const IntensityMap&, bool);

}  // namespace naru::avx2
