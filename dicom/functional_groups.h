/// The frames of a multi-frame object, from its functional groups (PS3.3 C.7.6.16).
#pragma once

#include <optional>
#include <vector>

#include "core/code.h"
#include "dicom/header_values.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// Copies of `file` for each of its frames, with position, directions, values and timing from the frame's functional
/// groups, then from those shared by all frames; Philips' private and the converted attributes of old objects count
/// where the standard's groups are silent. Position and directions are never taken from outside the groups, unless
/// there is one frame only: no geometry is invented.
/// `dimension_indices` are those of the dimensions that are none of space (C.7.6.17).
/// @param file what the whole file says: identity and pixels
/// @param problem set to corrupt where groups and frames do not agree in number, missing_geometry, or what else makes a
/// frame unusable; the frames are returned as far as they have a place
/// Source: PS3.3 C.7.6.16 (macros), C.7.6.17 (dimensions), C.8.13 (MR), C.8.15 (CT).
std::vector<Instance> read_frames(const HeaderValues& header, const Instance& file, std::optional<Code>& problem);

/// How each frame of an object of any class is shown, wherever it lies, with or without a place in the patient: by its
/// functional groups, those shared by all, and the data set. One alone where frames have no groups of their own.
std::vector<ShownValues> read_shown_frames(const HeaderValues& header, const PixelFormat& format);

}  // namespace naru::dicom
