/// A part of a case's result, and voxels that are owned: what the steps of a case hand to each other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/volume.h"
#include "kernels/buffer.h"
#include "pipeline/slices.h"

namespace naru {

/// Volumes that are owned, mostly one: memory and size together.
template <class T>
struct Owned {
  Buffer<T> buffer;
  Size3 size;  ///< of each
  std::int64_t count = 1;
  VolumesView<T> view() { return {{buffer.data(), size}, count}; }
};

template <class T>
Owned<T> allocate(const Size3& size, std::int64_t count, Executor& executor) {
  return {Buffer<T>(static_cast<std::size_t>(size.voxel_count() * count), executor), size, count};
}

/// A part of one volume of the case, or several whole volumes.
struct Slab {
  std::size_t volume = 0;           ///< the first
  std::int64_t begin = 0, end = 0;  ///< of the result, along GridPlan::slice_axis()
  SliceRange source;                ///< slices of the stack that it is made of
  std::size_t volumes = 1;
};

}  // namespace naru
