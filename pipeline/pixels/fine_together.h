/// Stacks of slices that show no face alone, each too coarse or too thin, and may do so together: their slices lie
/// between each other's.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <vector>

#include "core/geometry.h"
#include "pipeline/scan.h"

namespace naru {

/// True where some of parallel planes lie in a run of 20 mm or more in which each is 3 mm or less behind the one
/// before.
/// @param places_mm along their normal, in any order
bool lie_finely(std::vector<double> places_mm);

/// Of parallel stacks, those (by index, rising) that have slices in a run of 20 mm or more in which each lies 3 mm or
/// less behind the one before, and which more than one stack makes.
std::vector<std::size_t> fine_together(std::span<const Grid> grids);

/// True where single images lie in more directions than the three planes of the body: views of a volume from all
/// around, whatever they call themselves.
bool look_from_all_around(std::span<const Grid> grids);

/// The same as fine_together of `stacks` (indices into scan.stacks), as far as they are too coarse or too thin and no
/// limbs. Put together are the stacks of one series; and of one study and frame of reference those of slices of 3 mm or
/// less, whatever they show, and thicker ones that one acquisition may have made: of one matrix, spacing, thickness,
/// echo and kernel, and not of a part of the body that is known to be no head. And single derived images of 3 mm or
/// less of one series that look from all around, but for such a part and for projections (MIP).
std::set<std::size_t> fine_together(const Scan& scan, std::span<const std::size_t> stacks);

}  // namespace naru
