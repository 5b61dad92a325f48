#include "dicom/pixel_checks.h"

#include "dicom/element_values.h"
#include "dicom/fragments.h"

namespace naru::dicom {

namespace {

/// Bits Allocated that DICOM knows but CT and MR slices do not use: other kinds of objects, not damage.
bool is_foreign_depth(int bits_allocated) {
  return bits_allocated == 1 || bits_allocated == 32 || bits_allocated == 64;
}

std::optional<Code> check_colour(const HeaderValues& header) {
  const std::string photometric = header.text(kPhotometricInterpretation);
  const bool is_grey = photometric.empty() || photometric == "MONOCHROME1" || photometric == "MONOCHROME2";
  if (header.number(kSamplesPerPixel).value_or(1) != 1 || !is_grey) return Code::unsupported_sop_class;
  return std::nullopt;
}

std::optional<Code> check_frames(const HeaderValues& header) {
  const std::string text = header.text(kNumberOfFrames);
  if (text.empty() || integer(text) == 1) return std::nullopt;
  return Code::corrupt;
}

std::optional<Code> check_matrix(const PixelFormat& format) {
  if (format.rows == 0 || format.columns == 0) return Code::corrupt;
  if (format.rows > kMaxRowsOrColumns || format.columns > kMaxRowsOrColumns) return Code::too_large;
  return std::nullopt;
}

std::optional<Code> check_bits(const PixelFormat& format) {
  if (is_foreign_depth(format.bits_allocated)) return Code::unsupported_sop_class;
  if (format.bits_allocated != 8 && format.bits_allocated != 16) return Code::corrupt;
  if (format.bits_stored < 1 || format.bits_stored > format.bits_allocated) return Code::corrupt;
  if (format.high_bit < format.bits_stored - 1 || format.high_bit >= format.bits_allocated) return Code::corrupt;
  return std::nullopt;
}

std::uint64_t expected_bytes(const PixelFormat& format) {
  return static_cast<std::uint64_t>(format.rows * format.columns) * (format.bits_allocated / 8);
}

std::optional<Code> locate_fragments(const ElementHeader& pixel_data, const PixelDataSource& source) {
  if (pixel_data.length != kUndefinedLength) return Code::corrupt;
  const WalkEnd end = check_fragments(source.bytes.subspan(pixel_data.value_offset));
  if (end == WalkEnd::malformed) return Code::corrupt;
  const bool is_seen_whole = source.bytes.size() == source.total_bytes;
  if (end == WalkEnd::cut_short && is_seen_whole) return Code::truncated;
  return std::nullopt;
}

}  // namespace

std::optional<Code> read_pixel_format(const HeaderValues& header, PixelFormat& format) {
  format.rows = header.number(kRows).value_or(0);
  format.columns = header.number(kColumns).value_or(0);
  format.bits_allocated = header.number(kBitsAllocated).value_or(0);
  format.bits_stored = header.number(kBitsStored).value_or(0);
  format.high_bit = header.number(kHighBit).value_or(static_cast<std::uint16_t>(format.bits_stored - 1));
  const auto representation = header.number(kPixelRepresentation);
  format.is_signed = representation == 1;
  if (!representation || *representation > 1) return Code::corrupt;
  if (const auto problem = check_colour(header)) return problem;
  if (const auto problem = check_frames(header)) return problem;
  if (const auto problem = check_matrix(format)) return problem;
  return check_bits(format);
}

std::optional<Code> locate_pixels(const HeaderValues& header, const SyntaxInfo& syntax, const PixelDataSource& source,
                                  PixelFormat& format) {
  if (header.end() != WalkEnd::pixel_data) return Code::no_pixels;
  const ElementHeader& pixel_data = header.pixel_data();
  format.offset_bytes = pixel_data.value_offset;
  format.length_bytes = pixel_data.length;
  if (syntax.is_encapsulated) return locate_fragments(pixel_data, source);
  if (pixel_data.length == 0) return Code::no_pixels;
  if (pixel_data.length == kUndefinedLength || pixel_data.length < expected_bytes(format)) return Code::corrupt;
  // Bytes within big-endian words would have to be exchanged in pairs; no scanner writes such slices.
  const bool is_bytes_in_big_words =
      syntax.encoding.is_big_endian && format.bits_allocated == 8 && pixel_data.value_representation == vr("OW");
  if (is_bytes_in_big_words) return Code::unsupported_transfer_syntax;
  if (source.total_bytes - pixel_data.value_offset < expected_bytes(format)) return Code::truncated;
  return std::nullopt;
}

}  // namespace naru::dicom
