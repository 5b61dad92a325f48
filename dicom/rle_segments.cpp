#include "dicom/rle_segments.h"

#include <algorithm>
#include <cstdint>

namespace naru::dicom {

namespace {

constexpr std::size_t kHeaderBytes = 64, kOffsetBytes = 4, kMostSegments = 15;

/// Bytes that a segment expands to (PackBits).
std::size_t expanded_bytes(Bytes segment) {
  constexpr int kNothing = 128, kRunBase = 257;
  std::size_t bytes = 0;
  for (std::size_t at = 0; at + 1 < segment.size();) {
    const int control = std::to_integer<int>(segment[at]);
    if (control < kNothing) {
      const auto literal = static_cast<std::size_t>(control) + 1;
      bytes += std::min(literal, segment.size() - at - 1);
      at += 1 + literal;
    } else {
      if (control > kNothing) bytes += static_cast<std::size_t>(kRunBase - control);
      at += control == kNothing ? 1 : 2;
    }
  }
  return bytes;
}

}  // namespace

bool has_whole_rle_segments(Bytes frame, std::size_t count, std::size_t segment_bytes) {
  if (frame.size() < kHeaderBytes || count > kMostSegments || read_u32(frame, 0, false) != count) return false;
  const auto begin_of = [&](std::size_t n) -> std::size_t {
    return n < count ? read_u32(frame, kOffsetBytes * (n + 1), false) : frame.size();
  };
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t begin = begin_of(n), end = begin_of(n + 1);
    if (begin < kHeaderBytes || begin > end || end > frame.size()) return false;
    if (expanded_bytes(frame.subspan(begin, end - begin)) < segment_bytes) return false;
  }
  return true;
}

}  // namespace naru::dicom
