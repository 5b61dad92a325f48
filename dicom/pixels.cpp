#include "dicom/pixels.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <string_view>
#include <utility>
#include <vector>

#include "core/trace.h"
#include "dicom/codecs/decode.h"
#include "dicom/file_reader.h"
#include "dicom/fragments.h"
#include "dicom/inflate.h"
#include "dicom/j2k_header.h"
#include "dicom/jpeg_header.h"
#include "dicom/pixel_checks.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

static_assert(std::endian::native == std::endian::little, "stored values are read straight into memory");

namespace {

/// No lossless coder makes a frame longer than twice its pixels plus its headers; what follows is not read.
constexpr std::uint64_t kMaxCodedExtraBytes = std::uint64_t{1} << 20;

/// A deflated file is read, and what precedes its pixels passed over, in pieces of this size.
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
/// The coded frame is there with its fragments joined, within DCMTK's element and, for JPEG-LS, once more in its codec.
constexpr std::uint64_t kCodedCopies = 3;
/// Tables, rows and objects of a decoder, whatever the image: 0.7 MiB measured for lossless JPEG of 16 bits.
constexpr std::uint64_t kDecoderBytes = std::uint64_t{1} << 20;
/// DCMTK's JPEG decoders keep coefficients of the whole image, two bytes a value, where a stream has several scans.
constexpr std::uint64_t kCoefficientBytes = 2;
/// OpenJPEG has 4 bytes a value in its image, 4 in its tile and, at worst, 4 in the lists of code blocks (of 64 values
/// and 256 bytes at least); beside them its reading buffer and kMaxJ2kPrecincts lists of 400 bytes.
constexpr std::uint64_t kJ2kValueBytes = 12, kJ2kBytes = std::uint64_t{8} << 20;

/// Values of one byte become values of two.
void widen(std::span<const std::byte> bytes, std::span<std::uint16_t> out) {
  std::ranges::transform(bytes, out.begin(), [](std::byte byte) { return std::to_integer<std::uint16_t>(byte); });
}

void swap_bytes(std::span<std::uint16_t> values) {
  for (std::uint16_t& value : values) value = static_cast<std::uint16_t>(value << 8 | value >> 8);
}

/// Moves Bits Stored down from High Bit, clears what is around them and extends the sign. The declared padding that
/// goes beyond them stays as it is.
/// @return unused_bits_set where what was cleared above them is no overlay that the header declares, and no sign that
/// was extended in all values or in none: large values would become small ones
std::optional<Code> keep_stored_bits(const PixelFormat& format, std::span<std::uint16_t> values) {
  if (format.bits_stored == 16) return std::nullopt;
  const int shift = format.high_bit + 1 - format.bits_stored;
  const unsigned mask = (1u << format.bits_stored) - 1;
  const unsigned sign = format.is_signed ? 1u << (format.bits_stored - 1) : 0;
  const unsigned above =
      ((1u << format.bits_allocated) - 1) & ~(mask << shift | ((1u << shift) - 1) | format.overlay_bits.value_or(0));
  unsigned stray = 0, extended = 0, plain = 0;  // bits of positive, of negative values
  for (std::uint16_t& value : values) {
    if (value == format.padding_word) continue;
    const unsigned of_sign = (value >> shift & sign) != 0 ? above : 0;
    stray |= value & above & ~of_sign;
    extended |= value & of_sign;
    plain |= ~value & of_sign;
    value = static_cast<std::uint16_t>((((value >> shift) & mask) ^ sign) - sign);
  }
  const bool is_told = stray == 0 && (extended == 0 || plain == 0);
  return is_told ? std::nullopt : std::optional(Code::unused_bits_set);
}

/// How far a lossy coder may have moved values beyond Bits Stored: beside edges and in noise, where its stream is of
/// more bits. 0 where it is lossless.
int most_overshoot(Bytes frame, const PixelFormat& format) {
  constexpr std::string_view kNearLossless = "1.2.840.10008.1.2.4.81";
  constexpr int kOvershootPart = 32;  // of the range: wavelets swing by a few per cent of the steps beside them
  if (format.transfer_syntax_uid == kNearLossless) {
    const auto header = read_jpeg_header(frame);
    return header ? header->near : 0;
  }
  if (find_syntax(format.transfer_syntax_uid)->codec != Codec::openjpeg) return 0;
  const auto header = read_j2k_header(find_codestream(frame));
  return header && !header->is_reversible ? (1 << format.bits_stored) / kOvershootPart : 0;
}

/// Brings values that lie beyond Bits Stored by `most` and less back to their least or largest. Signed ones are numbers
/// of 16 bits where any is negative in them; else their sign may be the highest of Bits Stored.
void clamp_overshoot(const PixelFormat& format, int most, std::span<std::uint16_t> values) {
  const bool is_plain = format.bits_allocated == 16 && format.high_bit + 1 == format.bits_stored &&
                        format.bits_stored < 16 && format.overlay_bits.value_or(0) == 0;
  const auto is_negative = [](std::uint16_t value) { return static_cast<std::int16_t>(value) < 0; };
  if (most == 0 || !is_plain || (format.is_signed && std::ranges::none_of(values, is_negative))) return;
  const int least = format.is_signed ? -(1 << (format.bits_stored - 1)) : 0;
  const int greatest = least + (1 << format.bits_stored) - 1;
  for (std::uint16_t& value : values) {
    const int number = stored_number(value, !format.is_signed);
    const bool is_near = number >= least - most && number <= greatest + most;
    if (is_near) value = static_cast<std::uint16_t>(std::clamp(number, least, greatest));
  }
}

/// 16-bit values are where they belong already; those of 8 bits stand in `bytes`.
std::optional<Code> finish_values(const PixelFormat& format, std::span<const std::byte> bytes,
                                  std::span<std::uint16_t> out) {
  if (format.bits_allocated == 8) widen(bytes, out);
  if (format.bits_allocated == 16 && format.is_big_endian) swap_bytes(out);
  return keep_stored_bits(format, out);
}

std::uint64_t max_coded_bytes(const PixelFormat& format) {
  return 2 * native_frame_bytes(format) + kMaxCodedExtraBytes;
}

/// Inflates straight into `out`; what stands before the pixels passes through a small buffer. Nothing of the file is
/// read beyond the pixels' end.
std::optional<Code> read_deflated(const FileReader& file, const PixelFormat& format, std::span<std::uint16_t> out) {
  if (format.offset_bytes > kHeaderPrefixBytes) return Code::too_large;
  const Span span(Stage::decode, "inflate");
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
  std::vector<std::byte> narrow(format.bits_allocated == 8 ? out.size() : 0);
  const std::span<std::byte> bytes = narrow.empty() ? std::as_writable_bytes(out) : std::span(narrow);
  if (inflater.read(bytes) != bytes.size()) return Code::truncated;
  return finish_values(format, narrow, out);
}

/// True where the part lies within the frame; written so that no sum can overflow.
bool is_within(const Instance& part, const PixelFormat& format) {
  return part.tile_i >= 0 && part.tile_j >= 0 && part.columns > 0 && part.rows > 0 && part.columns <= format.columns &&
         part.rows <= format.rows && part.tile_i <= format.columns - part.columns &&
         part.tile_j <= format.rows - part.rows;
}

Instance whole_frame(const PixelFormat& format) {
  Instance part;
  part.columns = format.columns;
  part.rows = format.rows;
  return part;
}

bool is_whole_frame(const Instance& part, const PixelFormat& format) {
  return part.rows == format.rows && part.columns == format.columns;
}

}  // namespace

FrameReader::FrameReader(const std::filesystem::path& path, const PixelFormat& format)
    : file_(path), format_(format), syntax_(find_syntax(format.transfer_syntax_uid)) {
  locate_frames();
}

FrameReader::FrameReader(std::span<const std::byte> file, const PixelFormat& format)
    : file_(file), format_(format), syntax_(find_syntax(format.transfer_syntax_uid)) {
  locate_frames();
}

void FrameReader::locate_frames() {
  if (file_.is_open() && syntax_ != nullptr && syntax_->is_encapsulated) {
    index_.emplace(file_, format_.offset_bytes, format_.frame_count);
  }
}

std::optional<Code> FrameReader::check(std::int64_t frame) const {
  if (syntax_ == nullptr) return Code::unsupported_transfer_syntax;
  if (!file_.is_open()) return Code::unreadable;
  if (frame < 0 || frame >= format_.frame_count) return Code::corrupt;
  if (syntax_->is_deflated && format_.frame_count > 1) return Code::unsupported_transfer_syntax;
  return index_ ? index_->problem() : std::nullopt;
}

/// Bytes of uncompressed values; `offset` counts from the start of Pixel Data.
bool FrameReader::read_values(std::uint64_t offset, std::span<std::byte> bytes, FileDigest* digest) const {
  if (!format_.is_bytes_in_words) {
    const std::size_t count = file_.read_at(format_.offset_bytes + offset, bytes);
    if (digest != nullptr) digest->take(format_.offset_bytes + offset, bytes.first(count));
    return count == bytes.size();
  }
  // Words are exchanged from the value's start on, so that a frame of odd size shares one with its neighbour.
  const std::uint64_t first = offset - offset % 2;
  std::vector<std::byte> words(offset + bytes.size() + (offset + bytes.size()) % 2 - first);
  if (file_.read_at(format_.offset_bytes + first, words) != words.size()) return false;
  for (std::size_t n = 0; n < words.size(); n += 2) std::swap(words[n], words[n + 1]);
  std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(offset - first), bytes.size(), bytes.begin());
  return true;
}

std::optional<Code> FrameReader::read_native(std::int64_t frame, const Instance& part, std::span<std::uint16_t> out,
                                             FileDigest* digest) const {
  const auto value_bytes = static_cast<std::uint64_t>(format_.bits_allocated / 8);
  const std::uint64_t start = static_cast<std::uint64_t>(frame) * native_frame_bytes(format_);
  std::vector<std::byte> narrow(format_.bits_allocated == 8 ? out.size() : 0);
  std::span<std::byte> bytes = narrow.empty() ? std::as_writable_bytes(out) : std::span(narrow);
  // Full rows follow each other without a break.
  const bool has_full_rows = part.columns == format_.columns;
  const std::size_t piece = has_full_rows ? bytes.size() : static_cast<std::size_t>(part.columns) * value_bytes;
  for (std::int64_t j = part.tile_j; !bytes.empty(); ++j, bytes = bytes.subspan(piece)) {
    const auto value = static_cast<std::uint64_t>(j * format_.columns + part.tile_i);
    if (!read_values(start + value * value_bytes, bytes.first(piece), digest)) return Code::truncated;
  }
  return finish_values(format_, narrow, out);
}

std::optional<Code> FrameReader::read_coded(std::int64_t frame, std::vector<std::byte>& bytes,
                                            FileDigest* digest) const {
  const std::span<const Fragment> fragments = index_->frame(frame);
  if (fragments.empty()) return Code::truncated;
  std::uint64_t total = 0;
  for (const Fragment& fragment : fragments) total += fragment.length_bytes;
  if (total > max_coded_bytes(format_)) return Code::corrupt;
  bytes.resize(total);
  std::span<std::byte> rest(bytes);
  for (const Fragment& fragment : fragments) {
    const auto part = rest.first(fragment.length_bytes);
    const std::size_t count = file_.read_at(fragment.offset_bytes, part);
    if (digest != nullptr) digest->take(fragment.offset_bytes, part.first(count));
    // The byte that makes a stream's length even is missing in some files.
    if (count + 1 < part.size() || (count < part.size() && rest.size() > part.size())) return Code::truncated;
    if (count < part.size()) part.back() = std::byte{0};
    rest = rest.subspan(part.size());
  }
  return std::nullopt;
}

std::optional<Code> FrameReader::read_part(std::int64_t frame, const Instance& part, std::span<std::uint16_t> out,
                                           FileDigest* digest) const {
  assert(out.size() == static_cast<std::size_t>(part.rows * part.columns));
  if (const auto problem = check(frame)) return problem;
  if (format_.samples_per_pixel != 1) return Code::unsupported_sop_class;
  if (!is_within(part, format_)) return Code::corrupt;
  if (!index_ && !syntax_->is_deflated) return read_native(frame, part, out, digest);
  if (!is_whole_frame(part, format_)) {
    std::vector<std::uint16_t> whole(static_cast<std::size_t>(format_.rows * format_.columns));
    const auto problem = read_part(frame, whole_frame(format_), whole, digest);
    if (!problem) cut_tile(whole, part, out);
    return problem;
  }
  if (!index_) return read_deflated(file_, format_, out);
  std::vector<std::byte> bytes;
  if (const auto problem = read_coded(frame, bytes, digest)) return problem;
  const Span span(Stage::decode, "frame", {{}, bytes.size()});
  if (const auto problem = decode_frame(bytes, format_, out)) return problem;
  clamp_overshoot(format_, most_overshoot(bytes, format_), out);
  return keep_stored_bits(format_, out);
}

std::optional<Code> FrameReader::read(const Instance& plane, std::span<std::uint16_t> out) const {
  return read_part(plane.frame, plane, out, nullptr);
}

std::optional<Code> FrameReader::read_frame(std::int64_t frame, std::span<std::uint16_t> out) const {
  const auto problem = read_part(frame, whole_frame(format_), out, nullptr);
  return problem == Code::unused_bits_set ? std::nullopt : problem;
}

std::optional<Code> FrameReader::read_and_hash(const Instance& plane, std::span<std::uint16_t> out,
                                               std::string& file_sha256) const {
  file_sha256.clear();
  if (!file_.is_open()) return Code::unreadable;
  FileDigest digest(file_);
  const auto problem = read_part(plane.frame, plane, out, &digest);
  file_sha256 = digest.finish();
  return problem;
}

std::optional<Code> FrameReader::read_stored(std::int64_t frame, std::vector<std::byte>& bytes) const {
  if (const auto problem = check(frame)) return problem;
  if (index_) return read_coded(frame, bytes, nullptr);
  if (syntax_->is_deflated) return Code::unsupported_transfer_syntax;
  bytes.resize(native_frame_bytes(format_));
  const std::uint64_t start = static_cast<std::uint64_t>(frame) * bytes.size();
  return read_values(start, bytes, nullptr) ? std::nullopt : std::optional(Code::truncated);
}

void cut_tile(std::span<const std::uint16_t> frame, const Instance& plane, std::span<std::uint16_t> out) {
  const auto columns = static_cast<std::size_t>(plane.pixels.columns);
  const auto width = static_cast<std::size_t>(plane.columns);
  for (std::int64_t j = 0; j < plane.rows; ++j) {
    const std::size_t start = static_cast<std::size_t>(plane.tile_j + j) * columns;
    const auto row = frame.subspan(start + static_cast<std::size_t>(plane.tile_i), width);
    std::ranges::copy(row, out.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(j) * width));
  }
}

std::uint64_t decode_buffer_bytes(const Instance& instance) {
  const PixelFormat& format = instance.pixels;
  const SyntaxInfo* syntax = find_syntax(format.transfer_syntax_uid);
  if (syntax == nullptr) return 0;
  const std::uint64_t stored = native_frame_bytes(format);
  const auto value_count = static_cast<std::uint64_t>(format.rows * format.columns);
  const std::uint64_t whole = is_whole_frame(instance, format) ? 0 : sizeof(std::uint16_t) * value_count;
  if (syntax->is_encapsulated) {
    if (syntax->codec == Codec::openjpeg) {
      const std::uint64_t samples = value_count * static_cast<std::uint64_t>(format.samples_per_pixel);
      return whole + kJ2kBytes + kCodedCopies * max_coded_bytes(format) + kJ2kValueBytes * samples;
    }
    // The decoded frame, and for RLE the segment that is being decoded.
    return whole + kDecoderBytes + kCodedCopies * max_coded_bytes(format) + 2 * stored +
           kCoefficientBytes * value_count;
  }
  // Bytes in words pass through memory of their own.
  const std::uint64_t narrow = (format.bits_allocated == 8 ? stored : 0) * (format.is_bytes_in_words ? 2 : 1);
  return syntax->is_deflated ? whole + narrow + 2 * kPieceBytes + kInflateBytes : narrow;
}

bool is_uint16(const PixelFormat& format) { return !format.is_signed && format.bits_stored == 16; }

std::optional<Code> read_pixels(const std::filesystem::path& path, const Instance& instance,
                                std::span<std::uint16_t> out, std::string* file_sha256) {
  const FrameReader reader(path, instance.pixels);
  if (file_sha256 != nullptr) return reader.read_and_hash(instance, out, *file_sha256);
  return reader.read(instance, out);
}

}  // namespace naru::dicom
