#include "dicom/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dicom/element_values.h"
#include "dicom/file_layout.h"
#include "dicom/inflate.h"
#include "dicom/pixel_checks.h"

namespace naru::dicom {

namespace {

/// Storage classes that are images of one slice, or that deserve a better word than "unsupported" (PS3.4 B.5).
struct SopClass {
  std::string_view uid;
  std::string_view modality;  ///< empty for multi-frame classes
};
constexpr std::array kSopClasses = {
    SopClass{"1.2.840.10008.5.1.4.1.1.2", "CT"}, SopClass{"1.2.840.10008.5.1.4.1.1.4", "MR"},
    SopClass{"1.2.840.10008.5.1.4.1.1.2.1", ""},  // Enhanced CT
    SopClass{"1.2.840.10008.5.1.4.1.1.2.2", ""},  // Legacy Converted Enhanced CT
    SopClass{"1.2.840.10008.5.1.4.1.1.4.1", ""},  // Enhanced MR
    SopClass{"1.2.840.10008.5.1.4.1.1.4.3", ""},  // Enhanced MR Color
    SopClass{"1.2.840.10008.5.1.4.1.1.4.4", ""},  // Legacy Converted Enhanced MR
};

/// Values of Image Type for one image tiled with many slices: Siemens MOSAIC, UIH VFRAME.
constexpr std::array<std::string_view, 2> kTiledImageTypes = {"MOSAIC", "VFRAME"};

/// Direction cosines further than this from unit length or from a right angle are no directions at all; what is nearer
/// is rounding of the text and is normalised away. Six digits give 1e-6, the worst writers 1e-3.
constexpr double kDirectionTolerance = 1e-2;
/// Bounds on believable pixel spacing and position: a microscope's and a table's length.
constexpr double kMinSpacingMm = 1e-3, kMaxSpacingMm = 100, kMaxPositionMm = 1e5;

/// Bounds on a rescale that is believed. Pixels are computed in f32: within these bounds slope * stored + intercept of
/// a 16-bit value, and its square, stay far from the largest (3e38) and the least normal number (1e-38) of f32. The
/// slopes of CT (1) and of MR and its maps (parts of a unit to thousands) lie well inside.
constexpr double kMinRescaleSlope = 1e-12, kMaxRescaleSlope = 1e9, kMaxRescaleIntercept = 1e9;

const SopClass* find_sop_class(std::string_view uid) {
  const auto found = std::ranges::find(kSopClasses, uid, &SopClass::uid);
  return found == kSopClasses.end() ? nullptr : &*found;
}

bool is_mosaic(const HeaderValues& header, const std::vector<std::string>& image_type) {
  if (std::ranges::find_first_of(image_type, kTiledImageTypes) != image_type.end()) return true;
  return header.text(kSiemensMrCreator) == "SIEMENS MR HEADER" && header.number(kSiemensImagesInMosaic).value_or(1) > 1;
}

/// Why the object as a whole is none that Naru takes, and the modality where it is.
std::optional<Code> check_object(const FileLayout& layout, const HeaderValues& header, Instance& instance) {
  instance.sop_class_uid = header.text(kSopClassUid);
  if (instance.sop_class_uid.empty() && !layout.has_magic) return Code::not_dicom;
  if (instance.sop_class_uid.empty()) instance.sop_class_uid = layout.media_storage_sop_class_uid;
  const SopClass* sop_class = find_sop_class(instance.sop_class_uid);
  if (sop_class == nullptr) return Code::unsupported_sop_class;
  const auto frames = integer(header.text(kNumberOfFrames));
  constexpr std::int64_t kMaxBelievableFrames = 65536;
  if (sop_class->modality.empty() || (frames > 1 && frames <= kMaxBelievableFrames)) return Code::enhanced_multiframe;
  instance.modality = sop_class->modality;
  instance.image_type = texts_of(header[kImageType]);
  if (is_mosaic(header, instance.image_type)) return Code::mosaic;
  return std::nullopt;
}

std::optional<Code> read_identity(const HeaderValues& header, Instance& instance) {
  instance.sop_instance_uid = header.text(kSopInstanceUid);
  instance.study_uid = header.text(kStudyInstanceUid);
  instance.series_uid = header.text(kSeriesInstanceUid);
  instance.patient_id = header.text(kPatientId);
  instance.issuer_of_patient_id = header.text(kIssuerOfPatientId);
  const bool is_complete =
      !instance.sop_instance_uid.empty() && !instance.study_uid.empty() && !instance.series_uid.empty();
  return is_complete ? std::nullopt : std::optional(Code::corrupt);
}

void read_description(const HeaderValues& header, Instance& instance) {
  instance.manufacturer = header.text(kManufacturer);
  instance.body_part = header.text(kBodyPartExamined);
  instance.instance_number = integer(header.text(kInstanceNumber));
  instance.is_localizer = std::ranges::find(instance.image_type, "LOCALIZER") != instance.image_type.end();
  instance.burned_in_annotation = header.text(kBurnedInAnnotation) == "YES";
  // As a number: "90" and "90.0" are one echo.
  instance.echo = fmt::format("{}/{}", header.text(kEchoNumbers), decimal(header.text(kEchoTime)).value_or(-1));
}

bool is_spacing(double spacing_mm) { return spacing_mm >= kMinSpacingMm && spacing_mm <= kMaxSpacingMm; }

std::optional<double> read_spacing(const HeaderValues& header, Tag tag) {
  const auto spacing = decimal(header.text(tag));
  return spacing && is_spacing(*spacing) ? spacing : std::nullopt;
}

/// Sets both directions, orthonormal, from six cosines; false where these are no pair of perpendicular directions.
bool set_directions(const std::array<double, 6>& cosines, Instance& instance) {
  const Vec3 row{cosines[0], cosines[1], cosines[2]}, column{cosines[3], cosines[4], cosines[5]};
  // Written so that an infinite or NaN length fails.
  const bool are_unit =
      std::abs(norm(row) - 1) <= kDirectionTolerance && std::abs(norm(column) - 1) <= kDirectionTolerance;
  if (!are_unit || !(std::abs(dot(row, column)) <= kDirectionTolerance)) return false;
  instance.row_direction = (1 / norm(row)) * row;
  const Vec3 upright = column - dot(column, instance.row_direction) * instance.row_direction;
  instance.column_direction = (1 / norm(upright)) * upright;
  return true;
}

std::optional<Code> read_plane(const HeaderValues& header, Instance& instance) {
  const auto position = decimals<3>(header[kImagePositionPatient]);
  const auto orientation = decimals<6>(header[kImageOrientationPatient]);
  const auto spacing = decimals<2>(header[kPixelSpacing]);
  if (!position || !orientation || !spacing) return Code::missing_geometry;
  instance.position_mm = *position;
  // PS3.3 10.7.1.3: first the distance between rows (along j), then between columns (along i).
  instance.spacing_j_mm = (*spacing)[0];
  instance.spacing_i_mm = (*spacing)[1];
  instance.slice_thickness_mm = read_spacing(header, kSliceThickness);
  instance.spacing_between_slices_mm = read_spacing(header, kSpacingBetweenSlices);
  const bool is_near = std::ranges::all_of(*position, [](double mm) { return std::abs(mm) <= kMaxPositionMm; });
  const bool is_sound = is_near && is_spacing(instance.spacing_i_mm) && is_spacing(instance.spacing_j_mm) &&
                        set_directions(*orientation, instance);
  return is_sound ? std::nullopt : std::optional(Code::missing_geometry);
}

std::optional<Code> read_rescale(const HeaderValues& header, Instance& instance) {
  const std::string slope = header.text(kRescaleSlope), intercept = header.text(kRescaleIntercept);
  instance.has_rescale = !slope.empty() || !intercept.empty();
  const auto slope_value = slope.empty() ? 1 : decimal(slope);
  const auto intercept_value = intercept.empty() ? 0 : decimal(intercept);
  if (!slope_value || !intercept_value) return Code::corrupt;
  const double size = std::abs(*slope_value);
  if (size < kMinRescaleSlope || size > kMaxRescaleSlope) return Code::corrupt;
  if (std::abs(*intercept_value) > kMaxRescaleIntercept) return Code::corrupt;
  instance.rescale_slope = *slope_value;
  instance.rescale_intercept = *intercept_value;
  return std::nullopt;
}

std::optional<Code> check_walk(const HeaderValues& header, const PixelDataSource& source) {
  if (header.end() == WalkEnd::pixel_data) return std::nullopt;
  if (header.end() == WalkEnd::malformed) return Code::corrupt;
  if (source.bytes.size() < source.total_bytes) return Code::too_large;  // headers that go on beyond the prefix
  return header.end() == WalkEnd::cut_short ? std::optional(Code::truncated) : std::nullopt;
}

std::optional<Code> first_of(std::initializer_list<std::optional<Code>> problems) {
  for (const auto& problem : problems) {
    if (problem) return problem;
  }
  return std::nullopt;
}

HeaderResult read_data_set(const FileLayout& layout, const SyntaxInfo* syntax, const PixelDataSource& source,
                           std::size_t offset) {
  // An unknown syntax is one of compressed pixels, whose headers are all explicit little endian (PS3.5 A.4).
  const HeaderValues header(source.bytes, offset, syntax ? syntax->encoding : Encoding{});
  HeaderResult result;
  result.sop_instance_uid = header.text(kSopInstanceUid);
  const bool is_open = header.end() == WalkEnd::cut_short || header.end() == WalkEnd::complete;
  result.needs_more = is_open && source.bytes.size() < source.total_bytes;
  Instance instance;
  result.reason = check_object(layout, header, instance);
  if (result.reason) return result;

  read_description(header, instance);
  const auto identity = read_identity(header, instance);
  const auto plane = read_plane(header, instance);
  const auto rescale = read_rescale(header, instance);
  PixelFormat& format = instance.pixels;
  format.transfer_syntax_uid = layout.transfer_syntax_uid;
  format.is_encapsulated = syntax == nullptr || syntax->is_encapsulated;
  format.is_big_endian = syntax != nullptr && syntax->encoding.is_big_endian;
  const auto unsupported = syntax ? std::nullopt : std::optional(Code::unsupported_transfer_syntax);
  const auto walk = check_walk(header, source);
  auto pixels = read_pixel_format(header, format);
  if (!pixels && is_colour(format)) pixels = Code::unsupported_sop_class;
  if (!pixels && syntax) pixels = locate_pixels(header, *syntax, source, format, result.notes);
  result.reason = first_of({unsupported, walk, identity, plane, rescale, pixels});
  const bool is_other_object = pixels == Code::unsupported_sop_class;  // a screenshot in colour, a map of floats
  if (!identity && !plane && !is_other_object) {
    instance.columns = format.columns;
    instance.rows = format.rows;
    result.planes.push_back(std::move(instance));
  }
  return result;
}

}  // namespace

namespace {

HeaderResult read_file(const FileLayout& layout, std::span<const std::byte> prefix, std::uint64_t file_size_bytes) {
  const SyntaxInfo* syntax = find_syntax(layout.transfer_syntax_uid);
  if (!syntax || !syntax->is_deflated) {
    const std::uint64_t total_bytes = std::max<std::uint64_t>(file_size_bytes, prefix.size());
    return read_data_set(layout, syntax, {prefix, total_bytes}, layout.data_set_offset);
  }
  // How long the whole stream expands to is unknown: what the bound cuts off is taken as present.
  const auto inflated = inflate_prefix(prefix.subspan(layout.data_set_offset), kHeaderPrefixBytes);
  const bool is_cut = inflated.size() == kHeaderPrefixBytes || prefix.size() < file_size_bytes;
  const std::uint64_t total_bytes = is_cut ? std::numeric_limits<std::uint64_t>::max() : inflated.size();
  HeaderResult result = read_data_set(layout, syntax, {inflated, total_bytes}, 0);
  for (Instance& plane : result.planes) plane.pixels.deflated_from_bytes = layout.data_set_offset;
  result.needs_more = inflated.size() < kHeaderPrefixBytes;  // only the end tells whether the stream is whole
  return result;
}

}  // namespace

HeaderResult read_instance(std::span<const std::byte> prefix, std::uint64_t file_size_bytes) {
  const auto layout = read_layout(prefix);
  HeaderResult result;
  if (layout) {
    result = read_file(*layout, prefix, file_size_bytes);
  } else {
    result.reason = Code::not_dicom;
  }
  result.needs_more = (result.needs_more || (layout && layout->is_cut)) && prefix.size() < file_size_bytes;
  return result;
}

}  // namespace naru::dicom
