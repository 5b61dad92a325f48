#include "dicom/pixels.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <vector>

#include "dicom/dcmtk/codecs.h"
#include "dicom/file_reader.h"
#include "dicom/fragments.h"
#include "dicom/inflate.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

static_assert(std::endian::native == std::endian::little, "stored values are read straight into memory");

namespace {

/// No lossless coder makes a frame longer than twice its pixels plus its headers; what follows is not read.
constexpr std::uint64_t kMaxCodedExtraBytes = std::uint64_t{1} << 20;

/// A deflated file is read, and what precedes its pixels passed over, in pieces of this size.
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
/// The coded frame is there with its fragments joined, within DCMTK's element and, for JPEG-LS, once more in its codec;
/// what was read of the file is gone by then.
constexpr std::uint64_t kCodedCopies = 3;
/// Tables, rows and objects of a decoder, whatever the image: 0.7 MiB measured for lossless JPEG of 16 bits.
constexpr std::uint64_t kDecoderBytes = std::uint64_t{1} << 20;
/// DCMTK's JPEG decoders keep coefficients of the whole image, two bytes a value, where a stream has several scans.
constexpr std::uint64_t kCoefficientBytes = 2;

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

/// Inflates straight into `out`; what stands before the pixels passes through a small buffer. Nothing of the file is
/// read beyond the pixels' end.
std::optional<Code> read_deflated(const FileReader& file, const PixelFormat& format, std::span<std::uint16_t> out) {
  if (format.offset_bytes > kHeaderPrefixBytes) return Code::too_large;
  std::vector<std::byte> piece(kPieceBytes), passed(kPieceBytes);
  std::uint64_t offset = format.deflated_from_bytes;
  Inflater inflater([&] {
    const std::size_t count = file.read_at(offset, piece);
    offset += count;
    return Bytes(piece).first(count);
  });
  for (std::uint64_t left = format.offset_bytes; left > 0;) {
    const std::size_t count = inflater.read(std::span(passed).first(std::min<std::uint64_t>(left, kPieceBytes)));
    if (count == 0) return Code::truncated;
    left -= count;
  }
  return read_native(format, out, [&](std::span<std::byte> bytes) { return inflater.read(bytes); });
}

std::uint64_t max_coded_bytes(const PixelFormat& format) { return 2 * stored_bytes(format) + kMaxCodedExtraBytes; }

std::optional<Code> read_encapsulated(const FileReader& file, const PixelFormat& format, std::span<std::uint16_t> out) {
  const Frame frame = join_fragments(read_from(file, format.offset_bytes, max_coded_bytes(format)));
  if (frame.end == WalkEnd::cut_short) return Code::truncated;
  if (frame.end == WalkEnd::malformed) return Code::corrupt;
  return decode_frame(frame.bytes, format, out);
}

}  // namespace

std::uint64_t decode_buffer_bytes(const Instance& instance) {
  const PixelFormat& format = instance.pixels;
  const SyntaxInfo* syntax = find_syntax(format.transfer_syntax_uid);
  if (syntax == nullptr) return 0;
  const std::uint64_t stored = stored_bytes(format);
  if (syntax->is_encapsulated) {
    const std::uint64_t value_count = static_cast<std::uint64_t>(format.rows * format.columns);
    // The decoded frame, and for RLE the segment that is being decoded.
    return kDecoderBytes + kCodedCopies * max_coded_bytes(format) + 2 * stored + kCoefficientBytes * value_count;
  }
  const std::uint64_t narrow = format.bits_allocated == 8 ? stored : 0;
  return syntax->is_deflated ? narrow + 2 * kPieceBytes + kInflateBytes : narrow;
}

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
