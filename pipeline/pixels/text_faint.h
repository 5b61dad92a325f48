/// Text that no window shows: a few levels from a background of exactly one value.
#pragma once

#include <vector>

#include "core/volume.h"

namespace naru {

/// The plane z = 0 of `slice`, in the same shape, with nothing on its commonest value but the letters that somebody may
/// have written in another: of what differs from it by at most a twentieth of the range and lies amid it, the pixels of
/// the one value that most have, where these hang together as strokes do. Noise and the edges of masks have many
/// values. Empty where there is no such value. Anybody who asks for the exact values can read such text.
std::vector<float> faint_on_constant(VolumeView<const float> slice);

}  // namespace naru
