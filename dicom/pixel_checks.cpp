#include "dicom/pixel_checks.h"

#include "dicom/element_values.h"
#include "dicom/fragments.h"

namespace naru::dicom {

namespace {

/// Bits Allocated that DICOM knows but CT and MR slices do not use: other kinds of objects, not damage.
bool is_foreign_depth(int bits_allocated) {
  return bits_allocated == 1 || bits_allocated == 32 || bits_allocated == 64;
}

/// RGB, YBR and, retired, ARGB and CMYK.
constexpr int kMaxSamples = 4;

std::optional<Code> read_samples(const HeaderValues& header, PixelFormat& format) {
  format.samples_per_pixel = header.number(kSamplesPerPixel).value_or(1);
  format.photometric_interpretation = header.text(kPhotometricInterpretation);
  format.is_planar = format.samples_per_pixel > 1 && header.number(kPlanarConfiguration) == 1;
  if (format.samples_per_pixel < 1 || format.samples_per_pixel > kMaxSamples) return Code::corrupt;
  return std::nullopt;
}

std::optional<Code> read_frames(const HeaderValues& header, PixelFormat& format) {
  const std::string text = header.text(kNumberOfFrames);
  if (text.empty()) return std::nullopt;
  const auto count = integer(text);
  if (!count || *count < 1 || *count > kMaxFrames) return Code::corrupt;
  format.frame_count = *count;
  return std::nullopt;
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

std::optional<Code> locate_fragments(const ElementHeader& pixel_data, const PixelDataSource& source,
                                     std::vector<Note>& notes) {
  if (pixel_data.length != kUndefinedLength) return Code::corrupt;
  const FragmentsEnd found = check_fragments(source.bytes.subspan(pixel_data.value_offset));
  if (found.end == WalkEnd::malformed) return Code::corrupt;
  const bool is_seen_whole = source.bytes.size() == source.total_bytes;
  if (found.end == WalkEnd::cut_short && is_seen_whole) return Code::truncated;
  if (!found.has_end_mark && is_seen_whole) notes.push_back(Note::missing_delimiter);
  return std::nullopt;
}

/// Values of undefined length without fragments hold the values themselves up to the end mark (seen from converters).
bool has_values_of_undefined_length(const ElementHeader& pixel_data, const PixelDataSource& source, Encoding encoding) {
  if (pixel_data.length != kUndefinedLength) return false;
  const auto first = read_element_header(source.bytes, pixel_data.value_offset, encoding);
  return first && first->tag != kItem && first->tag != kSequenceEnd;
}

bool is_422(const PixelFormat& format) {
  return format.samples_per_pixel == 3 && format.photometric_interpretation == "YBR_FULL_422" &&
         !format.is_encapsulated;
}

/// Where two pixels share their chroma, a row has whole pairs of them. Values that are as long as those of pixels with
/// chroma of their own are none: some writers state the one and store the other.
bool contradicts_shared_chroma(const PixelFormat& format) {
  if (!is_422(format)) return false;
  const std::uint64_t unshared = native_bytes(format) / 2 * 3;
  return format.columns % 2 != 0 || format.length_bytes == unshared + unshared % 2;
}

std::optional<Code> locate_values(const ElementHeader& pixel_data, const PixelDataSource& source, PixelFormat& format,
                                  std::vector<Note>& notes) {
  const std::uint64_t wanted = native_bytes(format);
  const std::uint64_t padded = wanted + wanted % 2;
  if (format.length_bytes < wanted || contradicts_shared_chroma(format)) return Code::corrupt;
  if (source.total_bytes - pixel_data.value_offset < wanted) return Code::truncated;
  if (format.length_bytes > padded) notes.push_back(Note::trailing_bytes);
  if (format.length_bytes % 2 != 0) notes.push_back(Note::odd_length);
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
  if (const auto problem = read_samples(header, format)) return problem;
  if (const auto problem = read_frames(header, format)) return problem;
  if (const auto problem = check_matrix(format)) return problem;
  return check_bits(format);
}

bool is_colour(const PixelFormat& format) {
  const std::string& photometric = format.photometric_interpretation;
  const bool is_grey = photometric.empty() || photometric == "MONOCHROME1" || photometric == "MONOCHROME2";
  return format.samples_per_pixel != 1 || !is_grey;
}

std::uint64_t native_frame_bytes(const PixelFormat& format) {
  const auto pixels = static_cast<std::uint64_t>(format.rows * format.columns);
  const int samples = is_422(format) ? 2 : format.samples_per_pixel;
  return pixels * static_cast<std::uint64_t>(samples * (format.bits_allocated / 8));
}

std::uint64_t native_bytes(const PixelFormat& format) {
  return native_frame_bytes(format) * static_cast<std::uint64_t>(format.frame_count);
}

std::optional<Code> locate_pixels(const HeaderValues& header, const SyntaxInfo& syntax, const PixelDataSource& source,
                                  PixelFormat& format, std::vector<Note>& notes) {
  if (header.end() != WalkEnd::pixel_data) return Code::no_pixels;
  const ElementHeader& pixel_data = header.pixel_data();
  format.is_encapsulated = syntax.is_encapsulated;
  format.is_big_endian = syntax.encoding.is_big_endian;
  format.offset_bytes = pixel_data.value_offset;
  format.length_bytes = pixel_data.length;
  if (syntax.is_encapsulated) return locate_fragments(pixel_data, source, notes);
  if (pixel_data.length == 0) return Code::no_pixels;
  if (has_values_of_undefined_length(pixel_data, source, syntax.encoding)) {
    format.length_bytes = native_bytes(format);
  } else if (pixel_data.length == kUndefinedLength) {
    return Code::corrupt;
  }
  format.is_bytes_in_words =
      syntax.encoding.is_big_endian && format.bits_allocated == 8 && pixel_data.value_representation == vr("OW");
  return locate_values(pixel_data, source, format, notes);
}

}  // namespace naru::dicom
