// Truth is PS3.3: the types below are those of its modules and macros, not read off our table.
#include "dicom/rules/attribute_types.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>

namespace naru::test {
namespace {

using dicom::attribute_type;
using dicom::AttributeType;
using dicom::DeidAction;
using dicom::resolve_by_type;
using dicom::Tag;

constexpr auto kAbsent = AttributeType::absent, k1 = AttributeType::type1, k2 = AttributeType::type2,
               k3 = AttributeType::type3;

/// Without "1.2.840.10008.5.1.4.".
std::string uid(std::string_view suffix) { return "1.2.840.10008.5.1.4." + std::string(suffix); }

struct KnownType {
  std::string_view sop_class;
  Tag parent, tag;
  AttributeType type;
};

// clang-format off
constexpr KnownType kKnownTypes[] = {
  // CT
  {"1.1.2", 0, 0x00100020, k2}, {"1.1.2", 0, 0x00080012, k3}, {"1.1.2", 0, 0x00080013, k3},
  {"1.1.2", 0, 0x00080021, k3}, {"1.1.2", 0, 0x00080031, k3}, {"1.1.2", 0, 0x00080022, k3},
  {"1.1.2", 0, 0x00080032, k3}, {"1.1.2", 0, 0x0008002A, k3}, {"1.1.2", 0, 0x00080023, k2},  // 2C in General Image
  {"1.1.2", 0, 0x00080033, k2}, {"1.1.2", 0, 0x00080080, k3}, {"1.1.2", 0, 0x00080082, kAbsent},
  {"1.1.2", 0, 0x00081010, k3}, {"1.1.2", 0, 0x00081070, k3}, {"1.1.2", 0, 0x00081072, k3},
  {"1.1.2", 0, 0x00081110, k3}, {"1.1.2", 0, 0x00081111, k3}, {"1.1.2", 0, 0x00081140, k3},
  {"1.1.2", 0, 0x00082112, k3}, {"1.1.2", 0, 0x00102203, k2}, {"1.1.2", 0, 0x00180010, k2},
  {"1.1.2", 0, 0x00181000, k3}, {"1.1.2", 0, 0x00181030, k3}, {"1.1.2", 0, 0x00400555, kAbsent},
  {"1.1.2", 0, 0x00181400, kAbsent}, {"1.1.2", 0, 0x300A0006, kAbsent}, {"1.1.2", 0, 0x0040A032, kAbsent},
  // within sequences of any object
  {"1.1.2", 0x00101002, 0x00100020, k1}, {"1.1.2", 0x00081072, 0x00080080, k1}, {"1.1.2", 0x00081072, 0x00080082, k1},
  {"1.1.2", 0x0018A001, 0x00080080, k3}, {"1.1.2", 0x0018A001, 0x00181000, k3}, {"1.1.2", 0x00400275, 0x00321060, k3},
  {"1.1.2", 0x00400275, 0x00081110, k3}, {"1.1.2", 0x04000561, 0x00100020, kAbsent},
  // Enhanced CT, MR, PET: Series' Performed Procedure Step and Acquisition DateTime are 1C, the serial number 1
  {"1.1.2.1", 0, 0x00081111, k1}, {"1.1.2.1", 0, 0x0008002A, k1}, {"1.1.2.1", 0, 0x00181000, k1},
  {"1.1.4.1", 0, 0x00080023, k1}, {"1.1.4.1", 0, 0x00080033, k1}, {"1.1.130", 0, 0x00400555, k2},
  {"1.1.4.1", 0x00089124, 0x00082112, k2}, {"1.1.4.1", 0x52009230, 0x00081140, k2},
  {"1.1.2.2", 0, 0x00181000, k3},  // legacy converted: the old header may lack it
  // X-ray
  {"1.1.1", 0, 0x00181400, k3}, {"1.1.1.1", 0, 0x0018700A, k3}, {"1.1.1.2", 0, 0x0018700C, k3},
  {"1.1.1.3", 0, 0x0018700E, k3}, {"1.1.1.1", 0, 0x00081111, k1}, {"1.1.1.2.1", 0, 0x00400555, k2},
  {"1.1.12.1", 0, 0x00081140, k1}, {"1.1.12.1.1", 0, 0x0008002A, k1}, {"1.1.13.1.3", 0x00189506, 0x00181000, k1},
  {"1.1.13.1.1", 0x00189507, 0x00189516, k1}, {"1.1.13.1.1", 0x00189507, 0x00189517, k1},
  {"1.1.13.1.1", 0x00189507, 0x00180010, k1},
  // PET, NM, ultrasound, secondary capture
  {"1.1.128", 0, 0x00080021, k1}, {"1.1.128", 0, 0x00080031, k1}, {"1.1.128", 0, 0x00080022, k2},
  {"1.1.128", 0, 0x00080032, k2}, {"1.1.128", 0, 0x00180010, kAbsent}, {"1.1.20", 0, 0x00080022, k3},
  {"1.1.6.1", 0, 0x0008002A, k1}, {"1.1.7", 0, 0x00180010, kAbsent}, {"1.1.7.4", 0, 0x00080023, k2},
  // visible light, ophthalmic, slides
  {"1.1.77.1.4", 0, 0x00080033, k1}, {"1.1.77.1.4", 0, 0x00080023, k2}, {"1.1.77.1.1", 0, 0x00400555, k2},
  {"1.1.77.1.5.1", 0, 0x00082112, k2}, {"1.1.77.1.5.1", 0, 0x00080023, k1}, {"1.1.77.1.5.4", 0, 0x0008002A, k1},
  {"1.1.77.1.6", 0, 0x22000005, k2}, {"1.1.77.1.6", 0, 0x22000002, k2}, {"1.1.77.1.6", 0, 0x0008002A, k1},
  {"1.1.78.1", 0, 0x00080023, k1},
  // radiotherapy
  {"1.1.481.1", 0, 0x00081070, k2}, {"1.1.481.1", 0, 0x00181030, kAbsent}, {"1.1.481.1", 0, 0x300E0008, k2},
  {"1.1.481.2", 0, 0x00080023, k3}, {"1.1.481.3", 0, 0x00080023, kAbsent}, {"1.1.481.3", 0, 0x300E0008, k2},
  {"1.1.481.5", 0, 0x300A0006, k2}, {"1.1.481.5", 0, 0x300A0007, k2}, {"1.1.481.5", 0x300A00B0, 0x300A00B2, k2},
  {"1.1.481.5", 0x300A00B0, 0x00080080, k3}, {"1.1.481.5", 0x300A0206, 0x00181000, k3},
  {"1.1.481.8", 0x300A03A2, 0x300A00B2, k2}, {"1.1.481.4", 0x300A0206, 0x00181000, k2},
  {"1.1.481.4", 0, 0x30080250, k2}, {"1.1.481.4", 0, 0x30080251, k2}, {"1.1.481.6", 0x30080100, 0x30080105, k2},
  {"1.1.481.7", 0, 0x30080054, k2}, {"1.1.481.7", 0, 0x30080056, k2}, {"1.1.481.9", 0x30080060, 0x00081070, k2},
  {"1.1.481.10", 0, 0x00080012, k1}, {"1.1.481.10", 0, 0x00080013, k1}, {"1.1.481.12", 0, 0x00080021, k1},
  {"1.1.481.10", 0x30100057, 0x30100077, k1}, {"1.1.481.10", 0x30100057, 0x30100056, k2},
  {"1.1.481.10", 0x3010004B, 0x3010004C, k2}, {"1.1.481.10", 0x3010004B, 0x3010004D, k2},
  {"1.1.481.13", 0x300A063A, 0x00181000, k2}, {"1.1.481.13", 0x300A063A, 0x00080080, k3},
  // segmentations, presentation states, registrations, real world values: Content Creator's Name is type 3 since 10.9.3
  {"1.1.66.4", 0, 0x00700084, k3}, {"1.1.66.4", 0, 0x00080023, k1}, {"1.1.66.4", 0, 0x00181000, k1},
  {"1.1.66.5", 0, 0x0008002A, kAbsent}, {"1.1.11.1", 0, 0x00700084, k3}, {"1.1.11.1", 0, 0x00080023, kAbsent},
  {"1.1.11.1", 0x00081115, 0x00081140, k1}, {"1.1.11.1", 0x00700001, 0x00081140, k1},
  {"1.1.11.4", 0x00283110, 0x00081140, k1}, {"1.1.11.1", 0x0070005A, 0x00081140, k1},
  {"1.1.66.1", 0x00700308, 0x00081140, k1}, {"1.1.66.3", 0x00640002, 0x00081140, k1},
  {"1.1.67", 0x00409094, 0x00081140, k1}, {"1.1.67", 0, 0x00080023, k1}, {"1.1.11.2", 0x00700086, 0x00080080, k1},
  // reports, documents, waveforms, raw data, protocols
  {"1.1.88.11", 0, 0x00080023, k1}, {"1.1.88.33", 0, 0x0040A032, k1}, {"1.1.88.33", 0x0040A730, 0x0040A032, k1},
  {"1.1.88.59", 0, 0x00081111, k2}, {"1.1.88.22", 0x0040A370, 0x00321060, k2}, {"1.1.88.22", 0x0040A370, 0x00081110, k2},
  {"1.1.88.33", 0x0040A07C, 0x00080080, k2}, {"1.1.88.33", 0x0040A07C, 0x00080082, k2},
  {"1.1.88.33", 0x0040A078, 0x00081010, k2}, {"1.1.88.33", 0, 0x00081070, kAbsent}, {"1.1.88.67", 0, 0x00181000, k1},
  {"1.1.88.34", 0, 0x00700084, kAbsent}, {"1.1.104.1", 0, 0x00080023, k2}, {"1.1.104.2", 0, 0x0008002A, k2},
  {"1.1.104.3", 0, 0x00181000, k1}, {"1.1.9.1.1", 0, 0x0008002A, k1}, {"1.1.9.1.2", 0, 0x0040B020, k1},
  {"1.1.9.4.1", 0, 0x00400555, k2}, {"1.1.66", 0, 0x0008002A, k3}, {"1.1.66", 0, 0x00080033, k1},
  {"1.1.200.2", 0x00189914, 0x00189919, k1},
};

/// Storage SOP classes of PS3.4 Table B.5-1, 2026d.
constexpr std::string_view kSopClasses[] = {
  "1.1.1", "1.1.1.1", "1.1.1.1.1", "1.1.1.2", "1.1.1.2.1", "1.1.1.3", "1.1.1.3.1", "1.1.2", "1.1.2.1", "1.1.2.2",
  "1.1.2.3", "1.1.2.4", "1.1.2.5", "1.1.3.1", "1.1.4", "1.1.4.1", "1.1.4.2", "1.1.4.3", "1.1.4.4", "1.1.6.1", "1.1.6.2",
  "1.1.6.3", "1.1.7", "1.1.7.1", "1.1.7.2", "1.1.7.3", "1.1.7.4", "1.1.9.1.1", "1.1.9.1.2", "1.1.9.1.3", "1.1.9.1.4",
  "1.1.9.2.1", "1.1.9.3.1", "1.1.9.4.1", "1.1.9.4.2", "1.1.9.5.1", "1.1.9.6.1", "1.1.9.6.2", "1.1.9.7.1", "1.1.9.7.2",
  "1.1.9.7.3", "1.1.9.7.4", "1.1.9.8.1", "1.1.9.100.1", "1.1.9.100.2", "1.1.11.1", "1.1.11.2", "1.1.11.3", "1.1.11.4",
  "1.1.11.5", "1.1.11.6", "1.1.11.7", "1.1.11.8", "1.1.11.9", "1.1.11.10", "1.1.11.11", "1.1.11.12", "1.1.12.1",
  "1.1.12.1.1", "1.1.12.2", "1.1.12.2.1", "1.1.13.1.1", "1.1.13.1.2", "1.1.13.1.3", "1.1.13.1.4", "1.1.13.1.5",
  "1.1.14.1", "1.1.14.2", "1.1.20", "1.1.30", "1.1.66", "1.1.66.1", "1.1.66.2", "1.1.66.3", "1.1.66.4", "1.1.66.5",
  "1.1.66.6", "1.1.66.7", "1.1.66.8", "1.1.67", "1.1.68.1", "1.1.68.2", "1.1.77.1.1", "1.1.77.1.1.1", "1.1.77.1.2",
  "1.1.77.1.2.1", "1.1.77.1.3", "1.1.77.1.4", "1.1.77.1.4.1", "1.1.77.1.5.1", "1.1.77.1.5.2", "1.1.77.1.5.3",
  "1.1.77.1.5.4", "1.1.77.1.5.5", "1.1.77.1.5.6", "1.1.77.1.5.7", "1.1.77.1.5.8", "1.1.77.1.6", "1.1.77.1.7",
  "1.1.77.1.8", "1.1.77.1.9", "1.1.78.1", "1.1.78.2", "1.1.78.3", "1.1.78.4", "1.1.78.5", "1.1.78.6", "1.1.78.7",
  "1.1.78.8", "1.1.79.1", "1.1.80.1", "1.1.81.1", "1.1.82.1", "1.1.88.11", "1.1.88.22", "1.1.88.33", "1.1.88.34",
  "1.1.88.35", "1.1.88.40", "1.1.88.50", "1.1.88.59", "1.1.88.65", "1.1.88.67", "1.1.88.68", "1.1.88.69", "1.1.88.70",
  "1.1.88.71", "1.1.88.72", "1.1.88.73", "1.1.88.74", "1.1.88.75", "1.1.88.76", "1.1.88.77", "1.1.90.1", "1.1.91.1",
  "1.1.104.1", "1.1.104.2", "1.1.104.3", "1.1.104.4", "1.1.104.5", "1.1.128", "1.1.128.1", "1.1.130", "1.1.131",
  "1.1.200.2", "1.1.200.8", "1.1.481.1", "1.1.481.2", "1.1.481.3", "1.1.481.4", "1.1.481.5", "1.1.481.6", "1.1.481.7",
  "1.1.481.8", "1.1.481.9", "1.1.481.10", "1.1.481.11", "1.1.481.12", "1.1.481.13", "1.1.481.14", "1.1.481.15",
  "1.1.481.16", "1.1.481.17", "1.1.481.18", "1.1.481.19", "1.1.481.20", "1.1.481.21", "1.1.481.22", "1.1.481.23",
  "1.1.481.24", "1.1.481.25", "34.7", "34.10",
};
// clang-format on

TEST(AttributeTypes, AreThoseOfTheStandard) {
  for (const KnownType& known : kKnownTypes) {
    EXPECT_EQ(attribute_type(uid(known.sop_class), known.parent, known.tag), known.type)
        << known.sop_class << std::hex << " " << known.parent << " " << known.tag;
  }
}

TEST(AttributeTypes, CoverEveryAttributeThatLeavesAChoice) {
  std::set<Tag> covered;
  for (const KnownType& known : kKnownTypes) {
    if (known.type != kAbsent) covered.insert(known.tag);
  }
  std::size_t conditional = 0;
  for (const auto& rule : dicom::attribute_rules()) {
    if (rule.basic < DeidAction::X_Z) continue;
    ++conditional;
    EXPECT_TRUE(covered.contains(rule.tag)) << rule.name;
  }
  EXPECT_EQ(conditional, 50U);
}

TEST(AttributeTypes, KnowEveryStorageSopClass) {
  for (const std::string_view sop_class : kSopClasses) {
    EXPECT_EQ(attribute_type(uid(sop_class), 0, 0x00100020), k2) << sop_class << ": Patient ID is type 2 in all";
    EXPECT_NE(attribute_type(uid(sop_class), 0, 0x00080012), kAbsent) << sop_class;
    EXPECT_NE(attribute_type(uid(sop_class), 0, 0x00181000), kAbsent) << sop_class;
  }
}

TEST(AttributeTypes, AreAbsentWhereNothingIsKnown) {
  EXPECT_EQ(attribute_type("", 0, 0x00100020), kAbsent);
  EXPECT_EQ(attribute_type("1.2.840.10008.5.1.4.", 0, 0x00100020), kAbsent);
  EXPECT_EQ(attribute_type("1.2.840.10008.5.1.4.1.1.2 ", 0, 0x00100020), kAbsent) << "padding is the caller's";
  EXPECT_EQ(attribute_type("1.2.840.10008.5.1.4.1.1.2.99", 0, 0x00100020), kAbsent);
  EXPECT_EQ(attribute_type("1.3.12.2.1107.5.9.1", 0, 0x00100020), kAbsent) << "a private SOP class";
  EXPECT_EQ(attribute_type("1.2.840.10008.5.1.4.1.1.2", 0, 0x00280010), kAbsent) << "not an attribute of this table";
  EXPECT_EQ(attribute_type("1.2.840.10008.5.1.4.1.1.2", 0x00081140, 0x00100020), kAbsent);
}

TEST(UnlistedTextType, IsThatOfTheStrictestPlace) {
  EXPECT_EQ(dicom::unlisted_text_type(0x0040A160), k1) << "Text Value of a content item";
  EXPECT_EQ(dicom::unlisted_text_type(0x00420010), k2) << "Document Title";
  EXPECT_EQ(dicom::unlisted_text_type(0x00187062), k1)
      << "Exposure Control Mode Description of projections of a breast";
  EXPECT_EQ(dicom::unlisted_text_type(0x00102295), k1) << "Breed Registration Number";
  EXPECT_EQ(dicom::unlisted_text_type(0x30020020), k2) << "Radiation Machine Name";
  EXPECT_EQ(dicom::unlisted_text_type(0x00620006), k3) << "Segment Description";
}

TEST(ResolveByType, ChoosesWhatTheTypeDemands) {
  using enum DeidAction;
  struct Row {
    DeidAction action;
    std::array<DeidAction, 4> by_type;  ///< absent, 1, 2, 3
  };
  constexpr Row kRows[] = {
      {X_Z, {X, D, Z, X}}, {X_D, {X, D, D, X}}, {Z_D, {D, D, Z, Z}}, {X_Z_D, {X, D, Z, X}}, {X_Z_Ustar, {X, U, U, X}},
  };
  for (const Row& row : kRows) {
    for (const AttributeType type : {kAbsent, k1, k2, k3}) {
      EXPECT_EQ(resolve_by_type(row.action, type), row.by_type.at(static_cast<std::size_t>(type)))
          << dicom::name(row.action) << " " << static_cast<int>(type);
    }
  }
  for (const DeidAction action : {none, K, X, Z, D, U, C}) {
    for (const AttributeType type : {kAbsent, k1, k2, k3}) EXPECT_EQ(resolve_by_type(action, type), action);
  }
}

}  // namespace
}  // namespace naru::test
