#include "dicom/deidentify/rle_rest.h"

#include <optional>

#include "dicom/element_walk.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kHeaderBytes = 64, kMostSegments = 15;

/// Where a segment that lies from `at` to `end` has given `wanted` bytes: literal ones of its last run that are more
/// are not of it.
std::optional<std::size_t> end_of_segment(Bytes frame, std::size_t at, std::size_t end, std::size_t wanted,
                                          TextEraser& eraser) {
  constexpr int kNothing = 128;
  for (std::size_t given = 0; given < wanted;) {
    if (at >= end) return std::nullopt;
    const int code = std::to_integer<int>(frame[at]);
    const bool is_literal = code < kNothing;
    if (code != kNothing) given += static_cast<std::size_t>(is_literal ? code + 1 : 257 - code);
    at += static_cast<std::size_t>(is_literal ? code + 2 : code == kNothing ? 1 : 2);
    if (is_literal && given > wanted && at <= end) eraser.zero(at - (given - wanted), given - wanted);
  }
  return at <= end ? std::optional(at) : std::nullopt;
}

}  // namespace

bool erase_rle_rest(TextEraser& eraser, const RleShape& shape) {
  const Bytes frame = eraser.bytes();
  if (frame.size() < kHeaderBytes || shape.segments == 0 || shape.segments > kMostSegments) return false;
  if (read_u32(frame, 0, false) != shape.segments) return false;
  const auto place = [&](std::size_t n) { return std::size_t{read_u32(frame, 4 * (n + 1), false)}; };
  std::size_t last_end = kHeaderBytes;
  for (std::size_t n = 0; n < shape.segments; ++n) {
    const std::size_t begin = place(n), end = n + 1 < shape.segments ? place(n + 1) : frame.size();
    if (begin < last_end || end < begin || end > frame.size()) return false;
    eraser.zero_tail(last_end, begin);
    const auto segment_end = end_of_segment(frame, begin, end, shape.segment_bytes, eraser);
    if (!segment_end) return false;
    last_end = *segment_end;
  }
  eraser.zero_tail(last_end, frame.size());
  const std::size_t unused = 4 * (shape.segments + 1);
  eraser.zero(unused, kHeaderBytes - unused);
  return true;
}

}  // namespace naru::dicom
