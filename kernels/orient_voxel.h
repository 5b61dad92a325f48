/// Private to kernels/: where ONE voxel of a reoriented volume comes from.
#pragma once

#include <cstdint>

#include "kernels/backend.h"

namespace naru {

template <class T>
struct OrientVoxel {
  const T* first;           ///< the source of target voxel (0, 0, 0)
  std::int64_t strides[3];  ///< how far the source moves per step along each target axis; negative where flipped

  NARU_HOST_DEVICE T load(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return first[x * strides[0] + y * strides[1] + z * strides[2]];
  }
  NARU_HOST_DEVICE T made(T value) const { return value; }
  NARU_HOST_DEVICE T operator()(std::int64_t x, std::int64_t y, std::int64_t z) const { return load(x, y, z); }
};

}  // namespace naru
