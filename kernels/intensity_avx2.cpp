#include "kernels/intensity_avx2.h"

#include "kernels/avx2.h"
#include "kernels/intensity_voxel.h"

namespace naru::avx2 {

namespace {

template <class In, class Out>
NARU_AVX2 void map_run(const In* in, Out* out, std::int64_t count, const IntensityMap& map) {
  const Map vector_map = broadcast(map);
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(out + i, mapped(load(in + i), vector_map));
  for (; i < count; ++i) out[i] = cast_to<Out>(naru::mapped(static_cast<float>(in[i]), map));
}

}  // namespace

template <class In, class Out>
void apply_intensity(const In* in, Out* out, std::int64_t count, const IntensityMap& map) {
  map_run(in, out, count, map);
}

template void apply_intensity(const std::int16_t*, float*, std::int64_t, const IntensityMap&);
template void apply_intensity(const std::uint16_t*, float*, std::int64_t, const IntensityMap&);
template void apply_intensity(const float*, float*, std::int64_t, const IntensityMap&);
template void apply_intensity(const std::int16_t*, std::int16_t*, std::int64_t, const IntensityMap&);
template void apply_intensity(const std::uint16_t*, std::int16_t*, std::int64_t, const IntensityMap&);
template void apply_intensity(const float*, std::int16_t*, std::int64_t, const IntensityMap&);

}  // namespace naru::avx2
