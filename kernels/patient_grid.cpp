#include "kernels/patient_grid.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/fill.h"
#include "kernels/patient_grid_voxel.h"

namespace naru {

namespace {

/// Index of a cell to patient.
Affine patient_from_cell(const PatientGrid& grid) {
  Affine map;
  for (int axis = 0; axis < 3; ++axis) {
    Vec3 column{};
    column[static_cast<std::size_t>(axis)] = grid.cell_mm;
    map.set_column(axis, column);
  }
  map.set_column(3, grid.origin_mm);
  return map;
}

/// Places along each axis of a cell: no voxel of the stack is skipped, and two at least, which soften the edges.
int samples_of(const Grid& stack, double cell_mm) {
  const Vec3 spacing = stack.spacing_mm();
  const double finest = std::min({spacing[0], spacing[1], spacing[2]});
  constexpr double kMost = 8;
  return static_cast<int>(std::clamp(std::ceil(cell_mm / finest), 2.0, kMost));
}

}  // namespace

std::array<std::int64_t, 3> PatientGrid::cell_at(const Vec3& mm) const {
  std::array<std::int64_t, 3> cell{};
  for (std::size_t axis = 0; axis < 3; ++axis) cell[axis] = nearest((mm[axis] - origin_mm[axis]) / cell_mm);
  return cell;
}

PatientGrid patient_grid(const Grid& stack, double cell_mm) {
  const auto corners = corners_in_patient(stack);
  Vec3 low = corners[0], high = corners[0];
  for (const Vec3& corner : corners) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], corner[axis]);
      high[axis] = std::max(high[axis], corner[axis]);
    }
  }
  const auto cells = [&](std::size_t axis) {
    return static_cast<std::int64_t>(std::ceil((high[axis] - low[axis]) / cell_mm)) + 1;
  };
  return {{cells(0), cells(1), cells(2)}, low, cell_mm};
}

Affine inverse(const Affine& map) {
  const Vec3 a = map.column(0), b = map.column(1), c = map.column(2), offset = map.column(3);
  const double determinant = dot(a, cross(b, c));
  assert(determinant != 0);
  const std::array<Vec3, 3> rows = {(1 / determinant) * cross(b, c), (1 / determinant) * cross(c, a),
                                    (1 / determinant) * cross(a, b)};
  Affine result;
  for (std::size_t r = 0; r < 3; ++r) {
    result.rows[r] = {rows[r][0], rows[r][1], rows[r][2], -dot(rows[r], offset)};
  }
  return result;
}

template <class In>
void see_in_patient_axes(VolumeView<const In> stored, const Grid& stack, float slope, float intercept,
                         const PatientGrid& grid, VolumeView<float> out, Executor& executor) {
  assert(stored.size == stack.size && out.size == grid.size);
  const MapRows voxel_from_cell(inverse(stack.patient_from_voxel) * patient_from_cell(grid));
  fill_voxels(out, PatientGridVoxel<In>{stored, voxel_from_cell, samples_of(stack, grid.cell_mm), slope, intercept},
              executor);
}

template <class T>
void replace_in_cells(VolumeView<T> voxels, const Grid& stack, std::int64_t first_slice, const PatientGrid& grid,
                      VolumeView<const std::uint8_t> cells, T value, Executor& executor) {
  assert(cells.size == grid.size);
  const MapRows cell_from_voxel(inverse(patient_from_cell(grid)) * stack.patient_from_voxel);
  fill_voxels(voxels, ReplaceInCellsVoxel<T>{voxels, cell_from_voxel, first_slice, cells, value}, executor);
}

#define NARU_INSTANTIATE(T)                                                                             \
  template void see_in_patient_axes(VolumeView<const T>, const Grid&, float, float, const PatientGrid&, \
                                    VolumeView<float>, Executor&);                                      \
  template void replace_in_cells(VolumeView<T>, const Grid&, std::int64_t, const PatientGrid&,          \
                                 VolumeView<const std::uint8_t>, T, Executor&);
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE

}  // namespace naru
