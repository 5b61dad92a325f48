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

void run_percentiles(benchmark::State& state, const Place& place, Size3 size) {
  auto in = ct_ring(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 2}, [&] {
    const Histogram counts = histogram(VolumeView<const std::int16_t>{in.next(), size}, *place.executor);
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
  add_cases("percentiles_int16", Where::everywhere, run_percentiles);
  add_cases("statistics_float32", Where::everywhere, run_statistics);
}

}  // namespace naru::bench
