#include "dicom/pixels.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <vector>

#include "dicom/dcmtk/codecs.h"
#include "dicom/file_layout.h"
#include "dicom/file_reader.h"
#include "dicom/fragments.h"
#include "dicom/inflate.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

static_assert(std::endian::native == std::endian::little, "stored values are read straight into memory");

namespace {

/// No lossless coder makes a frame longer than twice its pixels plus its headers; what follows is not read.
constexpr std::uint64_t kMaxCodedExtraBytes = std::uint64_t{1} << 20;

std::size_t stored_bytes(const PixelFormat& format) {
  return static_cast<std::size_t>(format.rows * format.columns) * static_cast<std::size_t>(format.bits_allocated / 8);
}

/// Values of one byte become values of two.
void widen(std::span<const std::byte> bytes, std::span<std::uint16_t> out) {
  std::ranges::transform(bytes, out.begin(), [](std::byte byte) { return std::to_integer<std::uint16_t>(byte); });
}

void swap_bytes(std::span<std::uint16_t> values) {
  for (std::uint16_t& value : values) value = static_cast<std::uint16_t>(value << 8 | value >> 8);
}

/// Moves Bits Stored down from High Bit, clears what is above and extends the sign.
void keep_stored_bits(const PixelFormat& format, std::span<std::uint16_t> values) {
  if (format.bits_stored == 16) return;
  const int shift = format.high_bit + 1 - format.bits_stored;
  const unsigned mask = (1u << format.bits_stored) - 1;
  const unsigned sign = format.is_signed ? 1u << (format.bits_stored - 1) : 0;
  for (std::uint16_t& value : values) {
    value = static_cast<std::uint16_t>((((value >> shift) & mask) ^ sign) - sign);
  }
}

/// `fill(bytes)` writes the stored bytes of one uncompressed frame and returns how many it had.
template <class Fill>
std::optional<Code> read_native(const PixelFormat& format, std::span<std::uint16_t> out, Fill fill) {
  const std::size_t wanted = stored_bytes(format);
  if (format.bits_allocated == 16) {
    if (fill(std::as_writable_bytes(out)) != wanted) return Code::truncated;
    if (format.is_big_endian) swap_bytes(out);
    return std::nullopt;
  }
  std::vector<std::byte> bytes(wanted);
  if (fill(std::span(bytes)) != wanted) return Code::truncated;
  widen(bytes, out);
  return std::nullopt;
}

std::vector<std::byte> read_from(const FileReader& file, std::uint64_t offset, std::uint64_t max_bytes) {
  if (offset >= file.size_bytes()) return {};
  std::vector<std::byte> bytes(std::min(file.size_bytes() - offset, max_bytes));
  bytes.resize(file.read_at(offset, bytes));
  return bytes;
}

std::optional<Code> read_deflated(const FileReader& file, const PixelFormat& format, std::span<std::uint16_t> out) {
  const auto whole = read_from(file, 0, file.size_bytes());
  const auto layout = read_layout(whole);
  if (!layout) return Code::corrupt;
  const std::size_t end = format.offset_bytes + stored_bytes(format);
  const auto inflated = inflate_prefix(std::span(whole).subspan(layout->data_set_offset), end);
  if (inflated.size() < end) return Code::truncated;
  return read_native(format, out, [&](std::span<std::byte> bytes) {
    std::ranges::copy(std::span(inflated).subspan(format.offset_bytes, bytes.size()), bytes.begin());
    return bytes.size();
  });
}

std::optional<Code> read_encapsulated(const FileReader& file, const PixelFormat& format, std::span<std::uint16_t> out) {
  const std::uint64_t max_bytes = 2 * stored_bytes(format) + kMaxCodedExtraBytes;
  const Frame frame = join_fragments(read_from(file, format.offset_bytes, max_bytes));
  if (frame.end == WalkEnd::cut_short) return Code::truncated;
  if (frame.end == WalkEnd::malformed) return Code::corrupt;
  return decode_frame(frame.bytes, format, out);
}

}  // namespace

bool is_uint16(const PixelFormat& format) { return !format.is_signed && format.bits_stored == 16; }

std::optional<Code> read_pixels(const std::filesystem::path& path, const Instance& instance,
                                std::span<std::uint16_t> out) {
  const PixelFormat& format = instance.pixels;
  assert(out.size() == static_cast<std::size_t>(format.rows * format.columns));
  const SyntaxInfo* syntax = find_syntax(format.transfer_syntax_uid);
  if (syntax == nullptr) return Code::unsupported_transfer_syntax;
  const FileReader file(path);
  if (!file.is_open()) return Code::unreadable;

  std::optional<Code> problem;
  if (syntax->is_encapsulated) {
    problem = read_encapsulated(file, format, out);
  } else if (syntax->is_deflated) {
    problem = read_deflated(file, format, out);
  } else {
    problem =
        read_native(format, out, [&](std::span<std::byte> bytes) { return file.read_at(format.offset_bytes, bytes); });
  }
  if (!problem) keep_stored_bits(format, out);
  return problem;
}

}  // namespace naru::dicom
