/// Private to kernels/: the device half of kernels/foreground_box.h. Waits.
#pragma once

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/foreground_box_voxel.h"

namespace naru::cuda {

template <class T>
BoxSoFar foreground_box(VolumeView<const T> in, ForegroundRule rule, Executor& executor);

}  // namespace naru::cuda
