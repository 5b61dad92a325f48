/// What shows no face, by its size, or by the part of the body that it says it is of.
#pragma once

#include <string_view>

#include "core/geometry.h"

namespace naru {

inline constexpr double kCoarsestMm = 3.03;  ///< voxels that show a face: 3 mm, and what rounding adds
inline constexpr double kThinnestMm = 20;    ///< along every axis: less shows none

/// Why a stack shows no face, by its grid: "too_coarse" or "too_thin"; empty where it may.
std::string_view too_small_for_a_face(const Grid& grid);

/// A body part that is no head, by its name of public_body_part, and whether a scan of it may reach up to one.
struct OtherPart {
  std::string_view name;
  bool may_reach_head;
};

/// The row of a body part (0018,0015) that is known and is no head; null for all else.
const OtherPart* other_part(std::string_view body_part);

}  // namespace naru
