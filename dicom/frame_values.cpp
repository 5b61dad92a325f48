#include "dicom/frame_values.h"

#include <algorithm>
#include <limits>

#include "dicom/colour.h"
#include "dicom/pixel_checks.h"

namespace naru::dicom {

FrameValues::FrameValues(Bytes file) : header_(read_instance(file, file.size())) {
  sop_class_uid_ = header_.sop_class_uid;
  if (!header_.pixels) {
    problem_ = header_.reason.value_or(Code::corrupt);
    return;
  }
  frames_.emplace(file, *header_.pixels);
  is_colour_ = dicom::is_colour(*header_.pixels);
  is_inverted_ = header_.pixels->photometric_interpretation == "MONOCHROME1";
  if (is_colour_ || !header_.shown.window) return;
  window_ = header_.shown.window;
  if (is_inverted_) window_ = StoredWindow{-window_->black, -window_->white};
}

std::optional<Code> FrameValues::read(std::int64_t frame, std::vector<float>& values) const {
  return is_colour_ ? read_colours(frame, values) : read_grey(frame, values);
}

std::optional<Code> FrameValues::read_grey(std::int64_t frame, std::vector<float>& values) const {
  std::vector<std::uint16_t> stored(static_cast<std::size_t>(format().rows * format().columns));
  if (const auto problem = frames_->read_frame(frame, stored)) return problem;
  const bool is_unsigned = is_uint16(format());
  values.resize(stored.size());
  std::ranges::transform(stored, values.begin(), [&](std::uint16_t bits) {
    const std::int32_t value = is_unsigned ? std::int32_t{bits} : static_cast<std::int16_t>(bits);
    if (value == header_.shown.padding_value) return std::numeric_limits<float>::quiet_NaN();
    return static_cast<float>(is_inverted_ ? -value : value);
  });
  return std::nullopt;
}

std::optional<Code> FrameValues::read_colours(std::int64_t frame, std::vector<float>& values) const {
  std::vector<std::uint8_t> rgb;
  const Palette* palette = header_.palette ? &*header_.palette : nullptr;
  if (const auto problem = read_colour(*frames_, format(), frame, palette, rgb)) return problem;
  const std::size_t count = rgb.size() / 3;
  values.resize(3 * count);
  for (std::size_t n = 0; n < count; ++n) {
    const float red = rgb[3 * n], green = rgb[3 * n + 1], blue = rgb[3 * n + 2];
    values[n] = 0.299F * red + 0.587F * green + 0.114F * blue;
    values[count + n] = std::max({red, green, blue});
    values[2 * count + n] = std::min({red, green, blue});
  }
  return std::nullopt;
}

}  // namespace naru::dicom
