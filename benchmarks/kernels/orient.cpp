#include "kernels/orient.h"

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

void run(benchmark::State& state, const Place& place, Size3 size, const AxisMap& map) {
  auto in = ct_ring(size.voxel_count(), *place.executor);
  Ring<std::int16_t> out(size.voxel_count(), *place.executor);
  const Size3 target{size[map.source_axis[0]], size[map.source_axis[1]], size[map.source_axis[2]]};
  measure(state, place, {size.voxel_count(), size.voxel_count() * 4}, [&] {
    orient(VolumeView<const std::int16_t>{in.next(), size}, VolumeView<std::int16_t>{out.next(), target}, map,
           *place.executor);
  });
}

}  // namespace

void add_orient() {
  add_cases("orient_flip", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    run(state, place, size, {{0, 1, 2}, {true, true, false}});
  });
  add_cases("orient_sagittal_to_axial", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    run(state, place, size, {{2, 0, 1}, {true, false, true}});
  });
}

}  // namespace naru::bench
