#include "dicom/jpeg_header.h"

#include <algorithm>
#include <array>

namespace naru::dicom {

namespace {

constexpr int kPrefix = 0xFF, kStartOfImage = 0xD8, kStartOfScan = 0xDA, kJpegLsFrame = 0xF7, kJpegLsPresets = 0xF8;

/// SOF0..SOF15 without the three markers of other meaning among them (DHT, JPG, DAC).
bool is_frame_marker(int marker) {
  const bool is_sof = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  return is_sof || marker == kJpegLsFrame;
}

/// Markers that may lead a segment before the first scan: frames, tables, SOS to DRI, APPn, JPEG-LS, COM. Others have
/// no length, and DCMTK's search for the frame header never ends at some of them.
bool is_segment_marker(int marker) {
  constexpr int kComment = 0xFE;
  const bool is_frame_or_table = marker >= 0xC0 && marker <= 0xCF && marker != 0xC8;
  const bool is_scan_or_table = marker >= kStartOfScan && marker <= 0xDD && marker != 0xDC;
  const bool is_application = marker >= 0xE0 && marker <= 0xEF;
  return is_frame_or_table || is_scan_or_table || is_application || marker == kJpegLsFrame ||
         marker == kJpegLsPresets || marker == kComment;
}

/// T.87 C.2.4.1.1.1: largest value, three thresholds and reset, where none are given.
std::array<int, 5> default_presets(int precision_bits, int near) {
  const int largest = (1 << std::clamp(precision_bits, 2, 16)) - 1;
  const int factor = (std::min(largest, 4095) + 128) / 256;
  return {largest, factor + 2 + 3 * near, 4 * factor + 3 + 5 * near, 17 * factor + 4 + 7 * near, 64};
}

/// True where the LSE segment, if there is one, repeats the defaults; zero stands for a default.
bool are_default_presets(Bytes segment, int precision_bits, int near) {
  if (segment.empty()) return true;
  const auto defaults = default_presets(precision_bits, near);
  if (segment.size() != 1 + 2 * defaults.size() || byte_at(segment, 0) != 1) return false;
  for (std::size_t n = 0; n < defaults.size(); ++n) {
    const int value = read_u16(segment, 1 + 2 * n, true);
    if (value != 0 && value != defaults[n]) return false;
  }
  return true;
}

}  // namespace

std::optional<JpegHeader> read_jpeg_header(Bytes stream) {
  constexpr std::size_t kFrameBytes = 6;  // precision 1, rows 2, columns 2, components 1
  constexpr std::size_t kNearOffset = 3;  // in the header of a scan of one component
  if (stream.size() < 2 || byte_at(stream, 0) != kPrefix || byte_at(stream, 1) != kStartOfImage) return std::nullopt;
  JpegHeader header;
  Bytes presets;
  std::size_t offset = 2;
  while (stream.size() - offset >= 4 && byte_at(stream, offset) == kPrefix) {
    const int marker = byte_at(stream, offset + 1);
    const std::size_t length = read_u16(stream, offset + 2, true);
    if (!is_segment_marker(marker) || length < 2 || length > stream.size() - offset - 2) return std::nullopt;
    const Bytes segment = stream.subspan(offset + 4, length - 2);
    if (marker == kStartOfScan) {
      header.near = segment.size() > kNearOffset ? byte_at(segment, kNearOffset) : 0;
      header.has_default_presets &= are_default_presets(presets, header.precision_bits, header.near);
      return header;
    }
    if (is_frame_marker(marker) && segment.size() >= kFrameBytes) {
      header.precision_bits = byte_at(segment, 0);
      header.rows = read_u16(segment, 1, true);
      header.columns = read_u16(segment, 3, true);
      header.components = byte_at(segment, 5);
    }
    if (marker == kJpegLsPresets) {
      header.has_default_presets = presets.empty();  // one segment; what a second one says is not looked into
      presets = segment;
    }
    offset += 2 + length;
  }
  return std::nullopt;
}

}  // namespace naru::dicom
