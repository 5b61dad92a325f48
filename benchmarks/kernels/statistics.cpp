#include "kernels/statistics.h"

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

void run_histogram(benchmark::State& state, const Place& place, Size3 size) {
  auto in = ct_ring(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 2}, [&] {
    benchmark::DoNotOptimize(histogram(VolumeView<const std::int16_t>{in.next(), size}, *place.executor));
  });
}

void run_masked(benchmark::State& state, const Place& place, Size3 size) {
  auto in = ct_ring(size.voxel_count(), *place.executor);
  auto mask = ct_ring(size.voxel_count(), *place.executor);  // any bytes: nearly all are not 0
  measure(state, place, {size.voxel_count(), size.voxel_count() * 3}, [&] {
    const VolumeView<const std::uint8_t> chosen{reinterpret_cast<const std::uint8_t*>(mask.next()), size};
    benchmark::DoNotOptimize(histogram(VolumeView<const std::int16_t>{in.next(), size}, chosen, *place.executor));
  });
}

void run_percentiles(benchmark::State& state, const Place& place, Size3 size) {
  auto in = ct_ring(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 2}, [&] {
    const VolumeView<const std::int16_t> voxels{in.next(), size};
    const Histogram counts = histogram_around(voxels, 0.5, 99.5, *place.executor);
    benchmark::DoNotOptimize(percentile(counts, 0.5) + percentile(counts, 99.5));
  });
}

void run_statistics(benchmark::State& state, const Place& place, Size3 size) {
  auto in = float_ring(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 4}, [&] {
    benchmark::DoNotOptimize(statistics(VolumeView<const float>{in.next(), size}, *place.executor));
  });
}

}  // namespace

void add_statistics() {
  add_cases("histogram_int16", Where::everywhere, run_histogram);
  add_cases("histogram_masked_int16", Where::everywhere, run_masked);
  add_cases("percentiles_int16", Where::everywhere, run_percentiles);
  add_cases("statistics_float32", Where::everywhere, run_statistics);
}

}  // namespace naru::bench
