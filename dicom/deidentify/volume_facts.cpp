#include "dicom/deidentify/volume_facts.h"

#include <algorithm>

namespace naru::dicom {

VolumeFacts read_volume_facts(Bytes file) {
  VolumeFacts facts;
  const HeaderResult header = read_instance(file.first(std::min(file.size(), kHeaderPrefixBytes)), file.size());
  if (header.planes.empty() || header.planes.front().modality != "MR") return facts;
  const Instance& first = header.planes.front();
  if (first.source == PlaneSource::multi_frame) return facts;
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
