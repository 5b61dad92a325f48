#include "kernels/resample.h"

#include "benchmarks/kernels/measure.h"
#include "kernels/float16.h"

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

/// Small volumes, as a dynamic or diffusion series has them, so many at a time, from host memory to host memory.
/// @param together in one launch; else each is copied, resampled and waited for by itself
void run_series(benchmark::State& state, const Place& place, Size3 size, bool together) {
  constexpr std::int64_t kVolumes = 16;
  const Task task(size, Interpolator::linear);
  Executor& executor = *place.executor;
  const std::int64_t in_values = task.from.voxel_count(), out_values = task.to.voxel_count();
  auto host_in = Buffer<std::int16_t>::on_host(static_cast<std::size_t>(kVolumes * in_values), executor);
  std::ranges::fill(host_in.host(), std::int16_t{1});
  auto host_out = Buffer<float>::on_host(static_cast<std::size_t>(kVolumes * out_values), executor);
  Buffer<std::int16_t> in(host_in.size(), executor);
  Buffer<float> out(host_out.size(), executor);
  const auto make = [&](std::int64_t first, std::int64_t count) {
    const std::int16_t* const from = host_in.data() + first * in_values;
    float* const to = host_out.data() + first * out_values;
    detail::copy_bytes(in.data(), from, static_cast<std::size_t>(count * in_values) * sizeof(std::int16_t), executor);
    resample(VolumesView<const std::int16_t>{{in.data(), task.from}, count},
             VolumesView<float>{{out.data(), task.to}, count}, task.options, executor);
    detail::copy_bytes(to, out.data(), static_cast<std::size_t>(count * out_values) * sizeof(float), executor);
    executor.wait();
  };
  const Load one = task.load(sizeof(std::int16_t), sizeof(float));
  measure(state, place, {kVolumes * one.voxel_count, kVolumes * one.size_bytes}, [&] {
    if (together) return make(0, kVolumes);
    for (std::int64_t v = 0; v < kVolumes; ++v) make(v, 1);
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
  add_cases("resample_linear_float16", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    run<Float16>(state, place, size, Interpolator::linear);
  });
  add_cases("resample_linear_float32_with_transfers", Where::devices, run_with_transfers);
  const std::vector<Size3> small = {{256, 256, 30}, {128, 128, 40}, {64, 64, 30}};
  for (const bool together : {true, false}) {
    const auto run = [=](benchmark::State& state, const Place& place, Size3 size) {
      run_series(state, place, size, together);
    };
    add_cases(together ? "resample_linear_together" : "resample_linear_one_by_one", Where::devices, run, small);
  }
}

}  // namespace naru::bench
