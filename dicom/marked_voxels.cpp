#include "dicom/marked_voxels.h"

#include <algorithm>
#include <cmath>

#include "dicom/deidentify/deidentify.h"
#include "dicom/file_layout.h"
#include "dicom/functional_groups.h"
#include "dicom/inflate.h"
#include "dicom/pixel_checks.h"
#include "dicom/plane_values.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

namespace {

constexpr std::string_view kExplicitLittleEndian = "1.2.840.10008.1.2.1", kRtDose = "1.2.840.10008.5.1.4.1.1.481.2";

std::size_t values_of_frame(const PixelFormat& format) {
  return static_cast<std::size_t>(format.rows * format.columns);
}

/// Values that FrameReader has no use for: no slice has them.
bool is_bit(const PixelFormat& format) { return format.bits_allocated == 1; }
bool is_long(const PixelFormat& format) { return format.bits_allocated == 32; }

/// Reads the format of values of 1, 8, 16 or 32 bits.
std::optional<Code> read_format(const HeaderValues& header, PixelFormat& format) {
  const auto problem = read_pixel_format(header, format);
  const bool is_known = (is_bit(format) || is_long(format)) && problem == Code::unsupported_sop_class;
  if (problem && !is_known) return problem;
  return format.samples_per_pixel == 1 ? std::nullopt : std::optional(Code::unsupported_sop_class);
}

/// The frames of a dose: on planes that lie behind the first along the normal (PS3.3 C.8.8.3.2), or, where the offsets
/// are those of the table and the planes transverse, along z.
std::vector<Instance> frames_of_dose(const HeaderValues& header, Instance plane, std::optional<Code>& problem) {
  constexpr Tag kGridFrameOffsetVector = 0x3004000C;
  if ((problem = read_position(header, plane)) || (problem = read_orientation(header, plane))) return {};
  const Vec3 first = plane.position_mm, normal = cross(plane.row_direction, plane.column_direction);
  std::vector<double> offsets;
  for (const std::string& text : texts_of(header.find(kGridFrameOffsetVector).value)) {
    const auto offset = decimal(text);
    if (!offset) return problem = Code::missing_geometry, std::vector<Instance>();
    offsets.push_back(*offset);
  }
  const bool is_relative = !offsets.empty() && offsets.front() == 0;
  constexpr double kTransverse = 0.999;
  const bool is_absolute = !is_relative && std::abs(normal[2]) > kTransverse;
  if (std::ssize(offsets) != plane.pixels.frame_count || !(is_relative || is_absolute)) {
    return problem = Code::missing_geometry, std::vector<Instance>();
  }
  std::vector<Instance> frames;
  for (const double offset : offsets) {
    plane.frame = std::ssize(frames);
    plane.position_mm = first + (is_relative ? offset * normal : Vec3{0, 0, offset - offsets.front()});
    frames.push_back(plane);
  }
  return frames;
}

}  // namespace

MarkedVoxels::MarkedVoxels(Bytes file) : problem_(open(file)) {}

std::optional<Code> MarkedVoxels::open(Bytes file) {
  const auto layout = read_layout(file);
  if (!layout) return Code::not_dicom;
  const SyntaxInfo* const syntax = find_syntax(layout->transfer_syntax_uid);
  if (syntax == nullptr) return Code::unsupported_transfer_syntax;
  std::size_t offset = layout->data_set_offset;
  format_.transfer_syntax_uid = layout->transfer_syntax_uid;
  if (syntax->is_deflated) {
    inflated_ = inflate_prefix(file.subspan(offset), kMaxInflatedBytes);
    file = inflated_;
    offset = 0;
    format_.transfer_syntax_uid = kExplicitLittleEndian;
  } else if (contradicting_encoding(file, offset, syntax->encoding)) {
    return Code::corrupt;
  }
  const HeaderValues header(file, offset, syntax->encoding);
  frame_of_reference_uid_ = header.text(kFrameOfReferenceUid);
  if (header.end() != WalkEnd::pixel_data) return Code::no_pixels;
  if (const auto problem = read_format(header, format_)) return problem;
  std::vector<Note> notes;
  if (const auto problem = locate_pixels(header, *syntax, {file, file.size()}, format_, notes)) return problem;
  if (is_bit(format_) || is_long(format_)) {
    const std::size_t values = values_of_frame(format_) * static_cast<std::size_t>(format_.frame_count);
    if (format_.is_encapsulated || format_.is_big_endian) return Code::unsupported_transfer_syntax;
    stored_ = file.subspan(format_.offset_bytes);
    stored_ = stored_.first(std::min<std::size_t>(stored_.size(), format_.length_bytes));
    if (stored_.size() < (values * static_cast<std::size_t>(format_.bits_allocated) + 7) / 8) return Code::truncated;
  } else {
    reader_.emplace(file, format_);
  }
  Instance whole;
  whole.pixels = format_;
  whole.columns = format_.columns;
  whole.rows = format_.rows;
  std::optional<Code> problem;
  const bool is_dose = header.text(kSopClassUid) == kRtDose;
  frames_ = is_dose ? frames_of_dose(header, whole, problem) : read_frames(header, whole, problem);
  return problem;
}

std::optional<Code> MarkedVoxels::read(std::size_t frame, std::vector<std::uint8_t>& marked) const {
  const std::size_t count = values_of_frame(format_);
  marked.assign(count, 0);
  const std::size_t first = static_cast<std::size_t>(frames_[frame].frame) * count;
  if (is_bit(format_)) {
    // PS3.5 8.1.1: bits follow each other through all frames, the lowest of a byte first.
    for (std::size_t n = 0; n < count; ++n) {
      marked[n] =
          static_cast<std::uint8_t>(std::to_integer<unsigned>(stored_[(first + n) / 8]) >> (first + n) % 8 & 1U);
    }
    return std::nullopt;
  }
  if (is_long(format_)) {
    constexpr std::size_t kBytes = 4;
    for (std::size_t n = 0; n < count; ++n) {
      const Bytes value = stored_.subspan(kBytes * (first + n), kBytes);
      marked[n] = static_cast<std::uint8_t>(std::ranges::any_of(value, [](std::byte b) { return b != std::byte{0}; }));
    }
    return std::nullopt;
  }
  std::vector<std::uint16_t> values(count);
  if (const auto problem = reader_->read_frame(frames_[frame].frame, values)) return problem;
  std::ranges::transform(values, marked.begin(),
                         [](std::uint16_t value) { return static_cast<std::uint8_t>(value != 0); });
  return std::nullopt;
}

}  // namespace naru::dicom
