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

/// A plane: `right` and `up` are the volume's axes that run rightwards and upwards in the picture.
struct Plane {
  int across, right, up;
};
constexpr std::array<Plane, 3> kPlanes = {{{2, 0, 1}, {1, 0, 2}, {0, 1, 2}}};

struct Picture {
  int width = 0, height = 0;
  std::vector<float> values;
};

float voxel(const EncodedVolume& volume, const std::array<std::int64_t, 3>& index) {
  const auto offset =
      static_cast<std::size_t>(index[0] + volume.grid.size.x * (index[1] + volume.grid.size.y * index[2]));
  if (volume.dtype == DType::float32) {
    float value = 0;
    std::memcpy(&value, volume.voxels.data() + offset * sizeof(value), sizeof(value));
    return value;
  }
  std::int16_t value = 0;
  std::memcpy(&value, volume.voxels.data() + offset * sizeof(value), sizeof(value));
  return value;
}

Picture cut_plane(const EncodedVolume& volume, const Plane& plane) {
  const Vec3 spacing = volume.grid.spacing_mm();
  const auto extent_mm = [&](int axis) {
    return static_cast<double>(volume.grid.size[axis]) * spacing[static_cast<std::size_t>(axis)];
  };
  const double scale = kMaxSidePixels / std::max(extent_mm(plane.right), extent_mm(plane.up));
  Picture picture;
  picture.width = std::max(1, static_cast<int>(std::lround(extent_mm(plane.right) * scale)));
  picture.height = std::max(1, static_cast<int>(std::lround(extent_mm(plane.up) * scale)));
  std::array<std::int64_t, 3> index{};
  index[static_cast<std::size_t>(plane.across)] = volume.grid.size[plane.across] / 2;
  for (int y = 0; y < picture.height; ++y) {
    // Row 0 is the top of the picture: the greatest index of the axis that points up.
    index[static_cast<std::size_t>(plane.up)] = volume.grid.size[plane.up] * (picture.height - 1 - y) / picture.height;
    for (int x = 0; x < picture.width; ++x) {
      index[static_cast<std::size_t>(plane.right)] = volume.grid.size[plane.right] * x / picture.width;
      picture.values.push_back(voxel(volume, index));
    }
  }
  return picture;
}

std::pair<float, float> gray_range(const std::array<Picture, 3>& pictures) {
  std::vector<float> values;
  for (const Picture& picture : pictures) values.insert(values.end(), picture.values.begin(), picture.values.end());
  const auto [low, high] = at_shares(values, kLowPercentile, kHighPercentile);
  return {low, std::max(high, low + 1e-6F)};
}

std::string png_base64(const Picture& picture, float low, float high) {
  GreyPicture grey{picture.width, picture.height, {}};
  grey.pixels.reserve(picture.values.size());
  for (const float value : picture.values) {
    grey.pixels.push_back(
        static_cast<std::uint8_t>(std::lround(255 * std::clamp((value - low) / (high - low), 0.F, 1.F))));
  }
  return base64(png_of(grey));
}

/// Every `stride`-th voxel: a picture of the distribution, not a statistic (those are exact, in the manifest).
std::vector<std::uint64_t> bins(const EncodedVolume& volume, double low, double high) {
  constexpr std::int64_t kMaxSamples = 250'000;
  std::vector<std::uint64_t> counts(kBinCount, 0);
  const std::int64_t voxel_count = volume.grid.size.voxel_count();
  const std::int64_t stride = std::max<std::int64_t>(1, voxel_count / kMaxSamples) | 1;
  const double scale = high > low ? static_cast<double>(kBinCount) / (high - low) : 0;
  for (std::int64_t i = 0; i < voxel_count; i += stride) {
    const double value = static_cast<double>(voxel(volume, {i, 0, 0}));
    const auto bin = static_cast<std::size_t>(std::max(0.0, (value - low) * scale));
    ++counts[std::min(bin, kBinCount - 1)];
  }
  return counts;
}

}  // namespace

Preview make_preview(const EncodedVolume& volume, double low, double high) {
  std::array<Picture, 3> pictures;
  for (std::size_t p = 0; p < 3; ++p) pictures[p] = cut_plane(volume, kPlanes[p]);
  const auto [dark, bright] = gray_range(pictures);
  Preview preview;
  for (std::size_t p = 0; p < 3; ++p) preview.planes_png_base64[p] = png_base64(pictures[p], dark, bright);
  preview.histogram = bins(volume, low, high);
  preview.low = low;
  preview.high = high;
  return preview;
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
