#include "kernels/resample.h"

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

/// 0.7 x 0.7 x 1.25 mm to 1 mm, with a window.
struct Task {
  Size3 from, to;
  ResampleOptions options;

  Task(Size3 size, Interpolator interpolator) : from(size) {
    Grid grid{size, {}};
    for (int a = 0; a < 3; ++a) grid.patient_from_voxel.rows[a][a] = a < 2 ? 0.7 : 1.25;
    const ResampledGrid result = resampled(grid, {1, 1, 1});
    to = result.grid.size;
    options = {result.axes, interpolator, windowed({}, -1000, 1000)};
  }

  Load load(std::size_t in_bytes, std::size_t out_bytes) const {
    return {to.voxel_count(), from.voxel_count() * static_cast<std::int64_t>(in_bytes) +
                                  to.voxel_count() * static_cast<std::int64_t>(out_bytes)};
  }
};

template <class Out>
void run(benchmark::State& state, const Place& place, Size3 size, Interpolator interpolator) {
  const Task task(size, interpolator);
  auto in = ct_ring(task.from.voxel_count(), *place.executor);
  Ring<Out> out(task.to.voxel_count(), *place.executor);
  measure(state, place, task.load(sizeof(std::int16_t), sizeof(Out)), [&] {
    resample(VolumeView<const std::int16_t>{in.next(), task.from}, VolumeView<Out>{out.next(), task.to}, task.options,
             *place.executor);
  });
}

/// From host memory to host memory, as the pipeline pays for it.
void run_with_transfers(benchmark::State& state, const Place& place, Size3 size) {
  const Task task(size, Interpolator::linear);
  Executor& executor = *place.executor;
  const auto count_in = static_cast<std::size_t>(task.from.voxel_count());
  const auto count_out = static_cast<std::size_t>(task.to.voxel_count());
  auto host_in = Buffer<std::int16_t>::on_host(count_in, executor);
  std::ranges::fill(host_in.host(), std::int16_t{1});
  auto host_out = Buffer<float>::on_host(count_out, executor);
  Buffer<std::int16_t> in(count_in, executor);
  Buffer<float> out(count_out, executor);
  measure(state, place, task.load(sizeof(std::int16_t), sizeof(float)), [&] {
    detail::copy_bytes(in.data(), host_in.data(), count_in * sizeof(std::int16_t), executor);
    resample(VolumeView<const std::int16_t>{in.data(), task.from}, VolumeView<float>{out.data(), task.to}, task.options,
             executor);
    detail::copy_bytes(host_out.data(), out.data(), count_out * sizeof(float), executor);
  });
}

}  // namespace

void add_resample() {
  add_cases("resample_linear_float32", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    run<float>(state, place, size, Interpolator::linear);
  });
  add_cases("resample_linear_int16", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    run<std::int16_t>(state, place, size, Interpolator::linear);
  });
  add_cases("resample_nearest_int16", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    run<std::int16_t>(state, place, size, Interpolator::nearest);
  });
  add_cases("resample_linear_float32_with_transfers", Where::devices, run_with_transfers);
}

}  // namespace naru::bench
