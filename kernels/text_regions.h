/// Regions of text: what a map of probabilities says, as boxes.
///
/// Hysteresis: a region is a set of pixels of at least `low`, joined by sides or corners, of which one reaches `high`.
/// Shapes: column (x) fastest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
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

/// What cannot be judged, NaN or below 0, is text.
inline float judged(float probability) { return probability >= 0 ? probability : 1; }

/// @param probability one plane in host memory, as `judged` has it
/// @return by the row, then the column in which each is met first
std::vector<TextRegion> find_text_regions(VolumeView<const float> probability, TextThresholds thresholds);

/// From here on a region is text where it stands beside text.
inline constexpr float kBesideText = 0.6F;

/// What alone would not do is text where it stands beside text: the rest of a word, the other words of a line. Beside
/// is what stands no farther from a piece of text than that is high (its shorter side), and is at most twice as high.
/// @param is_text by region; gains what stands beside text, and beside that, until nothing more does or `most` are text
void add_text_beside(std::span<const TextRegion> regions, std::vector<bool>& is_text, std::size_t most);

}  // namespace naru
