#include "benchmarks/kernels/measure.h"
#include "kernels/resample.h"

namespace naru::bench {

namespace {

/// 0.7 x 0.7 x 1.25 mm to 1 mm, as kernels/resample.cpp does it with nearest and linear.
void run(benchmark::State& state, const Place& place, Size3 size, const ResampleOptions& kind) {
  Grid grid{size, {}};
  for (int a = 0; a < 3; ++a) grid.patient_from_voxel.rows[a][a] = a < 2 ? 0.7 : 1.25;
  const ResampledGrid target = resampled(grid, {1, 1, 1});
  ResampleOptions options = kind;
  options.axes = target.axes;
  options.intensity = windowed({}, -1000, 1000);
  const Size3& to = target.grid.size;
  const std::int64_t size_bytes = size.voxel_count() * static_cast<std::int64_t>(sizeof(std::int16_t)) +
                                  to.voxel_count() * static_cast<std::int64_t>(sizeof(float));
  auto in = ct_ring(size.voxel_count(), *place.executor);
  Ring<float> out(to.voxel_count(), *place.executor);
  measure(state, place, {to.voxel_count(), size_bytes}, [&] {
    resample(VolumeView<const std::int16_t>{in.next(), size}, VolumeView<float>{out.next(), to}, options,
             *place.executor);
  });
}

void add(const std::string& name, const ResampleOptions& kind) {
  add_cases(name, Where::everywhere,
            [kind](benchmark::State& state, const Place& place, Size3 size) { run(state, place, size, kind); });
}

}  // namespace

void add_separable() {
  add("resample_bspline_float32", {{}, Interpolator::bspline, {}});
  add("resample_lanczos_float32", {{}, Interpolator::lanczos, {}});
  ResampleOptions antialiased{{}, Interpolator::linear, {}};
  antialiased.sigma = {0.43, 0.43, 0};  // of the step 1 / 0.7
  add("resample_antialiased_float32", antialiased);
}

}  // namespace naru::bench
