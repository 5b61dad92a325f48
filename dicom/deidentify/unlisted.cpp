#include "dicom/deidentify/unlisted.h"

#include <algorithm>
#include <array>

#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/value_writer.h"
#include "dicom/deidentify/values.h"
#include "dicom/header_values.h"
#include "dicom/rules/attribute_types.h"

namespace naru::dicom {

namespace {

constexpr Tag kLongCodeValue = 0x00080119, kUrnCodeValue = 0x00080120;

/// Attributes whose values are of one person, order or document: dates in another calendar, retired order numbers, ids
/// and addresses of documents, a device and a time server by their names; what an earlier de-identification encrypted
/// of them, in which nothing can be looked for.
bool names_by_nature(Tag tag) {
  constexpr std::array<Tag, 15> kTags = {0x00100033, 0x00100034, 0x00401006, 0x00401007, 0x00402006,
                                         0x00402007, 0x00081190, 0x0040E001, 0x0040E010, 0x00404073,
                                         0x0074100A, 0x00181003, 0x00181803, 0x04000500, 0x04000520};
  return std::ranges::find(kTags, tag) != kTags.end();
}

/// UIDs of classes and coding schemes name things that everybody has; all others name an instance, a device, a person.
bool names_a_class(Tag tag) {
  constexpr std::array<Tag, 7> kTags = {0x00080016, 0x0008001A, 0x0008001B, 0x0008010C,
                                        0x00080117, 0x00080118, 0x00081150};
  return std::ranges::find(kTags, tag) != kTags.end();
}

bool is_long_text(Vr v) { return v == vr("ST") || v == vr("LT") || v == vr("UT") || v == vr("UC"); }
bool is_short_text(Vr v) { return v == vr("LO") || v == vr("SH"); }

/// Maker, model and software, which everybody has who bought them: their names look like places, their builds like
/// dates.
bool names_a_product(Tag tag) {
  constexpr Tag kSoftwareVersions = 0x00181020;
  return tag == kManufacturer || tag == kManufacturerModelName || tag == kSoftwareVersions;
}

UnlistedDecision removed(Tag tag) {
  const AttributeType type = unlisted_text_type(tag);
  if (type == AttributeType::type3) return {DeidAction::X, "unlisted_removed"};
  return {resolve_by_type(DeidAction::X_Z_D, type)};
}

}  // namespace

PrivateAction private_action(const PrivateRule& rule, const DeidentifyPolicy& policy) {
  if (!policy.options.has(DeidOption::retain_safe_private)) return PrivateAction::remove;
  const Tag repeated = repeated_attribute(rule);
  if (repeated == 0) return rule.action;
  const DeidAction action = resolve_action(policy, "", 0, repeated);
  return action == DeidAction::K || action == DeidAction::C ? rule.action : PrivateAction::remove;
}

UnlistedDecision unlisted_decision(Tag tag, Vr v, bool is_contradictory, bool cleans, const DeidentifyPolicy& policy) {
  if (!standard_vr(tag) || is_contradictory) return {DeidAction::X, "unknown_removed"};
  // A code must keep its code; codes are checked for identifiers as they are written.
  if (tag == kLongCodeValue || tag == kUrnCodeValue) return {DeidAction::K};
  if (names_by_nature(tag) || v == vr("UR")) return removed(tag);
  // Patient's Body Mass Index goes where the size and the weight do that it is made of.
  constexpr Tag kBodyMassIndex = 0x00101022, kPatientSize = 0x00101020;
  if (tag == kBodyMassIndex && resolve_action(policy, "", 0, kPatientSize) == DeidAction::X) return removed(tag);
  cleans = cleans || policy.options.has(DeidOption::clean_descriptors);
  // Whole sentences say anything; without the option that cleans them they go as the table's own do.
  if (is_long_text(v)) return cleans ? UnlistedDecision{DeidAction::C} : removed(tag);
  // So may a short one, as the name of a protocol that somebody typed.
  if (cleans && is_short_text(v) && !is_code(tag) && !names_a_product(tag)) return {DeidAction::C};
  if (v == vr("PN")) return {DeidAction::Z};
  const bool keeps_uids = names_a_class(tag) || policy.options.has(DeidOption::retain_uids);
  if (v == vr("UI")) return {keeps_uids ? DeidAction::K : DeidAction::U};
  if (!is_date(v) || policy.options.has(DeidOption::retain_longitudinal_full_dates)) return {DeidAction::K};
  return {policy.options.has(DeidOption::retain_longitudinal_modified_dates) ? DeidAction::C : DeidAction::X};
}

}  // namespace naru::dicom
