/// What is blanked of text that was found.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dicom/deidentify/policy.h"
#include "kernels/text_regions.h"

namespace naru {

/// How many times as long as high a piece of text is.
float shape_of(const TextRegion& region);

/// Of a piece of text: its box and a margin, broader along the line; in one frame or, with -1, in all.
dicom::PixelBox box_of(const TextRegion& region, std::int64_t frame);

/// The part of a box that lies in a frame.
dicom::PixelBox clipped(const dicom::PixelBox& box, std::int64_t columns, std::int64_t rows);

/// What lies between boxes of one line: side by side in the same frame (or both in all), about as high, and no farther
/// from each other than 1.5 times that height. A sign too faint to be found may stand there.
std::vector<dicom::PixelBox> between_words(std::span<const dicom::PixelBox> boxes);

/// Whether a region lies in a box of its frame and that box's rim: a blanked box holds one value, and the corners of a
/// black rectangle over anatomy look like letters.
bool is_in_boxes(const TextRegion& region, std::int64_t frame, std::span<const dicom::PixelBox> boxes);

}  // namespace naru
