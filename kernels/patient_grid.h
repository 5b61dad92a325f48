/// A stack seen in the patient's axes, coarsely: x to the left, y to the back, z up (LPS), cells of one size.
///
///   out(x, y, z) = slope * mean + intercept of what is stored at `samples`^3 places, evenly spread over the cell, each
///                  the nearest voxel of the stack; NaN where more than half of them lie outside of it
///
/// Places are computed in f64, means in f32 in the order x, y, z: CPU and GPU agree to the bit.
#pragma once

#include "core/geometry.h"
#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

struct PatientGrid {
  Size3 size;
  Vec3 origin_mm{};    ///< centre of cell (0, 0, 0), patient frame
  double cell_mm = 0;  ///< along each axis

  Vec3 center(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return origin_mm + cell_mm * Vec3{static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)};
  }
  /// The cell that holds a point; may lie outside of the grid.
  std::array<std::int64_t, 3> cell_at(const Vec3& mm) const;
};

/// The grid that holds every voxel centre of a stack.
PatientGrid patient_grid(const Grid& stack, double cell_mm);

/// The affine map that undoes another. @pre its linear part can be undone
Affine inverse(const Affine& map);

/// @param stored one value a voxel of `stack`; In: int16, uint16, float
/// @param out one value a cell of `grid`. Both in memory that `executor` reaches. Asynchronous on CUDA.
template <class In>
void see_in_patient_axes(VolumeView<const In> stored, const Grid& stack, float slope, float intercept,
                         const PatientGrid& grid, VolumeView<float> out, Executor& executor);

/// Puts `value` where `cells` says so, and leaves every other voxel as it is to the bit.
///
/// Voxel (i, j, k) of `voxels` is slice first_slice + k of `stack`; it is replaced where the cell of `grid` that its
/// centre lies in is not 0. All in memory that `executor` reaches. T: int16, uint16, float.
template <class T>
void replace_in_cells(VolumeView<T> voxels, const Grid& stack, std::int64_t first_slice, const PatientGrid& grid,
                      VolumeView<const std::uint8_t> cells, T value, Executor& executor);

}  // namespace naru
