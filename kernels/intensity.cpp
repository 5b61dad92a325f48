#include "kernels/intensity.h"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/intensity.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/float16_voxel.h"
#include "kernels/intensity_avx2.h"
#include "kernels/intensity_voxel.h"
#include "kernels/stream.h"

namespace naru {

IntensityMap windowed(IntensityMap map, double low, double high) {
  assert(low < high);
  map.clip_low = static_cast<float>(low);
  map.clip_high = static_cast<float>(high);
  map.gain = static_cast<float>(1 / (high - low));
  map.offset = static_cast<float>(-low / (high - low));
  return map;
}

IntensityMap zscored(IntensityMap map, double mean, double deviation) {
  assert(deviation > 0);
  map.gain = static_cast<float>(1 / deviation);
  map.offset = static_cast<float>(-mean / deviation);
  return map;
}

template <class Out>
Out value_of_units(float units, IntensityMap map) {
  map.slope = 1;
  map.intercept = 0;
  return cast_to<Out>(mapped(units, map));
}

template float value_of_units(float, IntensityMap);
template std::int16_t value_of_units(float, IntensityMap);

IntensityMap ct_normalized(IntensityMap map, const Fingerprint& foreground) {
  constexpr double kLeastDeviation = 1e-8;
  map.clip_low = static_cast<float>(foreground.percentile_00_5);
  map.clip_high = static_cast<float>(foreground.percentile_99_5);
  return zscored(map, foreground.mean, std::max(foreground.deviation, kLeastDeviation));
}

namespace {

template <class In, class Out>
void map_on_cpu(VolumeView<const In> in, VolumeView<Out> out, const IntensityMap& map, Executor& executor) {
  if (cpu_path() == CpuPath::baseline) return fill_voxels_on_cpu(out, IntensityVoxel<In, Out>{in, map}, executor);
  constexpr std::int64_t kVoxelsPerPiece = 1 << 16;
  const bool is_in_place = static_cast<const void*>(in.data) == out.data;  // what is read is in the caches then
  const bool is_streamed = is_worth_streaming(out) && !is_in_place;
  executor.parallel_for(in.size.voxel_count(), kVoxelsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    avx2::apply_intensity(in.data + begin, out.data + begin, end - begin, map, is_streamed);
  });
}

template <class In>
void map_on_cpu(VolumeView<const In> in, VolumeView<Float16> out, const IntensityMap& map, Executor& executor) {
  fill_voxels_on_cpu(out, IntensityVoxel<In, Float16>{in, map}, executor);
}

}  // namespace

template <class In, class Out>
void apply_intensity(VolumeView<const In> in, VolumeView<Out> out, const IntensityMap& map, Executor& executor) {
  assert(in.size == out.size);
  if (in.size.voxel_count() == 0) return;
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return cuda::apply_intensity(in.data, out.data, in.size.voxel_count(), map, executor);
  }
  map_on_cpu(in, out, map, executor);
}

#define NARU_INSTANTIATE(In)                                                                                     \
  template void apply_intensity(VolumeView<const In>, VolumeView<float>, const IntensityMap&, Executor&);        \
  template void apply_intensity(VolumeView<const In>, VolumeView<std::int16_t>, const IntensityMap&, Executor&); \
  template void apply_intensity(VolumeView<const In>, VolumeView<Float16>, const IntensityMap&, Executor&);
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE

}  // namespace naru
