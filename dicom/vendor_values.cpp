#include "dicom/vendor_values.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace naru::dicom {

namespace {

using Private = HeaderValues::Private;

constexpr Private kSiemensBValue{0x0019, "SIEMENS MR HEADER", 0x0C},
    kSiemensDirection{0x0019, "SIEMENS MR HEADER", 0x0E};
constexpr Private kGeBValue{0x0043, "GEMS_PARM_01", 0x39};
constexpr Private kGeX{0x0019, "GEMS_ACQU_01", 0xBB}, kGeY{0x0019, "GEMS_ACQU_01", 0xBC},
    kGeZ{0x0019, "GEMS_ACQU_01", 0xBD};
constexpr Private kPhilipsBValue{0x2001, "Philips Imaging DD 001", 0x03};
constexpr Private kPhilipsRl{0x2005, "Philips MR Imaging DD 001", 0xB0},
    kPhilipsAp{0x2005, "Philips MR Imaging DD 001", 0xB1}, kPhilipsFh{0x2005, "Philips MR Imaging DD 001", 0xB2};
constexpr Private kPhilipsScaleIntercept{0x2005, "Philips MR Imaging DD 001", 0x0D},
    kPhilipsScaleSlope{0x2005, "Philips MR Imaging DD 001", 0x0E};
constexpr Private kPhilipsLabelType{0x2005, "Philips MR Imaging DD 005", 0x29};
constexpr Private kGeImageKind{0x0043, "GEMS_PARM_01", 0x2F};
constexpr Private kUihBValue{0x0065, "Image Private Header", 0x09}, kUihDirection{0x0065, "Image Private Header", 0x37};

/// GE adds this to b-values of some sequences as a mark.
constexpr double kGeBValueMark = 1e9;
/// No scanner's b-value; larger numbers are something else.
constexpr double kMaxBValue = 1e6;
/// Writers mark "no direction" by zeros; what they round a unit vector to is far longer.
constexpr double kMinDirectionLength = 1e-3;

std::optional<Vec3> as_unit(const Vec3& direction) {
  const double length = norm(direction);
  const bool is_direction = std::isfinite(length) && length > kMinDirectionLength;
  return is_direction ? std::optional((1 / length) * direction) : std::nullopt;
}

std::optional<Vec3> vector_of(const std::optional<std::array<double, 3>>& numbers) {
  return numbers ? std::optional(Vec3{(*numbers)[0], (*numbers)[1], (*numbers)[2]}) : std::nullopt;
}

std::optional<Vec3> vector_of(std::optional<double> x, std::optional<double> y, std::optional<double> z) {
  return x && y && z ? std::optional(Vec3{*x, *y, *z}) : std::nullopt;
}

Vec3 from_image_frame(const Instance& plane, double along_row, double along_column, double along_normal) {
  const Vec3 normal = cross(plane.row_direction, plane.column_direction);
  return along_row * plane.row_direction + along_column * plane.column_direction + along_normal * normal;
}

/// The first of the numbers between backslashes.
std::optional<double> first_number(Bytes value) {
  const std::string_view text = text_of(value);
  return decimal(text.substr(0, text.find('\\')));
}

struct Diffusion {
  std::optional<double> b_value;
  std::optional<Vec3> direction;
};

Diffusion standard(const HeaderValues& header, const Instance& /*plane*/) {
  return {header.real(kDiffusionBValue, vr("FD")),
          vector_of(header.numbers<3>(kDiffusionGradientOrientation, vr("FD")))};
}

Diffusion siemens(const HeaderValues& header, const Instance& /*plane*/) {
  return {header.real(kSiemensBValue, vr("IS")), vector_of(header.numbers<3>(kSiemensDirection, vr("FD")))};
}

/// The vector is given along frequency or phase encoding, the normal reversed.
Diffusion ge(const HeaderValues& header, const Instance& plane) {
  auto b_value = first_number(header.private_value(kGeBValue));
  if (b_value) b_value = std::fmod(*b_value, kGeBValueMark);
  const auto vector = vector_of(header.real(kGeX, vr("DS")), header.real(kGeY, vr("DS")), header.real(kGeZ, vr("DS")));
  if (!vector) return {b_value, std::nullopt};
  const auto [x, y, z] = *vector;
  const bool is_row = header.text(kInPlanePhaseEncodingDirection) == "ROW";
  return {b_value, is_row ? from_image_frame(plane, y, -x, -z) : from_image_frame(plane, x, y, -z)};
}

/// Philips' names of the axes are those of the patient frame: right to left, anterior to posterior, feet to head.
Diffusion philips(const HeaderValues& header, const Instance& /*plane*/) {
  return {header.real(kPhilipsBValue, vr("FL")),
          vector_of(header.real(kPhilipsRl, vr("FL")), header.real(kPhilipsAp, vr("FL")),
                    header.real(kPhilipsFh, vr("FL")))};
}

Diffusion uih(const HeaderValues& header, const Instance& plane) {
  Diffusion found{header.real(kUihBValue, vr("FD")), vector_of(header.numbers<3>(kUihDirection, vr("FD")))};
  if (found.direction) {
    const auto [x, y, z] = *found.direction;
    found.direction = from_image_frame(plane, x, y, z);
  }
  return found;
}

/// Canon and Toshiba: "b=1500(0.445,0.000,0.895)" in Image Comments, with the axes of the image as GE has them.
Diffusion canon(const HeaderValues& header, const Instance& plane) {
  const std::string text = header.text(kImageComments);
  const std::size_t open = text.find('('), close = text.find(')');
  if (!text.starts_with("b=") || open == std::string::npos || close == std::string::npos || close < open) return {};
  std::string numbers = text.substr(open + 1, close - open - 1);
  for (char& letter : numbers) letter = letter == ',' ? '\\' : letter;
  const auto vector = decimals<3>(std::as_bytes(std::span(numbers)));
  if (!vector) return {decimal(text.substr(2, open - 2)), std::nullopt};
  return {decimal(text.substr(2, open - 2)), from_image_frame(plane, (*vector)[0], (*vector)[1], -(*vector)[2])};
}

constexpr std::array kSources = {standard, siemens, ge, philips, uih, canon};

}  // namespace

void read_diffusion(const HeaderValues& header, Instance& plane) {
  PlaneTiming& timing = plane.timing;
  for (const auto source : kSources) {
    const Diffusion found = source(header, plane);
    const bool is_believed = found.b_value && *found.b_value >= 0 && *found.b_value <= kMaxBValue;
    if (is_believed && !timing.b_value_s_per_mm2) timing.b_value_s_per_mm2 = found.b_value;
    if (found.direction && !timing.gradient_direction) timing.gradient_direction = as_unit(*found.direction);
  }
  const std::string directionality = header.text(kDiffusionDirectionality);
  const bool has_none = directionality == "ISOTROPIC" || directionality == "NONE";
  if (has_none || timing.b_value_s_per_mm2.value_or(0) == 0) timing.gradient_direction.reset();
}

std::optional<std::int64_t> read_asl_context(const HeaderValues& header) {
  constexpr std::array<std::string_view, 3> kContexts = {"M_ZERO_SCAN", "CONTROL", "LABEL"};
  const std::string stated = header.text(kAslContext);
  const auto found =
      std::ranges::find(kContexts, stated.empty() ? text_of(header.private_value(kPhilipsLabelType)) : stated);
  return found == kContexts.end() ? std::nullopt : std::optional<std::int64_t>(found - kContexts.begin());
}

std::string read_complex_component(const HeaderValues& header) {
  constexpr std::array<std::string_view, 4> kOfGe = {"MAGNITUDE", "PHASE", "REAL", "IMAGINARY"};
  std::string stated = header.text(kComplexImageComponent);
  if (!stated.empty()) return stated;
  const double ge = header.real(kGeImageKind, vr("SS")).value_or(-1);
  return ge >= 0 && ge < kOfGe.size() ? std::string(kOfGe[static_cast<std::size_t>(ge)]) : std::string();
}

std::optional<PhilipsScale> read_philips_scale(const HeaderValues& header) {
  const auto slope = header.real(kPhilipsScaleSlope, vr("FL"));
  const auto intercept = header.real(kPhilipsScaleIntercept, vr("FL"));
  constexpr double kMinSlope = 1e-12, kMaxSlope = 1e12;
  const bool is_sound = slope && std::abs(*slope) >= kMinSlope && std::abs(*slope) <= kMaxSlope;
  return is_sound ? std::optional(PhilipsScale{*slope, intercept}) : std::nullopt;
}

}  // namespace naru::dicom
