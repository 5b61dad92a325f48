/// A part of a case's result, and voxels that are owned: what the steps of a case hand to each other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/volume.h"
#include "kernels/buffer.h"
#include "pipeline/slices.h"

namespace naru {

/// A volume that is owned: memory and size together.
template <class T>
struct Owned {
  Buffer<T> buffer;
  Size3 size;
  VolumeView<T> view() { return {buffer.data(), size}; }
};

template <class T>
Owned<T> allocate(const Size3& size, Executor& executor) {
  return {Buffer<T>(static_cast<std::size_t>(size.voxel_count()), executor), size};
}

/// A part of one volume of the case.
struct Slab {
  std::size_t volume = 0;
  std::int64_t begin = 0, end = 0;  ///< of the result, along GridPlan::slice_axis()
  SliceRange source;                ///< slices of the stack that it is made of
};

}  // namespace naru
