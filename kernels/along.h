/// Private to kernels/: distances by axis, for devices too.
#pragma once

#include "core/geometry.h"
#include "kernels/backend.h"

namespace naru {

/// Between neighbours along `axis`, in voxels.
NARU_HOST_DEVICE inline std::int64_t stride_along(const Size3& size, int axis) {
  return axis == 0 ? 1 : axis == 1 ? size.x : size.x * size.y;
}

}  // namespace naru
