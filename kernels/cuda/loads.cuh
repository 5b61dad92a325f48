/// Private to *.cu: memory that is read 16 bytes at a time.
#pragma once

#include <cstdint>

#include "core/volume.h"

namespace naru::cuda {

/// Values that one load of 16 bytes brings.
template <class T>
struct alignas(16) Together {
  static constexpr int kCount = 16 / sizeof(T);
  T values[kCount];
};

inline bool is_aligned(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0; }

/// Values that follow each other, as loads see them: what lies before the first address that is a multiple of 16 and
/// behind the last is single.
template <class T>
struct Loads {
  const T* first = nullptr;
  std::int64_t values = 0;
  std::int64_t head = 0, count = 0;  ///< single values before, and loads

  __host__ __device__ Loads(const T* begin, std::int64_t value_count) : first(begin), values(value_count) {
    const auto beyond = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(begin) % sizeof(Together<T>));
    head = beyond == 0 ? 0 : static_cast<std::int64_t>((sizeof(Together<T>) - beyond) / sizeof(T));
    head = head < values ? head : values;
    count = (values - head) / Together<T>::kCount;
  }
  explicit Loads(VolumeView<const T> in) : Loads(in.data, in.size.voxel_count()) {}

  /// Of the values from place(n) on.
  __device__ Together<T> load(std::int64_t n) const { return reinterpret_cast<const Together<T>*>(first + head)[n]; }
  __device__ std::int64_t place(std::int64_t n) const { return head + n * Together<T>::kCount; }

  /// Calls `use(value, place)` of what is in no load, a value a thread; fewer than two loads hold.
  template <class Use>
  __device__ void each_single(int thread, const Use& use) const {
    const std::int64_t at = thread < head ? thread : thread + count * Together<T>::kCount;
    if (at < values) use(first[at], at);
  }
};

}  // namespace naru::cuda
