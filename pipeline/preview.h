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
  std::array<std::string, 3> planes_png_base64;  ///< through the middle: across k (axial), j (coronal), i (sagittal)
  std::vector<std::uint64_t> histogram;          ///< kBinCount bins over [low, high]
  double low = 0, high = 0;                      ///< of all voxels
};

/// Draws the middle planes of a volume stored with axes RAS or alike, scaled to square pixels (at most 224 a side),
/// grey from the 1st to the 99th percentile of the planes' own values.
Preview make_preview(const EncodedVolume& volume, double low, double high);

nlohmann::ordered_json to_json(const Preview& preview);
Preview preview_from_json(const nlohmann::ordered_json& json);

}  // namespace naru
