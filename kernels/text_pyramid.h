/// Burned-in text at every size: one slice, seen at several scales.
///
///   render:  window w of a slice = clamp((value - low[w]) / (high[w] - low[w]), 0, 1)
///   view:    the windows at scale s, continued by their edge values
///   merge:   probability(x, y) = the largest of what the views say of that place
///
/// Scales: 1; 1/2 where a side has 200 pixels or more, 1/4 where it has more than 1,400; 2 where both have less than
/// 400. The network was trained on text in every direction, so that a slice need not be seen turned. A view is smaller
/// by means of squares of pixels, larger by repetition.
///
/// Shapes: column (x) fastest, row, then plane. A grey slice has one plane; a colour one has three: luminance, the
/// largest and the smallest channel.
#pragma once

#include <array>
#include <vector>

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/text_network.h"

namespace naru {

/// What is black and what is white in each window, in units of the slice's values.
struct TextWindows {
  std::array<float, kTextWindows> low{}, high{};
};

/// How many pixels the edge goes on for, so that text that the edge cuts is seen as text.
inline constexpr std::int64_t kTextEdge = 8;

/// @param slice 1 or 3 planes; values may be NaN or infinite, which count as black and white
/// @param probability one plane as large as the slice; NaN where the network gives none
/// @param longest of a part of a slice: how long the longer side of the slice is, by which scales are chosen; 0: of a
/// whole one
/// Both in memory that `executor`, for which `network` was made, reaches. Asynchronous on CUDA.
void detect_text_at_all_scales(const ReachableTextNetwork& network, VolumeView<const float> slice,
                               const TextWindows& windows, VolumeView<float> probability, Executor& executor,
                               std::int64_t longest = 0);

/// The same for a slice in host memory, once it is done. @throws Error{memory_exceeded, device_unavailable}
std::vector<float> text_probability(const ReachableTextNetwork& network, VolumeView<const float> slice,
                                    const TextWindows& windows, Executor& executor, std::int64_t longest = 0);

}  // namespace naru
