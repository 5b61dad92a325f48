/// Text that no window shows: a few levels from a background of exactly one value.
#pragma once

#include <vector>

#include "core/volume.h"

namespace naru {

/// What differs by at most a twentieth of the frame's range from its commonest value, and lies amid that value: the
/// plane z = 0 of `slice` with all else set to it, in the same shape. Empty where no value is so common, or where too
/// little differs to be text. Anybody who asks for the exact values can read it.
std::vector<float> faint_on_constant(VolumeView<const float> slice);

}  // namespace naru
