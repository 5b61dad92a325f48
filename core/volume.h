/// Volumes in host memory and views of volumes anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/geometry.h"

namespace naru {

/// Type of the stored voxels.
enum class DType { int16, uint16, float32 };
constexpr std::string_view name(DType dtype) {
  return dtype == DType::int16 ? "int16" : dtype == DType::uint16 ? "uint16" : "float32";
}
constexpr std::size_t size_bytes(DType dtype) { return dtype == DType::float32 ? 4 : 2; }

/// Borrowed dense voxels, i fastest, then j, then k. The memory may be the host's or a device's.
template <class T>
struct VolumeView {
  T* data = nullptr;
  Size3 size;

  constexpr std::int64_t index(std::int64_t i, std::int64_t j, std::int64_t k) const {
    return i + size.x * (j + size.y * k);
  }
  operator VolumeView<const T>() const { return {data, size}; }
};

}  // namespace naru
