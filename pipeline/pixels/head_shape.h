/// The outline of a head in the patient's axes, coarsely: what is tissue, what is air, what was not scanned.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/distance.h"
#include "kernels/patient_grid.h"

namespace naru {

/// Cells of this size show a nose and take little time.
inline constexpr double kHeadCellMm = 2;

struct HeadShape {
  PatientGrid grid;
  Mask inside;   ///< the head: skin, and all that it encloses
  Mask scanned;  ///< cells of the stack; what lies outside of them is not known
};

/// @param values one a cell, NaN where nothing was scanned; HU where `is_ct`
HeadShape head_shape(const PatientGrid& grid, std::span<const float> values, bool is_ct, Executor& executor);

/// The threshold that parts values best into two classes (Otsu, IEEE Trans. SMC 9, 1979), of those that are numbers,
/// clipped at their 99th percentile. 0 where there are none.
double otsu_threshold(std::span<const float> values);

/// The value below which `share` of the values lie that are numbers; 0 where there are none.
double percentile(std::span<const float> values, double share);

}  // namespace naru
