#include "dicom/dcmtk/data_dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <gtest/gtest.h>

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
  EXPECT_FALSE(is_standard_uid("1.2.840.10008.5.1.4.1.1.201.1")) << "an inventory lists many patients";
  EXPECT_FALSE(is_standard_uid("1.3.12.2.1107.5.9.1"));
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
