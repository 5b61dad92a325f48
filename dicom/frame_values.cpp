#include "dicom/frame_values.h"

#include <algorithm>
#include <span>

#include "dicom/colour.h"
#include "dicom/element_walk.h"
#include "dicom/file_layout.h"
#include "dicom/functional_groups.h"
#include "dicom/header_values.h"
#include "dicom/inflate.h"
#include "dicom/pixel_checks.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

namespace {

/// The beginning of a file's data set, inflated where it is deflated.
struct DataSet {
  std::vector<std::byte> inflated;
  Bytes bytes;
  std::size_t offset = 0;
  Encoding encoding;
  bool is_cut = false;  ///< it may go on
};

std::optional<DataSet> data_set_of(Bytes file) {
  const auto layout = read_layout(file);
  const SyntaxInfo* syntax = layout ? find_syntax(layout->transfer_syntax_uid) : nullptr;
  if (syntax == nullptr) return std::nullopt;
  DataSet data{{}, file, layout->data_set_offset, syntax->encoding, false};
  if (!syntax->is_deflated) {
    data.encoding = contradicting_encoding(file, data.offset, data.encoding).value_or(data.encoding);
    return data;
  }
  constexpr std::size_t kInflatedBytes = std::size_t{16} << 20;
  data.inflated = inflate_prefix(file.subspan(data.offset), kInflatedBytes);
  data.bytes = data.inflated;
  data.offset = 0;
  data.is_cut = data.inflated.size() == kInflatedBytes;
  return data;
}

/// Of a file whose Pixel Data cannot be read: no_pixels of a data set that ends without any, text_suspected of one of
/// floats, which nothing here shows.
/// @param reason where neither can be told
Code why_unseen(Bytes file, Code reason) {
  const auto data = data_set_of(file);
  if (!data) return reason;
  ElementWalk walk(data->bytes, data->offset, data->encoding);
  while (const auto element = walk.next()) {
    if (is_float_pixel_data(element->tag)) return Code::text_suspected;
  }
  return walk.end() != WalkEnd::complete || data->is_cut ? reason : Code::no_pixels;
}

std::vector<ShownValues> shown_frames(Bytes file, const PixelFormat& format) {
  const auto data = data_set_of(file);
  if (!data) return {};
  return read_shown_frames(HeaderValues(data->bytes, data->offset, data->encoding), format);
}

/// True where more pixels are coloured than codecs make of grey ones.
bool has_colour(std::span<const std::uint8_t> rgb) {
  constexpr int kLeastChroma = 24;
  constexpr std::size_t kFewest = 16;
  std::size_t coloured = 0;
  for (std::size_t n = 0; n + 2 < rgb.size() && coloured < kFewest; n += 3) {
    const auto [low, high] = std::minmax({rgb[n], rgb[n + 1], rgb[n + 2]});
    if (high - low >= kLeastChroma) ++coloured;
  }
  return coloured == kFewest;
}

/// The least value becomes 0, the largest 255. A plane of one value becomes 0.
void stretch(std::span<float> values) {
  constexpr float kWhite = 255;
  if (values.empty()) return;
  const auto [low, high] = std::ranges::minmax(values);
  const float scale = high > low ? kWhite / (high - low) : 0;
  for (float& value : values) value = (value - low) * scale;
}

}  // namespace

FrameValues::FrameValues(Bytes file) : header_(read_instance(file, file.size())) {
  if (!header_.pixels) {
    problem_ = why_unseen(file, header_.reason.value_or(Code::corrupt));
    return;
  }
  frames_.emplace(file, *header_.pixels);
  is_colour_ = dicom::is_colour(*header_.pixels);
  if (!is_colour_) shown_ = shown_frames(file, *header_.pixels);
  if (shown_.empty()) shown_.push_back(header_.shown);
  const bool is_rescaled_down = shown_.front().is_rescaled_down;
  is_inverted_ = (header_.pixels->photometric_interpretation == "MONOCHROME1") != is_rescaled_down;
}

ShownValues FrameValues::shown(std::int64_t frame) const {
  if (is_colour_) return {};
  const auto n = static_cast<std::size_t>(frame);
  ShownValues shown = n < shown_.size() ? shown_[n] : shown_.front();
  if (!is_inverted_) return shown;
  const auto turned_over = [](const StoredWindow& window) { return StoredWindow{-window.white, -window.black}; };
  if (shown.window) shown.window = turned_over(*shown.window);
  std::ranges::transform(shown.more_windows, shown.more_windows.begin(), turned_over);
  if (shown.padding_value) shown.padding_value = -*shown.padding_value;
  return shown;
}

std::optional<Code> FrameValues::read(std::int64_t frame, std::vector<float>& values, Views* views) const {
  if (views != nullptr) views->clear();
  return is_colour_ ? read_colours(frame, values, views) : read_grey(frame, values);
}

std::optional<Code> FrameValues::read_grey(std::int64_t frame, std::vector<float>& values) const {
  std::vector<std::uint16_t> stored(static_cast<std::size_t>(format().rows * format().columns));
  if (const auto problem = frames_->read_frame(frame, stored)) return problem;
  const bool is_unsigned = is_uint16(format());
  values.resize(stored.size());
  std::ranges::transform(stored, values.begin(), [&](std::uint16_t bits) {
    const std::int32_t value = stored_number(bits, is_unsigned);
    return static_cast<float>(is_inverted_ ? -value : value);
  });
  return std::nullopt;
}

std::optional<Code> FrameValues::add_views(std::int64_t frame, std::span<const std::uint8_t> rgb, Views& views) const {
  if (has_colour(rgb)) {
    std::vector<float> planes(rgb.size());
    for (std::size_t plane = 0; plane < 3; ++plane) {
      for (std::size_t n = 0; n < rgb.size() / 3; ++n) planes[plane * rgb.size() / 3 + n] = rgb[3 * n + plane];
      stretch(std::span(planes).subspan(plane * rgb.size() / 3, rgb.size() / 3));
    }
    views.push_back(std::move(planes));
  }
  if (!header_.palette) return std::nullopt;
  std::vector<std::uint16_t> indices(static_cast<std::size_t>(format().rows * format().columns));
  if (const auto problem = frames_->read_frame(frame, indices)) return problem;
  std::vector<float> plane(indices.begin(), indices.end());
  stretch(plane);
  std::vector<float> planes;
  for (int n = 0; n < 3; ++n) planes.insert(planes.end(), plane.begin(), plane.end());
  views.push_back(std::move(planes));
  return std::nullopt;
}

std::optional<Code> FrameValues::read_colours(std::int64_t frame, std::vector<float>& values, Views* views) const {
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
  return views != nullptr ? add_views(frame, rgb, *views) : std::nullopt;
}

}  // namespace naru::dicom
