/// Private to kernels/: reading ahead, and writing past the caches, whole cache lines at a time. Else each line would
/// be read before it is written, a third of all that moves. _mm_sfence() ends it, before other threads are told of what
/// was written.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/volume.h"

namespace naru {

inline constexpr std::int64_t kLineBytes = 64;

/// Asks for what will be read soon.
inline void ask_for(const void* at) { __builtin_prefetch(at); }

/// Asks for what lies some way behind `at`, where memory is read from its begin to its end: the hardware stops asking
/// at the end of each page. What is behind the last page is asked for in vain.
inline void ask_ahead(const void* at) {
  constexpr std::uintptr_t kAheadBytes = 4096;
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(at) + kAheadBytes));
}

/// From `bytes` on the first place that is `beyond` bytes behind the begin of a cache line.
inline std::byte* line_from(std::byte* bytes, std::uintptr_t beyond) {
  return bytes + (beyond - reinterpret_cast<std::uintptr_t>(bytes)) % kLineBytes;
}

/// The first place in `values` that is `beyond` bytes behind the begin of a cache line.
template <class T>
T* line_in(std::vector<T>& values, std::uintptr_t beyond = 0) {
  return reinterpret_cast<T*>(line_from(reinterpret_cast<std::byte*>(values.data()), beyond));
}

/// Copies past the caches, but for the first and the last cache line where those are not whole.
/// @pre both lie in cache lines alike
template <class T>
void stream(const T* from, T* to, std::int64_t count) {
  constexpr std::int64_t kLineValues = kLineBytes / sizeof(T);
  const auto beyond = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(to) % kLineBytes / sizeof(T));
  std::int64_t i = beyond == 0 ? 0 : std::min(kLineValues - beyond, count);
  std::copy_n(from, i, to);
  for (; i + kLineValues <= count; i += kLineValues) {
    const auto* const line = reinterpret_cast<const __m128i*>(from + i);
    auto* const to_line = reinterpret_cast<__m128i*>(to + i);
    for (int part = 0; part < 4; ++part) _mm_stream_si128(to_line + part, _mm_load_si128(line + part));
  }
  std::copy_n(from + i, count - i, to + i);
}

/// Rows as they are put together, before they are streamed to where they belong.
template <class T>
class LineBuffer {
 public:
  LineBuffer(std::int64_t rows, std::int64_t width)
      : stride_(stride_bytes(width)),
        bytes_(std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(rows * stride_ + kLineBytes))) {}

  /// From row to row.
  static std::int64_t stride_bytes(std::int64_t width) {
    return width * static_cast<std::int64_t>(sizeof(T)) / kLineBytes * kLineBytes + 3 * kLineBytes;
  }

  /// Where row `row` lies in its cache lines as `to` does.
  T* like(const T* to, std::int64_t row) {
    return reinterpret_cast<T*>(line_from(bytes_.get() + row * stride_, reinterpret_cast<std::uintptr_t>(to)));
  }

 private:
  std::int64_t stride_;  // bytes
  std::unique_ptr<std::byte[]> bytes_;
};

/// Whether no core keeps it in its caches.
template <class T>
bool is_worth_streaming(const VolumeView<T>& out) {
  constexpr std::int64_t kStreamedBytes = std::int64_t{4} << 20;
  return out.size.voxel_count() * static_cast<std::int64_t>(sizeof(T)) >= kStreamedBytes;
}

/// Rows begin to end of `out`, counted along y, then z: `make(y, z, line)` writes one to `line`, which is where it
/// belongs, or from where it is streamed there.
template <class T, class Make>
void write_rows(VolumeView<T> out, std::int64_t begin, std::int64_t end, const Make& make) {
  const bool is_streamed = is_worth_streaming(out);
  LineBuffer<T> buffer(is_streamed ? 1 : 0, out.size.x);
  for (std::int64_t row = begin; row < end; ++row) {
    T* const to = out.data + row * out.size.x;
    T* const line = is_streamed ? buffer.like(to, 0) : to;
    make(row % out.size.y, row / out.size.y, line);
    if (is_streamed) stream(line, to, out.size.x);
  }
  if (is_streamed) _mm_sfence();
}

/// To be called some time before `stream`: cache lines at the ends are written only in part, so they have to be there;
/// everything else would wait for them.
template <class T>
void ask_for_ends(const T* to, std::int64_t count) {
  constexpr int kToWrite = 1;
  __builtin_prefetch(to, kToWrite);
  __builtin_prefetch(to + count - 1, kToWrite);
}

}  // namespace naru
