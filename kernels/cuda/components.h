/// Private to kernels/: the device halves of kernels/components.h.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/components.h"

namespace naru::cuda {

std::vector<Component> label_components(VolumeView<const std::uint8_t> mask, VolumeView<std::int32_t> labels,
                                        Neighbours neighbours, Executor& executor);

/// is_open[n] = 1 where component n reaches the border of the volume; the others stay. Asynchronous.
void mark_open(VolumeView<const std::int32_t> labels, std::uint8_t* is_open, Executor& executor);

}  // namespace naru::cuda
