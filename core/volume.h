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

/// Borrowed volumes of one size that follow each other in memory.
template <class T>
struct VolumesView {
  VolumeView<T> first;
  std::int64_t count = 1;

  constexpr VolumeView<T> volume(std::int64_t n) const {
    return {first.data + n * first.size.voxel_count(), first.size};
  }
  /// All slices behind each other: for what is done to each slice, or each voxel, by itself.
  constexpr VolumeView<T> stacked() const { return {first.data, {first.size.x, first.size.y, first.size.z * count}}; }
  operator VolumesView<const T>() const { return {first, count}; }
};

}  // namespace naru
