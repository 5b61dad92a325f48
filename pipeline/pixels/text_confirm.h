/// A second opinion on a piece of text: text stays text however it is seen, anatomy that looks like letters does not.
#pragma once

#include <cstdint>
#include <optional>

#include "core/volume.h"
#include "kernels/text_pyramid.h"
#include "kernels/text_regions.h"
#include "pipeline/pixels/text_device.h"

namespace naru {

/// From here on a region is text without a second opinion.
inline constexpr float kCertainText = 0.9995F;

/// The most and, negative, the least that one look says.
inline constexpr float kMostLogOdds = 9;

/// What the mean log-odds of all six looks must reach. Rings and bars of bone look like one letter, seldom like a line:
/// what is less than kSignShape times as long as it is high must be surest, what is kLineShape times as long may be
/// least sure, and what lies between as it lies between. Chosen by python/training/tune.py.
inline constexpr float kConfirmedSign = 4.5F, kConfirmedLine = 2.5F;
inline constexpr float kSignShape = 2, kLineShape = 3;

/// Sees the surroundings of a region in five other ways: moved by a few pixels, turned by half a turn, larger by a
/// quarter, with its greys shifted (gamma 0.6), and softened (sigma 0.6 pixels). Each says a probability of every place
/// of the region; its log-odds, from -9 to 9, count, and so do those of the first look (region.probability). What the
/// looks say is compared at one place, that of which they say most together: in a large region some place looks like
/// text in every view, but another one in each. Stops once that is settled.
/// @param slice, windows as detect_text_at_all_scales has them, in host memory
/// @return the mean where it is text
std::optional<float> confirmed_log_odds(const TextNetwork& network, VolumeView<const float> slice,
                                        const TextWindows& windows, const TextRegion& region, TextDevice& device);

/// The mean of all six, which the thresholds are about.
float text_log_odds(const TextNetwork& network, VolumeView<const float> slice, const TextWindows& windows,
                    const TextRegion& region, TextDevice& device);

}  // namespace naru
