#include "dicom/dcmtk/data_dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dicom/rules/attribute_rules.h"

namespace naru::dicom {
namespace {

TEST(StandardVr, KnowsAttributesOfTheStandard) {
  EXPECT_EQ(standard_vr(0x00080005), vr("CS"));
  EXPECT_EQ(standard_vr(0x00100010), vr("PN"));
  EXPECT_EQ(standard_vr(0x00081140), vr("SQ"));
  EXPECT_EQ(standard_vr(0x00020010), vr("UI"));
}

TEST(StandardVr, KnowsDatesThatAreNewerThanDcmtk) {
  for (const Tag tag : {0x00181204, 0x00181205}) EXPECT_EQ(standard_vr(tag), vr("DA")) << std::hex << tag;
  for (const Tag tag : {0x0040A034, 0x0040A035, 0x0040B034, 0x0040B036, 0x3006002D, 0x3006002E}) {
    EXPECT_EQ(standard_vr(tag), vr("DT")) << std::hex << tag;
  }
}

TEST(StandardVr, KnowsOtherAttributesThatAreNewerThanDcmtk) {
  EXPECT_EQ(standard_vr(0x00100012), vr("LT"));  // Name to Use
  EXPECT_EQ(standard_vr(0x00189826), vr("FD"));  // Excitation Wavelength
  EXPECT_EQ(standard_vr(0x003A0326), vr("SQ"));  // Digital Filter Characteristics Sequence
  EXPECT_EQ(standard_vr(0x003A0329), vr("ST"));  // Waveform Filter Description
  EXPECT_EQ(standard_vr(0x00480114), vr("CS"));  // Confocal Mode
  EXPECT_EQ(standard_vr(0x30020136), vr("SQ"));  // RT Cone-Beam Imaging Geometry Sequence
  EXPECT_EQ(standard_vr(0x7FE00003), vr("UV"));  // Encapsulated Pixel Data Value Total Length
}

/// What the table lists must have a VR: without one an implicit file's text would not be read as one.
TEST(StandardVr, KnowsWhatTheTableKeepsOrCleans) {
  for (const AttributeRule& rule : attribute_rules()) {
    const bool is_one_tag = rule.mask == 0xFFFFFFFF;
    const bool may_stay =
        std::ranges::any_of(rule.options, [](DeidAction action) { return action != DeidAction::none; });
    if (!is_one_tag || !may_stay) continue;
    EXPECT_TRUE(standard_vr(rule.tag)) << rule.name;
  }
}

TEST(StandardVr, GivesTheWiderFormWhereSeveralAreAllowed) {
  EXPECT_EQ(standard_vr(0x7FE00010), vr("OW"));  // OB or OW
  EXPECT_EQ(standard_vr(0x00280106), vr("US"));  // US or SS
}

TEST(StandardVr, KnowsRepeatingGroupsInEvenGroupsAlone) {
  EXPECT_EQ(standard_vr(0x60003000), vr("OW"));
  EXPECT_EQ(standard_vr(0x60223000), vr("OW"));
  EXPECT_FALSE(standard_vr(0x60233000));
}

TEST(StandardVr, KnowsNothingThatIsPrivateOrUnknown) {
  EXPECT_FALSE(standard_vr(0x00191008));
  EXPECT_FALSE(standard_vr(0x00080002));
  EXPECT_FALSE(standard_vr(0xFFFEE000));  // a delimiter
}

TEST(IsStandardUid, KnowsClassesOfDcmtkAndNewerOnes) {
  EXPECT_TRUE(is_standard_uid("1.2.840.10008.5.1.4.1.1.2"));
  EXPECT_TRUE(is_standard_uid("1.2.840.10008.5.1.4.1.1.66.7"));
  EXPECT_TRUE(is_standard_uid("1.2.840.10008.5.1.4.1.1.481.23"));
  EXPECT_FALSE(is_standard_uid("1.2.840.10008.5.1.4.1.1.66.77"));
  EXPECT_FALSE(is_standard_uid("1.3.12.2.1107.5.9.1"));
}

TEST(IsStandardUid, KnowsSyntaxesSchemesAndContextGroupsAndNoOtherUidUnderTheirRoot) {
  for (const char* uid :
       {"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.205", "1.2.840.10008.1.2.4.110",
        "1.2.840.10008.1.2.4.112", "1.2.840.10008.1.2.4.100.1", "1.2.840.10008.1.2.4.106.1", "1.2.840.10008.1.2.8.1",
        "1.2.840.10008.2.16.17", "1.2.840.10008.6.1.1", "1.2.840.10008.6.1.1555", "1.2.840.10008.6.1.1823"}) {
    EXPECT_TRUE(is_standard_uid(uid)) << uid;
  }
  for (const char* uid : {"1.2.840.10008.19550101", "1.2.840.10008.1.2.4.201.7", "1.2.840.10008.1.2.4.299",
                          "1.2.840.10008.6.1.19550101", "1.2.840.10008.6.1.0001", "1.2.840.10008.6.1.",
                          "1.2.840.10008.6.1.12.7", "1.2.840.10008.6.1.1a", "1.2.840.10008.6.1.88776"}) {
    EXPECT_FALSE(is_standard_uid(uid)) << uid;
  }
}

/// The rows are those of DCMTK's dictionary as it is installed here.
TEST(StandardVr, AgreesWithDcmtkForEveryRow) {
  DcmDataDictionary& dictionary = dcmDataDict.wrlock();
  ASSERT_TRUE(dictionary.isDictionaryLoaded());
  int count = 0;
  for (auto it = dictionary.normalBegin(); it != dictionary.normalEnd(); ++it) {
    const DcmDictEntry& entry = **it;
    const std::string name = DcmVR(entry.getEVR()).getVRName();
    const bool is_plain = name.size() == 2 && name[0] < 'a';
    if ((entry.getGroup() & 1) != 0 || entry.getPrivateCreator() != nullptr || !is_plain) continue;
    const Tag tag = static_cast<Tag>(entry.getGroup()) << 16 | entry.getElement();
    const Vr expected = static_cast<Vr>(name[0] << 8 | name[1]);
    EXPECT_EQ(standard_vr(tag), expected) << std::hex << tag;
    ++count;
  }
  dcmDataDict.wrunlock();
  EXPECT_GT(count, 4000);
}

TEST(RequireDataDictionary, IsContentWhereDcmtkHasOne) { EXPECT_NO_THROW(require_data_dictionary()); }

}  // namespace
}  // namespace naru::dicom
