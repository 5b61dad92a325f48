#include "dicom/jpeg_header.h"

namespace naru::dicom {

namespace {

constexpr int kPrefix = 0xFF, kStartOfImage = 0xD8, kStartOfScan = 0xDA, kJpegLsFrame = 0xF7;

/// SOF0..SOF15 without the three markers of other meaning among them (DHT, JPG, DAC).
bool is_frame_marker(int marker) {
  const bool is_sof = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  return is_sof || marker == kJpegLsFrame;
}

}  // namespace

std::optional<JpegHeader> read_jpeg_header(Bytes stream) {
  constexpr std::size_t kFrameHeaderBytes = 8;  // length 2, precision 1, rows 2, columns 2, components 1
  const auto byte = [&](std::size_t at) { return std::to_integer<int>(stream[at]); };
  if (stream.size() < 4 || byte(0) != kPrefix || byte(1) != kStartOfImage) return std::nullopt;
  std::size_t offset = 2;
  while (stream.size() - offset >= 2 + kFrameHeaderBytes && byte(offset) == kPrefix) {
    const int marker = byte(offset + 1);
    if (marker == kPrefix) {  // fill bytes may precede a marker
      ++offset;
      continue;
    }
    if (marker == kStartOfScan) break;
    const std::size_t segment = offset + 2;
    if (is_frame_marker(marker)) {
      return JpegHeader{byte(segment + 2), read_u16(stream, segment + 3, true), read_u16(stream, segment + 5, true),
                        byte(segment + 7)};
    }
    offset = segment + read_u16(stream, segment, true);
    if (offset > stream.size()) break;
  }
  return std::nullopt;
}

}  // namespace naru::dicom
