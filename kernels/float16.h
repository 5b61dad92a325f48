/// The cast from float32 to float16 (IEEE 754 binary16), one voxel at a time.
///
/// Rounded half to even, subnormal numbers too. What float16 cannot hold becomes its greatest number, +-65504, infinity
/// included: saturation, as the casts to int16 do it, since one infinite voxel spoils every sum that meets it. NaN
/// becomes the quiet NaN 0x7e00. The same bits on every backend, and where it is the last step of `resample` or
/// `apply_intensity`, which on CUDA have no pass for it.
#pragma once

#include <cstdint>

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

/// The bits of a binary16 number.
struct Float16 {
  std::uint16_t bits;
  friend bool operator==(const Float16&, const Float16&) = default;
};

/// @param in, out same size, in memory that `executor` reaches; they may not overlap. Asynchronous on CUDA.
void cast_float16(VolumeView<const float> in, VolumeView<Float16> out, Executor& executor);

/// Exact.
float to_float32(Float16 value);

}  // namespace naru
