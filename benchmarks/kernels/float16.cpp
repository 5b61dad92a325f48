#include "kernels/float16.h"

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

void run(benchmark::State& state, const Place& place, Size3 size) {
  auto in = float_ring(size.voxel_count(), *place.executor);
  Ring<Float16> out(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 6}, [&] {
    cast_float16(VolumeView<const float>{in.next(), size}, {out.next(), size}, *place.executor);
  });
}

}  // namespace

void add_float16() { add_cases("cast_float16", Where::everywhere, run); }

}  // namespace naru::bench
