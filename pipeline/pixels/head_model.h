/// An average head, made of ellipsoids: no person's, and no image's.
///
/// The head's own frame: millimetres, x to its left, y to the back, z up; the origin lies in the middle of the root of
/// the nose. Sizes are near the means of adults: 196 mm long, 152 mm wide, 122 mm from the root of the nose to the
/// vertex.
#pragma once

#include "core/geometry.h"

namespace naru {

/// Millimetres from a point to the surface of the average head, to first order; negative inside.
double distance_to_average_head(const Vec3& point_mm);

/// Where the skin lies at the root of the nose.
inline constexpr Vec3 kNasionOfAverageHead = {0, 6, -4};
inline constexpr Vec3 kCentreOfAverageHead = {0, 97, 32};

}  // namespace naru
