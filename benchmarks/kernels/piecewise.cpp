#include "kernels/piecewise.h"

#include "benchmarks/kernels/measure.h"
#include "kernels/nyul.h"

namespace naru::bench {

namespace {

void run(benchmark::State& state, const Place& place, Size3 size) {
  auto in = float_ring(size.voxel_count(), *place.executor);
  Ring<float> out(size.voxel_count(), *place.executor);
  NyulLandmarks from{}, to{};
  for (std::size_t i = 0; i < from.size(); ++i) {
    from[i] = 200 * static_cast<double>(i) - 900;
    to[i] = static_cast<double>(i * i);
  }
  const PiecewiseMap map = nyul_map(from, to);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 8}, [&] {
    apply_piecewise(VolumeView<const float>{in.next(), size}, {out.next(), size}, map, *place.executor);
  });
}

}  // namespace

void add_piecewise() { add_cases("nyul_map_float32", Where::everywhere, run); }

}  // namespace naru::bench
