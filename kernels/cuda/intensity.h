/// Private to kernels/: the intensity map of a run of voxels on the device.
#pragma once

#include <cstdint>

#include "kernels/executor.h"
#include "kernels/intensity.h"

namespace naru::cuda {

/// out[i] = map of in[i], for any addresses.
template <class In, class Out>
void apply_intensity(const In* in, Out* out, std::int64_t count, const IntensityMap& map, Executor& executor);

}  // namespace naru::cuda
