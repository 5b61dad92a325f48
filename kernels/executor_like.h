/// More executors of one kind, for work that runs side by side.
#pragma once

#include "kernels/executor.h"

namespace naru {

/// A new executor on the same CPU threads or CUDA device; on a device it has a stream of its own, and
/// both keep one store of host memory.
/// @throws Error{device_unavailable} where the device failed
Executor executor_like(Executor& one);

}  // namespace naru
