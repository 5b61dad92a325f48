#include "kernels/affine.h"

#include <cmath>

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

/// A turn of 10 degrees about z on the grid as it is.
void run(benchmark::State& state, const Place& place, Size3 size, Interpolator interpolator) {
  const double c = std::cos(0.1745), s = std::sin(0.1745);
  const double x = static_cast<double>(size.x - 1) / 2, y = static_cast<double>(size.y - 1) / 2;
  const AffineOptions options{
      {{{{c, -s, 0, x - c * x + s * y}, {s, c, 0, y - s * x - c * y}, {0, 0, 1, 0.3}}}}, interpolator, {}};
  const std::int64_t size_bytes = size.voxel_count() * static_cast<std::int64_t>(sizeof(std::int16_t) + sizeof(float));
  auto in = ct_ring(size.voxel_count(), *place.executor);
  Ring<float> out(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size_bytes}, [&] {
    resample_affine(VolumeView<const std::int16_t>{in.next(), size}, VolumeView<float>{out.next(), size}, options,
                    *place.executor);
  });
}

}  // namespace

void add_affine() {
  add_cases("affine_linear_float32", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    run(state, place, size, Interpolator::linear);
  });
  add_cases("affine_bspline_float32", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    run(state, place, size, Interpolator::bspline);
  });
}

}  // namespace naru::bench
