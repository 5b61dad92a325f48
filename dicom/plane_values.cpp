#include "dicom/plane_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dicom/units_terms.h"
#include "dicom/vendor_values.h"

namespace naru::dicom {

namespace {

/// Direction cosines further than this from unit length or from a right angle are no directions at all; what is nearer
/// is rounding of the text and is normalised away. Six digits give 1e-6, the worst writers 1e-3.
constexpr double kDirectionTolerance = 1e-2;
/// Columns are turned to a right angle with the rows where that moves no voxel further than this part of the distance
/// between columns. Where it would, they are kept as they are and the stack is rejected.
constexpr double kMostMovedPart = 0.5;
/// Bounds on believable pixel spacing and position: a microscope's and a table's length.
constexpr double kMinSpacingMm = 1e-3, kMaxSpacingMm = 100, kMaxPositionMm = 1e5;

/// Bounds on a rescale that is believed. Pixels are computed in f32: within these bounds slope * stored + intercept of
/// a 16-bit value, and its square, stay far from the largest (3e38) and the least normal number (1e-38) of f32. The
/// slopes of CT (1) and of MR and its maps (parts of a unit to thousands) lie well inside.
constexpr double kMinRescaleSlope = 1e-12, kMaxRescaleSlope = 1e9, kMaxRescaleIntercept = 1e9;

bool is_spacing(double spacing_mm) { return spacing_mm >= kMinSpacingMm && spacing_mm <= kMaxSpacingMm; }

std::optional<double> read_spacing(const HeaderValues& header, Tag tag) {
  const auto spacing = header.real(tag, vr("DS"));
  return spacing && is_spacing(*spacing) ? spacing : std::nullopt;
}

/// Sets both directions, of unit length, from six cosines; false where these are no pair of perpendicular directions.
/// @pre the plane's spacings and the size of its pixels are set
bool set_directions(const std::array<double, 6>& cosines, Instance& plane) {
  const Vec3 row{cosines[0], cosines[1], cosines[2]}, column{cosines[3], cosines[4], cosines[5]};
  // Written so that an infinite or NaN length fails.
  const bool are_unit =
      std::abs(norm(row) - 1) <= kDirectionTolerance && std::abs(norm(column) - 1) <= kDirectionTolerance;
  if (!are_unit || !(std::abs(dot(row, column)) <= kDirectionTolerance)) return false;
  plane.row_direction = (1 / norm(row)) * row;
  plane.column_direction = (1 / norm(column)) * column;
  const double along_row = dot(plane.column_direction, plane.row_direction);
  const double moved_mm = std::abs(along_row) * static_cast<double>(plane.pixels.rows) * plane.spacing_j_mm;
  if (moved_mm > kMostMovedPart * plane.spacing_i_mm) return true;
  const Vec3 upright = plane.column_direction - along_row * plane.row_direction;
  plane.column_direction = (1 / norm(upright)) * upright;
  return true;
}

/// Differs between echoes; as a number: "90" and "90.0" are one echo.
std::string echo_of(const HeaderValues& header) {
  const auto effective = header.real(kEffectiveEchoTime, vr("FD"));
  const auto time = effective ? effective : header.real(kEchoTime, vr("DS"));
  return fmt::format("{}/{}", header.text(kEchoNumbers), time.value_or(-1));
}

/// Pixel Padding Value as a number of 16 bits, of the sign that pixels have.
std::optional<double> padding_as_stated(const HeaderValues& header, const PixelFormat& format) {
  const auto stated = header.real(kPixelPaddingValue, format.is_signed ? vr("SS") : vr("US"));
  constexpr double kAll = 1 << 16;
  if (!stated || !(std::abs(*stated) < kAll)) return std::nullopt;
  return format.is_signed && *stated >= kAll / 2 ? *stated - kAll : *stated;
}

}  // namespace

bool is_position(const Vec3& position_mm) {
  return std::ranges::all_of(position_mm, [](double mm) { return std::abs(mm) <= kMaxPositionMm; });
}

std::optional<Code> read_identity(const HeaderValues& header, Instance& plane) {
  plane.sop_instance_uid = header.text(kSopInstanceUid);
  plane.study_uid = header.text(kStudyInstanceUid);
  plane.series_uid = header.text(kSeriesInstanceUid);
  plane.patient_id = header.text(kPatientId);
  plane.issuer_of_patient_id = header.text(kIssuerOfPatientId);
  const bool is_complete = !plane.sop_instance_uid.empty() && !plane.study_uid.empty() && !plane.series_uid.empty();
  return is_complete ? std::nullopt : std::optional(Code::corrupt);
}

void read_description(const HeaderValues& header, Instance& plane) {
  plane.frame_of_reference_uid = header.text(kFrameOfReferenceUid);
  plane.manufacturer = header.text(kManufacturer);
  plane.body_part = header.text(kBodyPartExamined);
  const Bytes frame_type = header[kFrameType];
  plane.image_type = texts_of(frame_type.empty() ? header[kImageType] : frame_type);
  plane.instance_number = integer(header.text(kInstanceNumber));
  plane.is_localizer = std::ranges::find(plane.image_type, "LOCALIZER") != plane.image_type.end();
  plane.model = header.text(kManufacturerModelName);
  const std::string burned_in = header.text(kBurnedInAnnotation);
  plane.image_class = image_class(plane.sop_class_uid, plane.image_type, burned_in);
  plane.burned_in_annotation = is_stated_burned_in(burned_in) || names_a_page(plane.image_type);
  plane.echo = echo_of(header);
  if (plane.modality == "MR") plane.complex_component = read_complex_component(header);
  plane.reconstruction_kernel = header.text(kConvolutionKernel);
  plane.stack_id = header.text(kStackId);
  plane.gantry_tilt_degrees = header.real(kGantryDetectorTilt, vr("DS"));
  plane.padding_value = read_padding(header, plane.pixels);
}

std::optional<std::int64_t> read_padding(const HeaderValues& header, const PixelFormat& format) {
  if (format.padding_word != 0) return static_cast<std::int16_t>(format.padding_word);
  const auto value = padding_as_stated(header, format);
  const double span = std::ldexp(1.0, format.bits_stored), least = format.is_signed ? -span / 2 : 0;
  if (!value || !(*value >= least && *value < least + span)) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::uint16_t read_padding_word(const HeaderValues& header, const PixelFormat& format) {
  const bool may_go_beyond = format.bits_allocated == 16 && format.high_bit + 1 == format.bits_stored;
  const auto value = padding_as_stated(header, format);
  const double least = format.is_signed ? std::numeric_limits<std::int16_t>::min() : 0;
  if (!may_go_beyond || format.overlay_bits.value_or(0) != 0 || !value || *value < least) return 0;
  const auto word = static_cast<std::uint16_t>(static_cast<std::int32_t>(*value));
  return word >> format.bits_stored != 0 ? word : std::uint16_t{0};
}

std::optional<Code> read_position(const HeaderValues& header, Instance& plane) {
  const auto position = header.numbers<3>(kImagePositionPatient, vr("DS"));
  if (!position || !is_position(*position)) return Code::missing_geometry;
  plane.position_mm = *position;
  return std::nullopt;
}

std::optional<Code> read_orientation(const HeaderValues& header, Instance& plane) {
  const auto orientation = header.numbers<6>(kImageOrientationPatient, vr("DS"));
  const auto spacing = header.numbers<2>(kPixelSpacing, vr("DS"));
  if (!orientation || !spacing) return Code::missing_geometry;
  // PS3.3 10.7.1.3: first the distance between rows (along j), then between columns (along i).
  plane.spacing_j_mm = (*spacing)[0];
  plane.spacing_i_mm = (*spacing)[1];
  plane.slice_thickness_mm = read_spacing(header, kSliceThickness);
  plane.spacing_between_slices_mm = read_spacing(header, kSpacingBetweenSlices);
  plane.slice_location_mm = header.real(kSliceLocation, vr("DS"));
  const bool is_sound =
      is_spacing(plane.spacing_i_mm) && is_spacing(plane.spacing_j_mm) && set_directions(*orientation, plane);
  return is_sound ? std::nullopt : std::optional(Code::missing_geometry);
}

std::optional<Code> read_rescale(const HeaderValues& header, Instance& plane) {
  const auto refuse = [&](std::string_view problem) {
    plane.rescale_problem = problem;
    return Code::corrupt;
  };
  // A table takes the place of the rescale (PS3.3 C.11.1.1): without it values would mean something else.
  if (!header.find(kModalityLutSequence).value.empty()) return refuse("not used: these have a Modality LUT Sequence");
  const std::string slope = header.text(kRescaleSlope), intercept = header.text(kRescaleIntercept);
  plane.has_rescale = !slope.empty() || !intercept.empty();
  plane.lacks_slope = plane.has_rescale && slope.empty();
  plane.lacks_intercept = plane.has_rescale && intercept.empty();
  const auto slope_value = slope.empty() ? 1 : decimal(slope);
  const auto intercept_value = intercept.empty() ? 0 : decimal(intercept);
  const double size = std::abs(slope_value.value_or(0));
  if (size < kMinRescaleSlope || size > kMaxRescaleSlope) {
    return refuse("not used: Rescale Slope of these is 0, too large or no number");
  }
  if (!intercept_value || std::abs(*intercept_value) > kMaxRescaleIntercept) {
    return refuse("not used: Rescale Intercept of these is too large or no number");
  }
  plane.rescale_slope = *slope_value;
  plane.rescale_intercept = *intercept_value;
  plane.units = header.text(kUnits);
  if (plane.units.empty()) plane.units = header.text(kRescaleType);
  if (const auto term = units_term(plane.units)) plane.units = *term;
  if (plane.units.empty() && plane.modality == "CT" && plane.has_rescale) plane.units = "HU";
  return std::nullopt;
}

/// Seconds since 1970 where the date is known, so that midnight makes no difference; else since midnight.
std::optional<double> seconds_of(std::string_view date, std::string_view time) {
  constexpr double kSecondsOfDay = 86400;
  const auto seconds = seconds_of_day(time);
  const auto days = days_of_date(date);
  return seconds && days ? std::optional(*seconds + kSecondsOfDay * static_cast<double>(*days)) : seconds;
}

namespace {

/// The entries of a table between which it leaves its first value and comes to its last: the first and the last one
/// where its data are not as many.
std::pair<std::size_t, std::size_t> ramp_of(const HeaderValues& table, std::size_t count) {
  constexpr Tag kLutData = 0x00283006;
  const auto data = table.find(kLutData);
  if (data.value.size() < 2 * count) return {0, count - 1};
  const auto at = [&](std::size_t n) { return read_u16(data.value, 2 * n, data.encoding.is_big_endian); };
  std::size_t begin = 0, end = count - 1;
  while (begin + 1 < count && at(begin + 1) == at(0)) ++begin;
  while (end > begin + 1 && at(end - 1) == at(count - 1)) --end;
  return {begin, end};
}

}  // namespace

const std::vector<VoiLuts::Ramp>& VoiLuts::of(const HeaderValues& header) {
  constexpr Tag kVoiLutSequence = 0x00283010, kLutDescriptor = 0x00283002;
  const auto sequence = header.find(kVoiLutSequence);
  if (sequence.value.data() == sequence_.data() && sequence.value.size() == sequence_.size()) return ramps_;
  sequence_ = sequence.value;
  ramps_.clear();
  ItemWalk items(sequence.value, sequence.encoding);
  for (auto item = items.next(); item && ramps_.size() < kMostWindows; item = items.next()) {
    HeaderValues table(nullptr);
    table.add_item(*item, sequence.encoding);
    const auto descriptor = table.find(kLutDescriptor);
    if (descriptor.value.size() < 6) continue;
    const std::uint16_t count = read_u16(descriptor.value, 0, descriptor.encoding.is_big_endian);
    const auto [begin, end] = ramp_of(table, count == 0 ? 65536 : count);
    ramps_.push_back({read_u16(descriptor.value, 2, descriptor.encoding.is_big_endian),
                      descriptor.value_representation == vr("SS"), begin, end});
  }
  return ramps_;
}

void read_windows(const HeaderValues& header, double slope, double intercept, VoiLuts& luts,
                  std::optional<StoredWindow>& first, std::vector<StoredWindow>& more) {
  std::vector<StoredWindow> windows;
  const auto add = [&](double low, double high) {
    const double a = (low - intercept) / slope, b = (high - intercept) / slope;
    if (windows.size() < kMostWindows && high > low && slope != 0) windows.push_back({std::min(a, b), std::max(a, b)});
  };
  const auto centers = texts_of(header[kWindowCenter]), widths = texts_of(header[kWindowWidth]);
  for (std::size_t n = 0; n < std::min(centers.size(), widths.size()); ++n) {
    const auto center = decimal(centers[n]), width = decimal(widths[n]);
    if (center && width) add(*center - *width / 2, *center + *width / 2);
  }
  for (const VoiLuts::Ramp& ramp : luts.of(header)) {
    // As the values that it maps.
    const bool is_signed = ramp.is_signed || intercept < 0 || header.number(kPixelRepresentation) == 1;
    const double low = is_signed ? static_cast<std::int16_t>(ramp.start) : ramp.start;
    add(low + static_cast<double>(ramp.begin), low + static_cast<double>(ramp.end));
  }
  first = windows.empty() ? std::nullopt : std::optional(windows.front());
  more.assign(windows.begin() + (windows.empty() ? 0 : 1), windows.end());
}

ShownValues read_shown(const HeaderValues& header, const PixelFormat& format, VoiLuts& luts) {
  ShownValues shown;
  shown.padding_value = read_padding(header, format);
  const auto first = [&](Tag tag) -> std::optional<double> {
    const auto texts = texts_of(header[tag]);
    return texts.empty() ? std::nullopt : decimal(texts.front());
  };
  const double slope = first(kRescaleSlope).value_or(1), intercept = first(kRescaleIntercept).value_or(0);
  shown.is_rescaled_down = slope < 0;
  read_windows(header, slope, intercept, luts, shown.window, shown.more_windows);
  return shown;
}

namespace {

/// Of a dynamic or gated PET: which volume an image is of, 1-based. Image Index counts slices first (PS3.3
/// C.8.9.4.1.9).
std::optional<std::int64_t> volume_by_image_index(const HeaderValues& header) {
  const std::string type = header.text(kSeriesType);
  const bool has_volumes = type.starts_with("DYNAMIC") || type.starts_with("GATED");
  const auto slices = header.number(kNumberOfSlices), index = header.number(kImageIndex);
  if (!has_volumes || !slices || !index || *slices == 0 || *index == 0) return std::nullopt;
  return (*index - 1) / *slices + 1;
}

}  // namespace

void read_timing(const HeaderValues& header, Instance& plane) {
  PlaneTiming& timing = plane.timing;
  const auto whole = [&](Tag tag, Vr expected) -> std::optional<std::int64_t> {
    const auto number = header.real(tag, expected);
    return number && std::abs(*number) < 1e15 ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
  };
  const auto either = [](const auto& a, const auto& b) { return a ? a : b; };
  timing.acquisition_number = either(whole(kFrameAcquisitionNumber, vr("US")), whole(kAcquisitionNumber, vr("IS")));
  timing.temporal_position =
      either(whole(kTemporalPositionIndex, vr("UL")), whole(kTemporalPositionIdentifier, vr("IS")));
  if (!timing.temporal_position) timing.temporal_position = volume_by_image_index(header);
  timing.trigger_time_ms =
      either(header.real(kNominalCardiacTriggerDelayTime, vr("FD")), header.real(kTriggerTime, vr("DS")));
  const auto offset = header.real(kTemporalPositionTimeOffset, vr("FD"));
  const auto date_time = [&](Tag tag) { return seconds_of(header.text(tag), header.text(tag)); };
  const auto frame_time = either(offset, date_time(kFrameAcquisitionDateTime));
  const auto image_time =
      either(seconds_of(header.text(kAcquisitionDate), header.text(kAcquisitionTime)), date_time(kAcquisitionDateTime));
  timing.acquisition_time_s = either(frame_time, image_time);
  timing.content_time_s = seconds_of_day(header.text(kContentTime));
  timing.inversion_time_ms = either(header.real(kInversionTimes, vr("FD")), header.real(kInversionTime, vr("DS")));
  timing.cardiac_phase_percent = header.real(kNominalPercentageOfCardiacPhase, vr("FD"));
  timing.asl_context = read_asl_context(header);
  read_diffusion(header, plane);
}

}  // namespace naru::dicom
