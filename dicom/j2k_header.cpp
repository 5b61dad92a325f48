#include "dicom/j2k_header.h"

#include <algorithm>

namespace naru::dicom {

namespace {

constexpr int kStartOfCodestream = 0xFF4F, kSize = 0xFF51, kCodingStyle = 0xFF52, kComponentStyle = 0xFF53,
              kStartOfTilePart = 0xFF90, kStartOfData = 0xFF93, kEndOfCodestream = 0xFFD9;
constexpr std::uint32_t kSignatureBox = 0x6A502020, kCodestreamBox = 0x6A703263;

std::uint32_t u16(Bytes bytes, std::size_t offset) { return read_u16(bytes, offset, true); }
std::uint32_t u32(Bytes bytes, std::size_t offset) { return read_u32(bytes, offset, true); }

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

/// Follows the markers of one stream.
class Walk {
 public:
  explicit Walk(Bytes stream) : stream_(stream) {}

  std::optional<J2kHeader> run() {
    if (stream_.size() < 4 || u16(stream_, 0) != kStartOfCodestream || u16(stream_, 2) != kSize) return std::nullopt;
    std::size_t offset = 2;
    if (!read_segments(offset, kStartOfTilePart) || header_.columns == 0 || !has_style_) return std::nullopt;
    return read_tile_parts(offset) ? std::optional(header_) : std::nullopt;
  }

 private:
  /// Reads segments up to `last`, which `offset` is moved to.
  bool read_segments(std::size_t& offset, int last) {
    while (stream_.size() - offset >= 4) {
      const int marker = static_cast<int>(u16(stream_, offset));
      if (marker == last) return true;
      const std::size_t length = u16(stream_, offset + 2);
      if (marker < kStartOfCodestream || length < 2 || length > stream_.size() - offset - 2) return false;
      const Bytes segment = stream_.subspan(offset + 4, length - 2);
      if (marker == kSize && !read_size(segment)) return false;
      if (marker == kCodingStyle && !read_style(segment)) return false;
      if (marker == kComponentStyle && !read_component_style(segment)) return false;
      offset += 2 + length;
    }
    return false;
  }

  /// A part of unknown length is the last one. The end mark may be missing: some encoders leave it out.
  bool read_tile_parts(std::size_t offset) {
    constexpr std::size_t kTilePartBytes = 12;
    while (stream_.size() - offset >= kTilePartBytes && u16(stream_, offset) == kStartOfTilePart) {
      const std::uint64_t length = u32(stream_, offset + 6);
      if (u16(stream_, offset + 4) >= tile_count_) return false;
      std::size_t data = offset + kTilePartBytes;
      if (!read_segments(data, kStartOfData)) return false;
      if (length == 0) return true;
      if (length < data + 2 - offset || length > stream_.size() - offset) return false;
      offset += length;
    }
    return stream_.size() - offset < 2 || u16(stream_, offset) == kEndOfCodestream;
  }

  bool read_size(Bytes segment) {
    constexpr std::size_t kFixedBytes = 36, kComponentBytes = 3;
    if (segment.size() < kFixedBytes + kComponentBytes || header_.columns != 0) return false;
    const std::uint64_t x1 = u32(segment, 2), y1 = u32(segment, 6), x0 = u32(segment, 10), y0 = u32(segment, 14);
    const std::uint64_t tile_x = u32(segment, 18), tile_y = u32(segment, 22);
    const std::uint64_t first_x = u32(segment, 26), first_y = u32(segment, 30);
    const std::size_t components = u16(segment, 34);
    const bool is_sound = x1 > x0 && y1 > y0 && tile_x > 0 && tile_y > 0 && first_x <= x0 && first_y <= y0 &&
                          first_x + tile_x > x0 && first_y + tile_y > y0 && components > 0;
    if (!is_sound || segment.size() != kFixedBytes + kComponentBytes * components) return false;
    const int depth = byte_at(segment, kFixedBytes);
    for (std::size_t n = 0; n < components; ++n) {
      const std::size_t at = kFixedBytes + kComponentBytes * n;
      if (byte_at(segment, at) != depth || byte_at(segment, at + 1) != 1 || byte_at(segment, at + 2) != 1) return false;
    }
    tile_count_ = ceil_div(x1 - first_x, tile_x) * ceil_div(y1 - first_y, tile_y);
    tile_columns_ = std::min(tile_x, x1 - x0);
    tile_rows_ = std::min(tile_y, y1 - y0);
    header_.columns = static_cast<std::int64_t>(x1 - x0);
    header_.rows = static_cast<std::int64_t>(y1 - y0);
    header_.components = static_cast<int>(components);
    header_.precision_bits = (depth & 0x7F) + 1;
    header_.is_signed = (depth & 0x80) != 0;
    return tile_count_ <= kMaxJ2kTiles;
  }

  bool read_style(Bytes segment) {
    if (segment.size() < 10 || header_.columns == 0) return false;
    layers_ = u16(segment, 2);
    header_.has_color_transform = byte_at(segment, 4) != 0;
    has_style_ = true;
    return read_levels(segment.subspan(5), (byte_at(segment, 0) & 1) != 0);
  }

  bool read_component_style(Bytes segment) {
    const std::size_t index_bytes = header_.components < 257 ? 1 : 2;
    if (segment.size() < index_bytes + 6 || !has_style_) return false;
    return read_levels(segment.subspan(index_bytes + 1), (byte_at(segment, index_bytes) & 1) != 0);
  }

  /// Levels, size of code blocks and of precincts, wavelets; counts the packets that these make of an image.
  bool read_levels(Bytes style, bool has_precincts) {
    constexpr int kMaxLevels = 32, kReversible = 1;
    constexpr std::size_t kFixedBytes = 5, kTransformation = 4;
    const int levels = byte_at(style, 0);
    header_.is_reversible &= byte_at(style, kTransformation) == kReversible;
    const int block_x = (byte_at(style, 1) & 0xF) + 2, block_y = (byte_at(style, 2) & 0xF) + 2;
    if (levels > kMaxLevels || block_x > 10 || block_y > 10 || block_x + block_y > 12) return false;
    if (block_x + block_y < kMinJ2kCodeBlockBits || layers_ == 0) return false;
    if (has_precincts && style.size() < kFixedBytes + static_cast<std::size_t>(levels) + 1) return false;
    std::uint64_t precincts = 0;
    for (int level = 0; level <= levels; ++level) {
      const int exponents = has_precincts ? byte_at(style, kFixedBytes + static_cast<std::size_t>(level)) : 0xFF;
      const int shift_x = levels - level + (exponents & 0xF), shift_y = levels - level + (exponents >> 4);
      precincts += ((tile_columns_ >> shift_x) + 2) * ((tile_rows_ >> shift_y) + 2);
    }
    const auto components = static_cast<std::uint64_t>(header_.components);
    precincts *= tile_count_;
    return precincts <= kMaxJ2kPrecincts && precincts * layers_ * components <= kMaxJ2kPackets;
  }

  Bytes stream_;
  J2kHeader header_;
  std::uint64_t tile_count_ = 0, tile_columns_ = 0, tile_rows_ = 0, layers_ = 0;
  bool has_style_ = false;
};

}  // namespace

Bytes find_codestream(Bytes stream) {
  constexpr std::size_t kBoxBytes = 8, kLongBoxBytes = 16;
  if (stream.size() < kBoxBytes || u32(stream, 4) != kSignatureBox) return stream;
  while (stream.size() >= kBoxBytes) {
    std::uint64_t length = u32(stream, 0), header = kBoxBytes;
    const std::uint32_t type = u32(stream, 4);
    if (length == 1 && stream.size() >= kLongBoxBytes) {
      length = std::uint64_t{u32(stream, 8)} << 32 | u32(stream, 12);
      header = kLongBoxBytes;
    }
    if (length == 0) length = stream.size();
    // The last box may state a byte that padding has taken or added.
    if (type == kCodestreamBox && length >= header) {
      return stream.subspan(header, std::min<std::uint64_t>(length, stream.size()) - header);
    }
    if (length < header || length > stream.size()) return {};
    stream = stream.subspan(length);
  }
  return {};
}

std::optional<J2kHeader> read_j2k_header(Bytes codestream) { return Walk(codestream).run(); }

}  // namespace naru::dicom
