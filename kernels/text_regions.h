/// Regions of text: what a map of probabilities says, as boxes.
///
/// Hysteresis: a region is a set of pixels of at least `low`, joined by sides or corners, of which one reaches `high`.
/// Shapes: column (x) fastest.
#pragma once

#include <cstdint>
#include <vector>

#include "core/volume.h"

namespace naru {

struct TextRegion {
  std::int64_t x = 0, y = 0, width = 0, height = 0;  ///< the smallest box around it, in pixels
  std::int64_t pixel_count = 0;
  float probability = 0;  ///< the largest in it
};

/// Chosen by python/training/tune.py: few pixels of text are missed, and few regions of anatomy are taken for it.
struct TextThresholds {
  float low = 0.25F, high = 0.9F;
};

/// @param probability one plane in host memory; NaN counts as 1: what cannot be judged is text
/// @return by the row, then the column in which each is met first
std::vector<TextRegion> find_text_regions(VolumeView<const float> probability, TextThresholds thresholds);

}  // namespace naru
