#include "kernels/foreground_box.h"

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

/// Nothing is above: every voxel is read.
void run(benchmark::State& state, const Place& place, Size3 size) {
  auto in = ct_ring(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 2}, [&] {
    benchmark::DoNotOptimize(foreground_box(VolumeView<const std::int16_t>{in.next(), size}, {4000}, *place.executor));
  });
}

}  // namespace

void add_foreground_box() { add_cases("foreground_box_int16", Where::everywhere, run); }

}  // namespace naru::bench
