/// Where a head lies: the average head laid over its outline by registration with ITK, stiffly and with one scale.
#pragma once

#include <optional>

#include "core/geometry.h"
#include "pipeline/pixels/head_shape.h"

namespace naru {

struct HeadPose {
  Affine patient_from_head;  ///< of the frame of head_model.h
  double scale = 1;
  double pitch_degrees = 0, yaw_degrees = 0, roll_degrees = 0;  ///< about x, z and y; 0 where the frames agree
  /// Dice coefficient of both heads, in what was scanned above the mouth.
  double overlap = 0;

  Vec3 nasion_mm() const;  ///< patient frame
};

/// The pose whose outline agrees best, first of the whole head, then of the face. Empty where there is nothing to lay
/// over each other. Deterministic: the same shape gives the same pose on any number of threads.
/// Method: mean squares between distances to the skin, cut off at 12 mm; Powell's method from three pitches, then from
/// four heights of the face.
std::optional<HeadPose> register_head(const HeadShape& shape, Executor& executor);

}  // namespace naru
