#include "kernels/labels.h"

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

/// Blocks of 16 voxels with one of five labels, 0.7 x 0.7 x 1.25 mm to 1 mm.
void run(benchmark::State& state, const Place& place, Size3 size) {
  Grid grid{size, {}};
  for (int a = 0; a < 3; ++a) grid.patient_from_voxel.rows[a][a] = a < 2 ? 0.7 : 1.25;
  const ResampledGrid target = resampled(grid, {1, 1, 1});
  const Size3& to = target.grid.size;
  auto host = Buffer<std::uint8_t>::on_host(static_cast<std::size_t>(size.voxel_count()), *place.executor);
  for (std::int64_t i = 0; i < size.voxel_count(); ++i) {
    const std::int64_t block = i % size.x / 16 + 7 * (i / size.x % size.y / 16) + 3 * (i / (size.x * size.y) / 16);
    host.data()[i] = static_cast<std::uint8_t>(block % 5);
  }
  const auto in = to_executor(std::move(host), *place.executor);
  Ring<std::uint8_t> out(to.voxel_count(), *place.executor);
  measure(state, place, {to.voxel_count(), size.voxel_count() + to.voxel_count()}, [&] {
    resample_labels(VolumeView<const std::uint8_t>{in.data(), size}, VolumeView<std::uint8_t>{out.next(), to},
                    target.axes, LabelRule::greatest, *place.executor);
  });
}

}  // namespace

void add_labels() { add_cases("labels_uint8", Where::everywhere, run); }

}  // namespace naru::bench
