#include "dicom/deidentify/volume_facts.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace naru::dicom {

namespace {

/// What all frames say alike; empty where they differ, or where one is silent.
template <class Value, class Get>
std::optional<Value> shared_value(const std::vector<Instance>& planes, Get get) {
  const std::optional<Value> first = get(planes.front());
  const bool is_one = std::ranges::all_of(planes, [&](const Instance& plane) { return get(plane) == first; });
  return is_one ? first : std::nullopt;
}

VolumeFacts facts_of_frames(const std::vector<Instance>& planes) {
  VolumeFacts facts;
  facts.b_value_s_per_mm2 = shared_value<double>(planes, [](const Instance& p) { return p.timing.b_value_s_per_mm2; });
  facts.gradient_direction = shared_value<Vec3>(planes, [](const Instance& p) { return p.timing.gradient_direction; });
  using Scale = std::pair<double, std::optional<double>>;
  const auto scale_of = [](const Instance& p) {
    const auto& scale = p.philips_scale;
    return scale ? std::optional(Scale(scale->scale_slope, scale->scale_intercept)) : std::nullopt;
  };
  if (const auto scale = shared_value<Scale>(planes, scale_of)) facts.philips_scale = {scale->first, scale->second};
  return facts;
}

}  // namespace

VolumeFacts read_volume_facts(Bytes file) {
  VolumeFacts facts;
  const HeaderResult header = read_instance(file.first(std::min(file.size(), kHeaderPrefixBytes)), file.size());
  if (header.planes.empty() || header.planes.front().modality != "MR") return facts;
  const Instance& first = header.planes.front();
  if (first.source == PlaneSource::multi_frame) return facts_of_frames(header.planes);
  facts.b_value_s_per_mm2 = first.timing.b_value_s_per_mm2;
  facts.gradient_direction = first.timing.gradient_direction;
  facts.philips_scale = first.philips_scale;
  if (first.source == PlaneSource::mosaic && header.planes.size() > 1) {
    const Instance& second = header.planes[1];
    facts.mosaic = {static_cast<std::int64_t>(header.planes.size()), first.columns, first.rows, first.position_mm,
                    second.position_mm - first.position_mm};
  }
  return facts;
}

}  // namespace naru::dicom
