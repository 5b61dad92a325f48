#include "dicom/rle_segments.h"

namespace naru::dicom {

RleShape rle_shape(const PixelFormat& format) {
  return {static_cast<std::size_t>(format.samples_per_pixel * format.bits_allocated / 8),
          static_cast<std::size_t>(format.rows * format.columns)};
}

std::optional<std::vector<std::size_t>> rle_places(Bytes frame, std::size_t segments) {
  constexpr std::size_t kOffsetBytes = 4, kMostSegments = 15;
  if (frame.size() < kRleHeaderBytes || segments > kMostSegments || read_u32(frame, 0, false) != segments) return {};
  std::vector<std::size_t> places;
  for (std::size_t n = 1; n <= segments; ++n) places.push_back(read_u32(frame, kOffsetBytes * n, false));
  places.push_back(frame.size());
  std::size_t before = kRleHeaderBytes;
  for (const std::size_t place : places) {
    if (place < before) return {};
    before = place;
  }
  return places;
}

RleRuns rle_runs(Bytes frame, std::size_t begin, std::size_t end, std::size_t wanted) {
  constexpr int kNothing = 128, kRunBase = 257;
  RleRuns runs{begin};
  while (runs.given < wanted && runs.end + 1 < end) {
    const int control = std::to_integer<int>(frame[runs.end]);
    runs.ends_in_literals = control < kNothing;
    if (control != kNothing) {
      runs.given += static_cast<std::size_t>(runs.ends_in_literals ? control + 1 : kRunBase - control);
    }
    runs.end += static_cast<std::size_t>(runs.ends_in_literals ? control + 2 : control == kNothing ? 1 : 2);
  }
  return runs;
}

bool has_whole_rle_segments(Bytes frame, const RleShape& shape) {
  const auto places = rle_places(frame, shape.segments);
  if (!places) return false;
  for (std::size_t n = 0; n < shape.segments; ++n) {
    const std::size_t end = (*places)[n + 1];
    const RleRuns runs = rle_runs(frame, (*places)[n], end, shape.segment_bytes);
    const std::size_t cut_short = runs.end > end ? runs.end - end : 0;
    if (runs.given - cut_short < shape.segment_bytes) return false;
  }
  return true;
}

}  // namespace naru::dicom
