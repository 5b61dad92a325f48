/// Rescale, clip, normalise and cast, one voxel at a time.
///
///   units = slope * stored + intercept         (HU for CT; PS3.3 C.11.1.1.2)
///   value = gain * clamp(units, clip_low, clip_high) + offset
///   out   = value cast to Out: float32 as it is; int16 rounded half to even and saturated, NaN to 0; Float16 as
///           kernels/float16.h has it
///
/// Arithmetic is f32 with fused multiply-add, in this order, on every backend: CPU and GPU agree to the bit.
#pragma once

#include <limits>

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/statistics.h"

namespace naru {

struct IntensityMap {
  float slope = 1, intercept = 0;
  float clip_low = -std::numeric_limits<float>::infinity();  ///< in units
  float clip_high = std::numeric_limits<float>::infinity();  ///< in units
  float gain = 1, offset = 0;
};

/// `map` with gain and offset such that [low, high] in units becomes [0, 1] (values outside are clipped to it), to
/// within the rounding of f32: 1e-6.
/// @pre low < high
IntensityMap windowed(IntensityMap map, double low, double high);

/// `map` with gain and offset such that out = (units - mean) / deviation. @pre deviation > 0
IntensityMap zscored(IntensityMap map, double mean, double deviation);

/// What `map` makes of a value that is in units already. Out: int16, float.
template <class Out>
Out value_of_units(float units, IntensityMap map);

/// `map` as nnU-Net normalises CT (CTNormalization): units clipped to the 0.5th and 99.5th percentile of the dataset's
/// foreground, then (units - mean) / deviation; a deviation below 1e-8 counts as 1e-8. @param foreground in units
IntensityMap ct_normalized(IntensityMap map, const Fingerprint& foreground);

/// Applies `map` to every voxel.
/// @param in, out same size, in memory that `executor` reaches; they may not overlap unless identical in type and place
/// In: int16, uint16, float. Out: int16, float, Float16. Asynchronous on CUDA.
template <class In, class Out>
void apply_intensity(VolumeView<const In> in, VolumeView<Out> out, const IntensityMap& map, Executor& executor);

}  // namespace naru
