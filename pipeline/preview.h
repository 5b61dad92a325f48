/// What a person sees of a case in the report: three planes and a histogram. Stays with the hospital.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "pipeline/outputs/nifti.h"

namespace naru {

struct Preview {
  std::array<std::string, 3> planes_png_base64;  ///< through the middle: axial, coronal, sagittal
  std::vector<std::uint64_t> histogram;          ///< kBinCount bins over [low, high]
  double low = 0, high = 0;                      ///< of all voxels
};

/// Draws a preview of a volume that comes in parts: see make_preview.
class PreviewMaker {
 public:
  /// @param shape its `voxels` are not looked at
  explicit PreviewMaker(const EncodedVolume& shape);

  /// Slices k = begin, begin + 1, ... as far as `voxels` go. In any order, by several threads at once, each slice once.
  void add(std::int64_t begin, std::span<const std::byte> voxels);

  /// Makes the pictures, which takes most of the time. @pre all slices were added
  void draw();

  /// @pre draw() was called
  Preview finish(double low, double high) const;

 private:
  struct Picture {
    int width = 0, height = 0;
    std::vector<float> values;  ///< row after row
  };
  EncodedVolume shape_;
  std::array<Picture, 3> pictures_;
  std::int64_t sample_stride_;
  std::vector<float> samples_;  ///< every so many voxels one
  std::array<std::string, 3> drawn_;
};

/// Draws the middle planes of a volume, R or A to the right and A or S upwards whatever its axes, scaled to square
/// pixels (at most 224 a side), grey from the 1st to the 99th percentile of the planes' own values.
Preview make_preview(const EncodedVolume& volume, double low, double high);

nlohmann::ordered_json to_json(const Preview& preview);
Preview preview_from_json(const nlohmann::ordered_json& json);

}  // namespace naru
