#include "pipeline/preview.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "pipeline/pixels/text_detector.h"
#include "pipeline/png.h"

namespace naru {

namespace {

constexpr std::size_t kBinCount = 128;
constexpr double kMaxSidePixels = 224;
constexpr double kLowPercentile = 0.01, kHighPercentile = 0.99;

/// An axis of the volume, which runs the other way in the picture where it is turned.
struct PictureAxis {
  int axis = 0;
  bool is_turned = false;

  /// The voxel of the `n`-th of `count` places.
  std::int64_t at(const Size3& size, int n, int count) const {
    const std::int64_t index = size[axis] * n / count;
    return is_turned ? size[axis] - 1 - index : index;
  }
};

/// A plane: `right` and `up` run rightwards and upwards in the picture.
struct Plane {
  PictureAxis across, right, up;
};

/// Axial, coronal and sagittal, whatever the volume's axes: R or A to the right, A or S upwards.
std::array<Plane, 3> planes_of(const Grid& grid) {
  const std::string codes = axis_codes(grid.patient_from_voxel);
  const auto towards = [&](char letter, char opposite) {
    const std::size_t at = codes.find_first_of(std::string{letter, opposite});
    return PictureAxis{static_cast<int>(at), codes[at] == opposite};
  };
  const PictureAxis r = towards('R', 'L'), a = towards('A', 'P'), s = towards('S', 'I');
  return {{{s, r, a}, {a, r, s}, {r, a, s}}};
}

/// @param voxels that begin with slice k = begin
float voxel(const EncodedVolume& shape, std::span<const std::byte> voxels, std::int64_t begin,
            const std::array<std::int64_t, 3>& index) {
  const Size3& size = shape.grid.size;
  const auto offset = static_cast<std::size_t>(index[0] + size.x * (index[1] + size.y * (index[2] - begin)));
  if (shape.dtype == DType::float32) {
    float value = 0;
    std::memcpy(&value, voxels.data() + offset * sizeof(value), sizeof(value));
    return value;
  }
  std::int16_t value = 0;
  std::memcpy(&value, voxels.data() + offset * sizeof(value), sizeof(value));
  return value;
}

/// Calls `use(n, index)` for pixel n of a plane's picture and the voxel that it shows, where that lies in the slices
/// [begin, end).
template <class Use>
void for_each_pixel(const Size3& size, const Plane& plane, int width, int height, std::int64_t begin, std::int64_t end,
                    const Use& use) {
  std::array<std::int64_t, 3> index{};
  index[static_cast<std::size_t>(plane.across.axis)] = plane.across.at(size, 1, 2);
  for (int y = 0; y < height; ++y) {
    // Row 0 is the top of the picture: the greatest index of the axis that points up.
    index[static_cast<std::size_t>(plane.up.axis)] = plane.up.at(size, height - 1 - y, height);
    const bool is_along = plane.right.axis == 2;  // slices lie along the rows
    if (!is_along && (index[2] < begin || index[2] >= end)) continue;
    for (int x = 0; x < width; ++x) {
      index[static_cast<std::size_t>(plane.right.axis)] = plane.right.at(size, x, width);
      if (is_along && (index[2] < begin || index[2] >= end)) continue;
      use(static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x), index);
    }
  }
}

template <class Pictures>
std::pair<float, float> gray_range(const Pictures& pictures) {
  std::vector<float> values;
  for (const auto& picture : pictures) values.insert(values.end(), picture.values.begin(), picture.values.end());
  const auto [low, high] = at_shares(values, kLowPercentile, kHighPercentile);
  return {low, std::max(high, low + 1e-6F)};
}

std::string png_base64(const auto& picture, float low, float high) {
  GreyPicture grey{picture.width, picture.height, {}};
  grey.pixels.reserve(picture.values.size());
  for (const float value : picture.values) {
    grey.pixels.push_back(
        static_cast<std::uint8_t>(std::lround(255 * std::clamp((value - low) / (high - low), 0.F, 1.F))));
  }
  return base64(png_of(grey));
}

std::vector<std::uint64_t> bins(std::span<const float> samples, double low, double high) {
  std::vector<std::uint64_t> counts(kBinCount, 0);
  const double scale = high > low ? static_cast<double>(kBinCount) / (high - low) : 0;
  for (const float value : samples) {
    const auto bin = static_cast<std::size_t>(std::max(0.0, (static_cast<double>(value) - low) * scale));
    ++counts[std::min(bin, kBinCount - 1)];
  }
  return counts;
}

/// For a picture of the distribution, not a statistic (those are exact, in the manifest).
std::int64_t stride_of(const Size3& size) {
  constexpr std::int64_t kMaxSamples = 250'000;
  return std::max<std::int64_t>(1, size.voxel_count() / kMaxSamples) | 1;
}

}  // namespace

PreviewMaker::PreviewMaker(const EncodedVolume& shape) : shape_(shape), sample_stride_(stride_of(shape.grid.size)) {
  samples_.resize(static_cast<std::size_t>((shape.grid.size.voxel_count() + sample_stride_ - 1) / sample_stride_));
  const Vec3 spacing = shape.grid.spacing_mm();
  const auto extent_mm = [&](int axis) {
    return static_cast<double>(shape.grid.size[axis]) * spacing[static_cast<std::size_t>(axis)];
  };
  const auto planes = planes_of(shape.grid);
  for (std::size_t p = 0; p < 3; ++p) {
    const double width_mm = extent_mm(planes[p].right.axis), height_mm = extent_mm(planes[p].up.axis);
    const double scale = kMaxSidePixels / std::max(width_mm, height_mm);
    Picture& picture = pictures_[p];
    picture.width = std::max(1, static_cast<int>(std::lround(width_mm * scale)));
    picture.height = std::max(1, static_cast<int>(std::lround(height_mm * scale)));
    picture.values.resize(static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height));
  }
}

void PreviewMaker::add(std::int64_t begin, std::span<const std::byte> voxels) {
  const Size3& size = shape_.grid.size;
  const auto slice_voxels = size.x * size.y;
  const auto count = static_cast<std::int64_t>(voxels.size() / size_bytes(shape_.dtype));
  const std::int64_t end = begin + count / slice_voxels;
  const auto planes = planes_of(shape_.grid);
  for (std::size_t p = 0; p < 3; ++p) {
    Picture& picture = pictures_[p];
    for_each_pixel(size, planes[p], picture.width, picture.height, begin, end,
                   [&](std::size_t n, const auto& index) { picture.values[n] = voxel(shape_, voxels, begin, index); });
  }
  const std::int64_t first = (begin * slice_voxels + sample_stride_ - 1) / sample_stride_;
  for (std::int64_t n = first; n * sample_stride_ < end * slice_voxels; ++n) {
    samples_[static_cast<std::size_t>(n)] =
        voxel(shape_, voxels, begin, {n * sample_stride_ - begin * slice_voxels, 0, begin});
  }
}

void PreviewMaker::draw() {
  const auto [dark, bright] = gray_range(pictures_);
  for (std::size_t p = 0; p < 3; ++p) drawn_[p] = png_base64(pictures_[p], dark, bright);
}

Preview PreviewMaker::finish(double low, double high) const {
  Preview preview;
  preview.planes_png_base64 = drawn_;
  preview.histogram = bins(samples_, low, high);
  preview.low = low;
  preview.high = high;
  return preview;
}

Preview make_preview(const EncodedVolume& volume, double low, double high) {
  PreviewMaker maker(volume);
  maker.add(0, volume.voxels);
  maker.draw();
  return maker.finish(low, high);
}

nlohmann::ordered_json to_json(const Preview& preview) {
  return {{"planes", preview.planes_png_base64},
          {"histogram", preview.histogram},
          {"low", preview.low},
          {"high", preview.high}};
}

Preview preview_from_json(const nlohmann::ordered_json& json) {
  Preview preview;
  preview.planes_png_base64 = json.at("planes").get<std::array<std::string, 3>>();
  preview.histogram = json.at("histogram").get<std::vector<std::uint64_t>>();
  preview.low = json.at("low").get<double>();
  preview.high = json.at("high").get<double>();
  return preview;
}

}  // namespace naru
