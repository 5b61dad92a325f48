#include "dicom/rules/attribute_types.h"

#include <algorithm>
#include <array>

namespace naru::dicom {

namespace {

#include "dicom/rules/attribute_types_table.inc"

constexpr std::string_view kUidRoot = "1.2.840.10008.5.1.4.";

constexpr auto kIodsBySopClass = [] {
  auto iods = std::to_array(kIods);
  std::ranges::sort(iods, {}, &Iod::sop_class);
  return iods;
}();
static_assert(std::ranges::adjacent_find(kIodsBySopClass, {}, &Iod::sop_class) == kIodsBySopClass.end());

constexpr std::uint64_t place_of(const ModuleAttribute& attribute) {
  return std::uint64_t{attribute.parent} << 32 | attribute.tag;
}

constexpr auto kAttributesByPlace = [] {
  auto attributes = std::to_array(kModuleAttributes);
  std::ranges::sort(attributes, {}, place_of);
  return attributes;
}();

struct UnlistedText {
  Tag tag;
  AttributeType type;
};
constexpr std::array kUnlistedTexts = {
    UnlistedText{0x00080114, AttributeType::type2},  // Coding Scheme External ID
    UnlistedText{0x0008030C, AttributeType::type1},  // Private Data Element Name
    UnlistedText{0x0008030D, AttributeType::type1},  // Private Data Element Keyword
    UnlistedText{0x00100222, AttributeType::type1},  // Genetic Modifications Description
    UnlistedText{0x00102295, AttributeType::type1},  // Breed Registration Number
    UnlistedText{0x00187062, AttributeType::type1},  // Exposure Control Mode Description
    UnlistedText{0x00189080, AttributeType::type1},  // Metabolite Map Description
    UnlistedText{0x00189901, AttributeType::type1},  // Reference Location Description
    UnlistedText{0x00189917, AttributeType::type1},  // Instruction Description
    UnlistedText{0x00400031, AttributeType::type1},  // Local Namespace Entity ID
    UnlistedText{0x00400032, AttributeType::type1},  // Universal Entity ID
    UnlistedText{0x00404073, AttributeType::type1},  // Storage URL
    UnlistedText{0x0040A160, AttributeType::type1},  // Text Value
    UnlistedText{0x0040E001, AttributeType::type1},  // HL7 Instance Identifier
    UnlistedText{0x0040E010, AttributeType::type1},  // Retrieve URI
    UnlistedText{0x00420010, AttributeType::type2},  // Document Title
    UnlistedText{0x00620020, AttributeType::type1},  // Tracking ID
    UnlistedText{0x00686280, AttributeType::type1},  // Information Summary
    UnlistedText{0x30020020, AttributeType::type2},  // Radiation Machine Name
    UnlistedText{0x300A0730, AttributeType::type1},  // Treatment Termination Description
    UnlistedText{0x300A0735, AttributeType::type1},  // Treatment Tolerance Violation Identification
    UnlistedText{0x3010000C, AttributeType::type1},  // Conceptual Volume Combination Expression
    UnlistedText{0x3010001D, AttributeType::type1},  // Device Alternate Identifier Format
};
static_assert(std::ranges::is_sorted(kUnlistedTexts, {}, &UnlistedText::tag));

/// The modules of a SOP class; none where the table does not know it.
Modules modules_of(std::string_view sop_class_uid) {
  if (!sop_class_uid.starts_with(kUidRoot)) return 0;
  const std::string_view suffix = sop_class_uid.substr(kUidRoot.size());
  const auto found = std::ranges::lower_bound(kIodsBySopClass, suffix, {}, &Iod::sop_class);
  return found != kIodsBySopClass.end() && found->sop_class == suffix ? found->modules : 0;
}

}  // namespace

AttributeType attribute_type(std::string_view sop_class_uid, Tag parent, Tag tag) {
  const std::uint64_t place = std::uint64_t{parent} << 32 | tag;
  const auto end = kAttributesByPlace.end();
  auto attribute = std::ranges::lower_bound(kAttributesByPlace, place, {}, place_of);
  if (attribute == end || place_of(*attribute) != place) return AttributeType::absent;
  const Modules modules = modules_of(sop_class_uid);
  auto type = AttributeType::absent;
  for (; attribute != end && place_of(*attribute) == place; ++attribute) {
    if ((modules >> static_cast<unsigned>(attribute->module) & 1) == 0) continue;
    // Where several modules have it, it must satisfy the strictest.
    type = type == AttributeType::absent ? attribute->type : std::min(type, attribute->type);
  }
  return type;
}

AttributeType unlisted_text_type(Tag tag) {
  const auto row = std::ranges::lower_bound(kUnlistedTexts, tag, {}, &UnlistedText::tag);
  return row != kUnlistedTexts.end() && row->tag == tag ? row->type : AttributeType::type3;
}

DeidAction resolve_by_type(DeidAction action, AttributeType type) {
  struct Choice {
    DeidAction action, absent, type1, type2, type3;
  };
  using enum DeidAction;
  // References with new UIDs keep a type 2 legal as well as none do, and lose less.
  // X/Z of a type 1 is a dummy: Z allows one (PS3.15 Table E.1-1a), and an empty value would not be valid.
  static constexpr Choice kChoices[] = {
      {X_Z, X, D, Z, X}, {X_D, X, D, D, X}, {Z_D, D, D, Z, Z}, {X_Z_D, X, D, Z, X}, {X_Z_Ustar, X, U, U, X},
  };
  const auto choice = std::ranges::find(kChoices, action, &Choice::action);
  if (choice == std::end(kChoices)) return action;
  switch (type) {
    case AttributeType::absent: return choice->absent;
    case AttributeType::type1: return choice->type1;
    case AttributeType::type2: return choice->type2;
    case AttributeType::type3: return choice->type3;
  }
  return action;
}

}  // namespace naru::dicom
