#include "dicom/deidentify/method.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/dummy_items.h"
#include "dicom/deidentify/values.h"

namespace naru::dicom {

void write_method(DataSetWriter& writer, const DeidentifyPolicy& policy, std::string_view version,
                  PixelsCleaned cleaned) {
  DeidentifyPolicy ran = policy;
  if (!cleaned.text) ran.options.remove(DeidOption::clean_pixel_data);
  if (!cleaned.face) ran.options.remove(DeidOption::clean_recognizable_visual_features);
  writer.element(kDeidMethod, vr("LO"), fmt::format("{}", fmt::join(method_texts(ran, version), "\\")));
}

void write_method_codes(DataSetWriter& writer, const DeidentifyPolicy& policy, PixelsCleaned cleaned) {
  if (policy.is_weaker_than_profile() && policy.options == DeidOptions{}) return;  // nothing can be claimed
  writer.begin_sequence(kDeidMethodCodes);
  if (!policy.is_weaker_than_profile()) {
    write_code_item(writer, "113100", "DCM", "Basic Application Confidentiality Profile");
  }
  for (const DeidOptionInfo& info : deid_options()) {
    const bool is_idle = (info.option == DeidOption::clean_pixel_data && !cleaned.text) ||
                         (info.option == DeidOption::clean_recognizable_visual_features && !cleaned.face);
    if (policy.options.has(info.option) && !is_idle) write_code_item(writer, info.code, "DCM", info.meaning);
  }
  writer.end_sequence();
}

void write_longitudinal(DataSetWriter& writer, const DeidentifyPolicy& policy) {
  const auto is_done = [&](DeidOption option, DeidAction action) {
    return policy.options.has(option) || std::ranges::any_of(policy.attributes, [&](const AttributeOverride& own) {
             return own.action == action && is_date(standard_vr(own.tag).value_or(0));
           });
  };
  const std::string_view text = is_done(DeidOption::retain_longitudinal_full_dates, DeidAction::K)       ? "UNMODIFIED"
                                : is_done(DeidOption::retain_longitudinal_modified_dates, DeidAction::C) ? "MODIFIED"
                                                                                                         : "REMOVED";
  writer.element(kLongitudinalTemporalInformationModified, vr("CS"), text);
}

}  // namespace naru::dicom
