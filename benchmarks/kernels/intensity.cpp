#include "kernels/intensity.h"

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

template <class Out>
void run(benchmark::State& state, const Place& place, Size3 size) {
  auto in = ct_ring(size.voxel_count(), *place.executor);
  Ring<Out> out(size.voxel_count(), *place.executor);
  const IntensityMap map = windowed({}, -1000, 1000);
  const auto voxel_bytes = static_cast<std::int64_t>(sizeof(std::int16_t) + sizeof(Out));
  measure(state, place, {size.voxel_count(), size.voxel_count() * voxel_bytes}, [&] {
    apply_intensity(VolumeView<const std::int16_t>{in.next(), size}, VolumeView<Out>{out.next(), size}, map,
                    *place.executor);
  });
}

}  // namespace

void add_intensity() {
  add_cases("intensity_float32", Where::everywhere, run<float>);
  add_cases("intensity_int16", Where::everywhere, run<std::int16_t>);
}

}  // namespace naru::bench
