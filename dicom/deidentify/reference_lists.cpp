#include "dicom/deidentify/reference_lists.h"

namespace naru::dicom {

namespace {

bool is_removed(const Node& node, const DeidentifyPolicy& policy, std::string_view sop_class_uid) {
  const DeidAction action = resolve_action(policy, sop_class_uid, node.parent, node.tag);
  return node.is_contradictory || action == DeidAction::X || action == DeidAction::Z || action == DeidAction::D;
}

/// True where an object is referred to beside those lists: by the source, or also by the result.
bool refers(const ElementTable& table, const DeidentifyPolicy& policy, std::string_view sop_class_uid, bool in_result) {
  constexpr Tag kReferencedSopInstance = 0x00081155;
  for (std::uint32_t i = 0; i < table.nodes.size();) {
    const Node& node = table.nodes[i];
    if (node.tag == kReferencedSopInstance) return true;
    const bool is_list = node.parent == 0 && lists_references(node.tag, sop_class_uid);
    const bool goes = in_result && node.kind == NodeKind::sequence && is_removed(node, policy, sop_class_uid);
    i = is_list || goes || is_private(node.tag) ? node.end : i + 1;
  }
  return false;
}

}  // namespace

bool lists_references(Tag tag, std::string_view sop_class_uid) {
  constexpr Tag kReferencedSeries = 0x00081115, kStudiesWithReferences = 0x00081200;
  constexpr std::string_view kPresentationStates = "1.2.840.10008.5.1.4.1.1.11.";
  constexpr std::string_view kOfWaveforms = "1.2.840.10008.5.1.4.1.1.9.100.";
  return (tag == kReferencedSeries || tag == kStudiesWithReferences) &&
         !sop_class_uid.starts_with(kPresentationStates) && !sop_class_uid.starts_with(kOfWaveforms);
}

bool list_nothing(const ElementTable& table, const DeidentifyPolicy& policy, std::string_view sop_class_uid) {
  return refers(table, policy, sop_class_uid, false) && !refers(table, policy, sop_class_uid, true);
}

}  // namespace naru::dicom
