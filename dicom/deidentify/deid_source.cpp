#include "dicom/deidentify/deid_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/digest.h"
#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/deidentify/file_facts.h"
#include "dicom/deidentify/opened_file.h"
#include "dicom/deidentify/pixel_facts.h"
#include "dicom/deidentify/pixel_treatment.h"
#include "dicom/dicomdir.h"
#include "dicom/header_values.h"

namespace naru::dicom {

namespace {

/// Sounds: a voice identifies, and nothing here can clean one.
constexpr std::array<std::string_view, 2> kSoundClasses = {"1.2.840.10008.5.1.4.1.1.9.4.1",
                                                           "1.2.840.10008.5.1.4.1.1.9.4.2"};

/// Objects of no patient and no study (PS3.3 A.39, A.40, A.58 to A.60, A.86): by nothing could a result be named.
constexpr std::array<std::string_view, 9> kClassesWithoutPatient = {
    "1.2.840.10008.5.1.4.38.1",        // Hanging Protocol
    "1.2.840.10008.5.1.4.39.1",        // Color Palette
    "1.2.840.10008.5.1.4.43.1",        // Generic Implant Template
    "1.2.840.10008.5.1.4.44.1",        // Implant Assembly Template
    "1.2.840.10008.5.1.4.45.1",        // Implant Template Group
    "1.2.840.10008.5.1.4.1.1.200.1",   // CT Defined Procedure Protocol
    "1.2.840.10008.5.1.4.1.1.200.3",   // Protocol Approval
    "1.2.840.10008.5.1.4.1.1.200.7",   // XA Defined Procedure Protocol
    "1.2.840.10008.5.1.4.1.1.201.1"};  // Inventory: of many patients

/// Of DICOS, the screening of baggage and travellers: who travels where stands in attributes that PS3.15 knows nothing
/// of.
constexpr std::string_view kBaggageClasses = "1.2.840.10008.5.1.4.1.1.501.";

/// Of a private or unknown class nobody can say what its attributes hold.
bool is_handled(std::string_view sop_class_uid) {
  return is_standard_uid(sop_class_uid) && !sop_class_uid.starts_with(kBaggageClasses) &&
         std::ranges::find(kSoundClasses, sop_class_uid) == kSoundClasses.end() &&
         std::ranges::find(kClassesWithoutPatient, sop_class_uid) == kClassesWithoutPatient.end();
}

}  // namespace

std::optional<Code> check_source(const DeidSource& source) {
  if (!source.sop_class_uid.empty() && !is_handled(source.sop_class_uid)) return Code::unsupported_sop_class;
  if (source.sop_instance_uid.empty() || source.study_uid.empty() || source.series_uid.empty()) return Code::corrupt;
  return source.sop_class_uid.empty() ? std::optional(Code::unsupported_sop_class) : std::nullopt;
}

DeidSourceResult read_deid_source(Bytes prefix, std::uint64_t file_size_bytes, const DeidentifyPolicy* policy) {
  constexpr std::size_t kInflatedPrefixBytes = std::size_t{16} << 20;
  constexpr std::string_view kVisibleLight = "1.2.840.10008.5.1.4.1.1.77.1.";
  DeidSourceResult result;
  const bool is_whole = prefix.size() >= file_size_bytes;
  result.header_bytes = prefix.size();
  result.is_dicomdir = is_dicomdir(prefix);
  OpenedFile file = opened(prefix, kInflatedPrefixBytes);
  result.notes = file.notes;
  const bool is_only_a_prefix = file.problem == Code::too_large;  // of what a deflated file expands to
  if (file.problem && !is_only_a_prefix) {
    result.needs_more = !is_whole && file.problem == Code::truncated;
    result.reason = file.problem;
    return result;
  }
  if (is_only_a_prefix) file.data_set = Bytes(file.inflated).first(kInflatedPrefixBytes);
  const ElementTable table = read_elements(file.data_set, 0, file.encoding);
  result.source = source_of(table, file.data_set);
  result.source.transfer_syntax_uid = file.transfer_syntax_uid;
  if (file.syntax->is_encapsulated || file.syntax->is_deflated) {
    const PixelFacts facts = read_pixel_facts(table, file.data_set, file.transfer_syntax_uid);
    result.source.expanded_bytes = expanded_bytes(facts);
    result.source.is_expanded = policy != nullptr && is_always_decoded(facts, *policy);
  }
  const Tag last_tag = table.nodes.empty() || table.nodes.back().parent != 0 ? 0 : table.nodes.back().tag;
  // Slides say behind what others hold whether their label is in the picture.
  const bool is_visible_light = result.source.sop_class_uid.starts_with(kVisibleLight);
  const Tag last_wanted = is_visible_light ? kSpecimenLabelInImage : kBurnedInAnnotation;
  const bool has_all = std::max(last_tag, table.cut_tag) >= last_wanted;
  const bool may_be_cut = table.problem == Code::truncated || table.problem == Code::corrupt;
  result.needs_more = !is_whole && !has_all && (may_be_cut || !table.problem);
  if (is_whole && !is_only_a_prefix) result.reason = table.problem;
  if (!result.reason && !result.needs_more && !result.is_dicomdir) result.reason = check_source(result.source);
  const bool has_header = !table.problem || table.cut_tag == kPixelData;
  if (policy != nullptr && !result.reason && has_header && file.inflated.empty()) {
    result.identifiers = collect_facts(table, file.data_set, *policy).identifiers;
  }
  if (table.cut_tag == kPixelData && file.inflated.empty() && !table.nodes.empty()) {
    const Bytes last = value_of(table.nodes.back(), prefix.last(file.data_set.size()));
    result.header_bytes = static_cast<std::size_t>(last.data() + last.size() - prefix.data());
  }
  return result;
}

std::string patient_identifier(const DeidSource& source) {
  if (source.patient_id.empty()) return "study\n" + source.study_uid;
  return "id\n" + source.patient_id + '\n' + source.issuer_of_patient_id;
}

std::vector<PixelBox> regions_of_file(Bytes bytes, const DeidentifyPolicy& policy) {
  constexpr std::size_t kInflatedBytes = std::size_t{16} << 20;
  if (policy.regions.empty()) return {};
  const OpenedFile file = opened(bytes, kInflatedBytes);
  if (file.problem) return {};
  const ElementTable table = read_elements(file.data_set, 0, file.encoding);
  return regions_for(read_pixel_facts(table, file.data_set, file.transfer_syntax_uid), policy);
}

std::optional<Identifiers> collect_identifiers(Bytes header_or_file, const DeidentifyPolicy& policy) {
  constexpr std::size_t kInflatedBytes = std::size_t{64} << 20;
  const OpenedFile file = opened(header_or_file, kInflatedBytes);
  if (file.problem) return std::nullopt;
  const ElementTable table = read_elements(file.data_set, 0, file.encoding);
  return collect_facts(table, file.data_set, policy).identifiers;
}

std::string data_set_sha256(Bytes bytes) {
  const OpenedFile file = opened(bytes, kMaxInflatedBytes);
  if (file.problem) return "";
  const ElementTable table = read_elements(file.data_set, 0, file.encoding);
  if (table.problem) return "";
  Sha256 hash;
  const auto add = [&](const std::string& text) { hash.update(std::as_bytes(std::span(text))); };
  add(fmt::format("{} {}\n", file.syntax->is_encapsulated ? file.transfer_syntax_uid : "",
                  file.encoding.is_big_endian));
  for (std::uint32_t i = 0; i < table.nodes.size(); ++i) {
    const Node& node = table.nodes[i];
    const bool has_value = node.kind == NodeKind::element || node.kind == NodeKind::encapsulated;
    if (has_value && (node.tag & 0xFFFF) == 0) continue;  // a group's length tells how it was written
    const Bytes value = has_value ? value_of(node, file.data_set) : Bytes();
    add(fmt::format("{:08X} {} {} ", node.tag, static_cast<int>(node.kind), has_value ? value.size() : node.end - i));
    hash.update(value);
  }
  return hash.finish();
}

}  // namespace naru::dicom
