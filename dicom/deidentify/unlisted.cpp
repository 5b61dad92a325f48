#include "dicom/deidentify/unlisted.h"

#include <algorithm>
#include <array>

#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/code_tags.h"
#include "dicom/deidentify/value_writer.h"
#include "dicom/deidentify/values.h"
#include "dicom/header_values.h"
#include "dicom/rules/attribute_types.h"

namespace naru::dicom {

namespace {

constexpr Tag kCodingSchemeUid = 0x0008010C, kCodingSchemeName = 0x00080115, kCodingSchemeOrganization = 0x00080116;

/// Attributes whose values are of one person, order or document: dates in another calendar, retired numbers of orders,
/// studies, reports and lots, ids and addresses of documents, a device, a printer, a medium and a time server by their
/// names, who assigned a number and who wrote a document by their codes; what an earlier de-identification encrypted of
/// them, in which nothing can be looked for.
constexpr std::array<Tag, 37> kNaming = {
    0x00100033,  // Patient's Birth Date in Alternative Calendar
    0x00100034,  // Patient's Death Date in Alternative Calendar
    0x00080220,  // Responsible Group Code Sequence
    0x00081190,  // Retrieve URL
    0x00102295,  // Breed Registration Number
    0x00181003,  // Device ID
    0x00181803,  // NTP Source Address
    0x002000AA,  // Report Number
    0x00201070,  // Other Study Numbers
    0x00400039,  // Assigning Jurisdiction Code Sequence
    0x0040003A,  // Assigning Agency or Department Code Sequence
    0x00401006,  // Placer Order Number / Procedure
    0x00401007,  // Filler Order Number / Procedure
    0x00402006,  // the same of the Imaging Service Request
    0x00402007,
    0x00404073,  // Storage URL
    0x0040A028,  // Documenting Organization Identifier Code Sequence (Trial)
    0x0040A066,  // Document Identifier Code Sequence (Trial)
    0x0040A068,  // Document Author Identifier Code Sequence (Trial)
    0x0040A070,  // Identifier Code Sequence (Trial)
    0x0040A074,  // Object Binary Identifier (Trial)
    0x0040A076,  // Documenting Observer Identifier Code Sequence (Trial)
    0x0040A085,  // Procedure Identifier Code Sequence (Trial)
    0x0040A089,  // Object Directory Binary Identifier (Trial)
    0x0040E001,  // HL7 Instance Identifier
    0x0040E010,  // Retrieve URI
    0x0044000A,  // Product Lot Identifier
    0x00720010,  // Hanging Protocol User Group Name
    0x0074100A,  // Contact URI
    0x0074100C,  // Contact Display Name
    0x00880130,  // Storage Media File-set ID
    0x04000500,  // Encrypted Attributes Sequence
    0x04000520,  // Encrypted Content
    0x21000010,  // Print Job ID
    0x21000160,  // Owner ID
    0x21100030,  // Printer Name
    0x21100099,  // Print Queue ID
};

bool names_by_nature(Tag tag) { return std::ranges::find(kNaming, tag) != kNaming.end(); }

/// Of an attribute that the table does not list, the one that it lists and that says the same.
struct Twin {
  Tag tag, listed;
};
constexpr std::array kTwins = {
    Twin{0x00101021, 0x00101020},  // Patient's Size Code Sequence: Patient's Size
    Twin{0x00101022, 0x00101020},  // Patient's Body Mass Index, which is made of size and weight
    Twin{0x00181006, 0x00181004},  // Grid ID: Plate ID
    Twin{0x00440012, 0x00181000},  // Substance Administration Device ID: Device Serial Number
    Twin{0x01000426, 0x00181000},  // Authorization Equipment Certification Number
    Twin{0x30020020, 0x300A00B2},  // Radiation Machine Name: Treatment Machine Name
};

/// UIDs of classes and coding schemes name things that everybody has; all others name an instance, a device, a person.
bool names_a_class(Tag tag) {
  constexpr std::array<Tag, 6> kTags = {0x00080016, 0x0008001A, 0x0008001B, kCodingSchemeUid, 0x00080118, 0x00081150};
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

Tag listed_twin(Tag tag) {
  const auto row = std::ranges::find(kTwins, tag, &Twin::tag);
  return row == kTwins.end() ? Tag{0} : row->listed;
}

UnlistedDecision unlisted_decision(Tag tag, Vr v, bool is_contradictory, UnlistedPlace place,
                                   const DeidentifyPolicy& policy) {
  if (!standard_vr(tag) || is_contradictory) return {DeidAction::X, "unknown_removed"};
  // A code must keep its code; codes are checked for identifiers as they are written.
  if (tag == kLongCodeValue || tag == kUrnCodeValue) return {DeidAction::K};
  if (names_by_nature(tag) || v == vr("UR")) return removed(tag);
  if (const Tag twin = listed_twin(tag); twin != 0) {
    const DeidAction action = resolve_action(policy, "", 0, twin);
    return action == DeidAction::K || action == DeidAction::C ? UnlistedDecision{DeidAction::K} : removed(tag);
  }
  // A scheme of codes that a hospital made up is named after it.
  const bool names_scheme = tag == kCodingSchemeName || tag == kCodingSchemeOrganization;
  if (place.is_of_local_scheme && names_scheme) return removed(tag);
  const bool cleans = place.cleans || policy.options.has(DeidOption::clean_descriptors);
  // Whole sentences say anything; without the option that cleans them they go as the table's own do.
  if (is_long_text(v)) return cleans ? UnlistedDecision{DeidAction::C} : removed(tag);
  // So may a short one, as the name of a protocol that somebody typed.
  if (cleans && is_short_text(v) && !is_code(tag) && !names_a_product(tag)) return {DeidAction::C};
  if (v == vr("PN")) return {DeidAction::Z};
  const bool is_made_up = place.is_of_local_scheme && tag == kCodingSchemeUid;
  const bool keeps_uids = (names_a_class(tag) && !is_made_up) || policy.options.has(DeidOption::retain_uids);
  if (v == vr("UI")) return {keeps_uids ? DeidAction::K : DeidAction::U};
  if (!is_date(v) || policy.options.has(DeidOption::retain_longitudinal_full_dates)) return {DeidAction::K};
  return {policy.options.has(DeidOption::retain_longitudinal_modified_dates) ? DeidAction::C : DeidAction::X};
}

}  // namespace naru::dicom
