#include "kernels/patient_grid.h"

#include <vector>

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

/// A head scan: voxels of 0.5 x 0.5 x 1 mm.
Grid head_scan(Size3 size) {
  Grid stack{size, {}};
  stack.patient_from_voxel.set_column(0, {0.5, 0, 0});
  stack.patient_from_voxel.set_column(1, {0, 0.5, 0});
  return stack;
}

}  // namespace

void add_patient_grid() {
  add_cases("patient_grid_2mm", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    const Grid stack = head_scan(size);
    const PatientGrid grid = patient_grid(stack, 2);
    auto in = ct_ring(size.voxel_count(), *place.executor);
    Ring<float> out(grid.size.voxel_count(), *place.executor);
    measure(state, place, {size.voxel_count(), size.voxel_count() * 2 + grid.size.voxel_count() * 4}, [&] {
      see_in_patient_axes(VolumeView<const std::int16_t>{in.next(), size}, stack, 1, 0, grid,
                          VolumeView<float>{out.next(), grid.size}, *place.executor);
    });
  });
  add_cases("replace_in_cells", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    const Grid stack = head_scan(size);
    const PatientGrid grid = patient_grid(stack, 2);
    auto in = ct_ring(size.voxel_count(), *place.executor);
    Ring<std::uint8_t> cells(grid.size.voxel_count(), *place.executor);
    measure(state, place, {size.voxel_count(), size.voxel_count() * 4 + grid.size.voxel_count()}, [&] {
      replace_in_cells(VolumeView<std::int16_t>{in.next(), size}, stack, 0, grid,
                       VolumeView<const std::uint8_t>{cells.next(), grid.size}, std::int16_t{-1000}, *place.executor);
    });
  });
}

}  // namespace naru::bench
