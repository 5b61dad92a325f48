#include "dicom/deidentify/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/ascii_case.h"
#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/deidentify/unlisted.h"
#include "dicom/deidentify/values.h"
#include "dicom/rules/attribute_types.h"
#include "dicom/rules/private_rules.h"

namespace naru::dicom {

namespace {

/// Places where the table removes an attribute (X) that the IOD wants to be there, if empty (type 2) or with a value
/// (type 1). The standard's profile says nothing of it; an invalid object helps nobody, and neither an empty value nor
/// a dummy tells anything.
struct RequiredPlace {
  std::string_view sop_classes;  ///< what their UIDs begin with
  Tag parent, tag;
  DeidAction action;
};
constexpr std::string_view kPresentationStates = "1.2.840.10008.5.1.4.1.1.11.",
                           kWaveformPresentationStates = "1.2.840.10008.5.1.4.1.1.9.100.",
                           kStructuredDisplay = "1.2.840.10008.5.1.4.1.1.131";
constexpr std::array kRequiredPlaces = {
    RequiredPlace{"", 0x0040A370, 0x00401001, DeidAction::Z},  // Requested Procedure ID in Referenced Request Sequence
                                                               // (PS3.3 C.17.2)
    // Presentation Creation Date and Time (PS3.3 C.11.10, C.11.16)
    RequiredPlace{kPresentationStates, 0, 0x00700082, DeidAction::D},
    RequiredPlace{kPresentationStates, 0, 0x00700083, DeidAction::D},
    RequiredPlace{kWaveformPresentationStates, 0, 0x00700082, DeidAction::D},
    RequiredPlace{kWaveformPresentationStates, 0, 0x00700083, DeidAction::D},
    RequiredPlace{kStructuredDisplay, 0, 0x00700082, DeidAction::D},
    RequiredPlace{kStructuredDisplay, 0, 0x00700083, DeidAction::D},
    // Radiopharmaceutical Start DateTime in Radiopharmaceutical Information Sequence of Enhanced PET (PS3.3 C.8.22.4)
    RequiredPlace{"1.2.840.10008.5.1.4.1.1.130", 0x00540016, 0x00181078, DeidAction::D},
    // Source Manufacturer in Recorded Source Sequence of an RT Brachy Treatment Record (PS3.3 C.8.8.22)
    RequiredPlace{"1.2.840.10008.5.1.4.1.1.481.6", 0x30080100, 0x300A0216, DeidAction::Z},
};

/// How much an action protects: what keeps a value protects least.
int protection(DeidAction action) {
  switch (action) {
    case DeidAction::none:
    case DeidAction::K: return 0;
    case DeidAction::C: return 1;
    default: return 2;
  }
}

/// A sequence has no UID to replace: its items stay.
DeidAction effect_of(Tag tag, DeidAction action) {
  return action == DeidAction::U && standard_vr(tag) == vr("SQ") ? DeidAction::K : action;
}

/// What the profile demands for an attribute or, where its table does not list it, what becomes of it without a rule.
/// To clean texts that the table does not list is our own custom.
int demanded_protection(Tag tag, const DeidentifyPolicy& policy) {
  if (const AttributeRule* rule = find_attribute_rule(tag)) return protection(action_of(*rule, policy.options));
  const Vr v = standard_vr(tag).value_or(0);
  // Where it protects most: a rule of the hospital's own holds beside codes of its own, too.
  const DeidAction unlisted = unlisted_decision(tag, v, false, {.is_of_local_scheme = true}, policy).action;
  return unlisted == DeidAction::C && !is_date(v) ? 0 : protection(unlisted);
}

const AttributeOverride* find_override(const DeidentifyPolicy& policy, Tag tag) {
  const auto found = std::ranges::find(policy.attributes, tag, &AttributeOverride::tag);
  return found == policy.attributes.end() ? nullptr : &*found;
}

DeidAction action_of_profile(Tag tag, DeidOptions options) {
  const AttributeRule* rule = find_attribute_rule(tag);
  return rule == nullptr ? DeidAction::none : action_of(*rule, options);
}

/// The option in whose column the action of a row was found.
std::string_view cause_of(const AttributeRule& rule, DeidOptions options) {
  const DeidAction action = action_of(rule, options);
  for (std::size_t column = 0; column < kDeidOptionColumns; ++column) {
    const DeidOptionInfo& info = deid_options()[column];
    if (options.has(info.option) && rule.options[column] == action) return info.name;
  }
  return "basic";
}

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, text.find_last_not_of(' ') + 1);  // npos becomes 0
}

/// Software versions and people write one device with other blanks around it and in other cases.
bool is_same_device(std::string_view a, std::string_view b) {
  return is_equal_but_for_case(without_blanks(a), without_blanks(b));
}

/// Attributes of messages and directories, which no data set has: they are removed wherever one holds them. The File
/// Meta Information is made anew.
bool is_misplaced(Tag tag) { return group_of(tag) < 0x0008 && group_of(tag) != 0x0002; }

}  // namespace

std::vector<PixelBox> DeidentifyPolicy::regions_for(const DeviceFrame& frame) const {
  std::vector<PixelBox> found;
  if (!options.has(DeidOption::clean_pixel_data)) return found;
  for (const PixelRegion& region : regions) {
    const bool matches = region.modality == frame.modality && region.rows == frame.rows &&
                         region.columns == frame.columns && is_same_device(region.manufacturer, frame.manufacturer) &&
                         (region.model.empty() || is_same_device(region.model, frame.model));
    if (matches) found.push_back({-1, region.x, region.y, region.width, region.height, {}});
  }
  return found;
}

bool DeidentifyPolicy::is_weaker_than_profile() const {
  const bool keeps_attribute = std::ranges::any_of(attributes, [&](const AttributeOverride& own) {
    return protection(effect_of(own.tag, own.action)) < demanded_protection(own.tag, *this);
  });
  return keeps_attribute || std::ranges::any_of(private_elements, [&](const PrivateOverride& own) {
           const PrivateRule* rule = find_private_rule(own.group, own.creator, own.element);
           const bool is_safe = rule != nullptr && private_action(*rule, *this) != PrivateAction::remove;
           return own.keep && !is_safe;
         });
}

std::span<const Tag> identity_attributes() {
  // Name, ID, Other Patient IDs and Names, the sequence of the former, Birth Name, Mother's Birth Name.
  static constexpr std::array<Tag, 7> kTags = {0x00100010, 0x00100020, 0x00101000, 0x00101001,
                                               0x00101002, 0x00101005, 0x00101060};
  return kTags;
}

bool keeps_identity(const AttributeOverride& own) {
  const DeidAction effect = effect_of(own.tag, own.action);
  return (effect == DeidAction::K || effect == DeidAction::C) &&
         std::ranges::find(identity_attributes(), own.tag) != identity_attributes().end();
}

bool is_overlay_or_curve(Tag tag) {
  const auto group = static_cast<std::uint16_t>(group_of(tag) & 0xFF00);
  return (group == 0x6000 || group == 0x5000) && !is_private(tag);
}

DeidAction resolve_action(const DeidentifyPolicy& policy, std::string_view sop_class_uid, Tag parent, Tag tag) {
  if (const AttributeOverride* own = find_override(policy, tag)) return own->action;
  const DeidAction action = action_of_profile(tag, policy.options);
  const auto required = std::ranges::find_if(kRequiredPlaces, [&](const RequiredPlace& place) {
    return place.parent == parent && place.tag == tag && sop_class_uid.starts_with(place.sop_classes);
  });
  if (action == DeidAction::X && required != kRequiredPlaces.end()) return required->action;
  const bool is_conditional = action >= DeidAction::X_Z;
  return is_conditional ? resolve_by_type(action, attribute_type(sop_class_uid, parent, tag)) : action;
}

std::optional<std::string> contradiction(DeidOptions options) {
  if (options.has(DeidOption::retain_longitudinal_full_dates) &&
      options.has(DeidOption::retain_longitudinal_modified_dates)) {
    return "retain-longitudinal-full-dates and retain-longitudinal-modified-dates exclude each other";
  }
  return std::nullopt;
}

std::vector<std::string> method_texts(const DeidentifyPolicy& policy, std::string_view version) {
  constexpr std::size_t kShownDigits = 16;
  std::vector<std::string> texts = {
      fmt::format("Naru {}", version),
      policy.is_weaker_than_profile() ? "DICOM PS3.15 2026d Basic Profile, weakened by site rules"
                                      : "DICOM PS3.15 2026d Basic Profile",
      fmt::format("table {}", attribute_rules_sha256().substr(0, kShownDigits)),
  };
  for (const DeidOptionInfo& info : deid_options()) {
    if (policy.options.has(info.option)) texts.emplace_back(info.name);
  }
  const std::size_t own = policy.attributes.size() + policy.private_elements.size();
  if (own > 0) texts.push_back(fmt::format("{} site rules", own));
  return texts;
}

std::vector<ExplainedRule> explain(const DeidentifyPolicy& policy) {
  std::vector<ExplainedRule> rows;
  for (const AttributeRule& rule : attribute_rules()) {
    const AttributeOverride* own = find_override(policy, rule.tag);
    const bool goes = is_overlay_or_curve(rule.tag) || is_misplaced(rule.tag);
    const DeidAction action = goes ? DeidAction::X : own != nullptr ? own->action : action_of(rule, policy.options);
    const bool may_be_required = own == nullptr && action == DeidAction::X;
    const auto* required = std::ranges::find(kRequiredPlaces, rule.tag, &RequiredPlace::tag);
    std::string shown(name(action));
    if (may_be_required && required != kRequiredPlaces.end()) shown += fmt::format("/{}", name(required->action));
    rows.push_back({rule.tag, rule.mask, rule.name, std::move(shown),
                    own != nullptr ? "site"
                    : goes         ? "basic"
                                   : std::string(cause_of(rule, policy.options))});
  }
  for (const AttributeOverride& own : policy.attributes) {
    if (find_attribute_rule(own.tag) == nullptr) {
      rows.push_back({own.tag, 0xFFFFFFFF, "", std::string(name(own.action)), "site"});
    }
  }
  std::ranges::sort(rows, {}, &ExplainedRule::tag);
  return rows;
}

}  // namespace naru::dicom
