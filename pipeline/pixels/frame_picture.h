/// Parts of a frame as grey pictures.
#pragma once

#include <cstdint>
#include <span>

#include "core/volume.h"
#include "dicom/deidentify/policy.h"
#include "pipeline/png.h"

namespace naru {

/// Half open: from (left, top) up to and without (right, bottom).
struct FramePart {
  std::int64_t left = 0, top = 0, right = 0, bottom = 0;
};

/// A box and `rim` pixels around it, as far as the frame goes.
FramePart part_of(const dicom::PixelBox& box, std::int64_t rim, Size3 size);

/// A part of one plane of a frame, from black to white; what is no number is black.
GreyPicture picture_of(VolumeView<const float> frame, const FramePart& part, float black, float white,
                       std::int64_t plane = 0);

/// Smaller by a whole factor, so that no side is longer than `most`.
GreyPicture shrunk(const GreyPicture& picture, std::int64_t most);

/// Larger by a whole factor, values between pixels interpolated.
GreyPicture grown(const GreyPicture& picture, std::int64_t factor);

/// Turned by 90 degrees, clockwise.
GreyPicture turned(const GreyPicture& picture);

/// Pictures in rows of equal cells. @pre there is one at least
GreyPicture tiled(std::span<const GreyPicture> pictures, std::int64_t in_row);

}  // namespace naru
