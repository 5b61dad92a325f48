#include "dicom/rules/deid_option.h"

#include <algorithm>

namespace naru::dicom {

namespace {

constexpr std::array<DeidOptionInfo, kDeidOptions> kOptions = {{
    {DeidOption::retain_safe_private, "retain-safe-private", "113111", "Retain Safe Private Option", "E.3.10"},
    {DeidOption::retain_uids, "retain-uids", "113110", "Retain UIDs Option", "E.3.9"},
    {DeidOption::retain_device_identity, "retain-device-identity", "113109", "Retain Device Identity Option", "E.3.8"},
    {DeidOption::retain_institution_identity, "retain-institution-identity", "113112",
     "Retain Institution Identity Option", "E.3.11"},
    {DeidOption::retain_patient_characteristics, "retain-patient-characteristics", "113108",
     "Retain Patient Characteristics Option", "E.3.7"},
    {DeidOption::retain_longitudinal_full_dates, "retain-longitudinal-full-dates", "113106",
     "Retain Longitudinal Temporal Information Full Dates Option", "E.3.6"},
    {DeidOption::retain_longitudinal_modified_dates, "retain-longitudinal-modified-dates", "113107",
     "Retain Longitudinal Temporal Information Modified Dates Option", "E.3.6"},
    {DeidOption::clean_descriptors, "clean-descriptors", "113105", "Clean Descriptors Option", "E.3.5"},
    {DeidOption::clean_structured_content, "clean-structured-content", "113104", "Clean Structured Content Option",
     "E.3.4"},
    {DeidOption::clean_graphics, "clean-graphics", "113103", "Clean Graphics Option", "E.3.3"},
    {DeidOption::clean_pixel_data, "clean-pixel-data", "113101", "Clean Pixel Data Option", "E.3.1"},
    {DeidOption::clean_recognizable_visual_features, "clean-recognizable-visual-features", "113102",
     "Clean Recognizable Visual Features Option", "E.3.2"},
}};

}  // namespace

const std::array<DeidOptionInfo, kDeidOptions>& deid_options() { return kOptions; }

std::optional<DeidOption> deid_option_from_name(std::string_view name) {
  const auto found = std::ranges::find(kOptions, name, &DeidOptionInfo::name);
  if (found == kOptions.end()) return std::nullopt;
  return found->option;
}

}  // namespace naru::dicom
