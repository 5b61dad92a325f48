#include "dicom/deidentify/policy.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/dicom/deidentify/deidentified.h"

namespace naru::test {

namespace {

using dicom::DeidAction;
using dicom::DeidOption;
using dicom::resolve_action;

constexpr std::string_view kCt = "1.2.840.10008.5.1.4.1.1.2";

TEST(Policy, FollowsTheTableUnderItsOptions) {
  EXPECT_EQ(resolve_action({}, kCt, 0, 0x00081030), DeidAction::X);
  EXPECT_EQ(resolve_action(policy_with({DeidOption::clean_descriptors}), kCt, 0, 0x00081030), DeidAction::C);
  EXPECT_EQ(resolve_action({}, kCt, 0, 0x00280010), DeidAction::none);
  // Device identity would keep a calibration date, modified dates shift it: the one that protects more wins.
  EXPECT_EQ(resolve_action(policy_with({DeidOption::retain_device_identity}), kCt, 0, 0x00181200), DeidAction::K);
  EXPECT_EQ(
      resolve_action(policy_with({DeidOption::retain_device_identity, DeidOption::retain_longitudinal_modified_dates}),
                     kCt, 0, 0x00181200),
      DeidAction::C);
}

TEST(Policy, LeavesADummyWhereTheTableRemovesWhatTheIodDemands) {
  constexpr std::string_view kPresentationState = "1.2.840.10008.5.1.4.1.1.11.1";
  EXPECT_EQ(resolve_action({}, kPresentationState, 0, 0x00700082), DeidAction::D);
  EXPECT_EQ(resolve_action({}, kPresentationState, 0, 0x00700083), DeidAction::D);
  EXPECT_EQ(resolve_action({}, kPresentationState, 0x0040A370, 0x00401001), DeidAction::Z);
  EXPECT_EQ(resolve_action({}, kCt, 0, 0x00700082), DeidAction::X);
  constexpr std::string_view kStructuredDisplay = "1.2.840.10008.5.1.4.1.1.131",
                             kEnhancedPet = "1.2.840.10008.5.1.4.1.1.130",
                             kBrachyRecord = "1.2.840.10008.5.1.4.1.1.481.6";
  EXPECT_EQ(resolve_action({}, kStructuredDisplay, 0, 0x00700082), DeidAction::D);
  EXPECT_EQ(resolve_action({}, kStructuredDisplay, 0, 0x00700083), DeidAction::D);
  EXPECT_EQ(resolve_action({}, kEnhancedPet, 0x00540016, 0x00181078), DeidAction::D);
  EXPECT_EQ(resolve_action({}, "1.2.840.10008.5.1.4.1.1.128", 0x00540016, 0x00181078), DeidAction::X);
  EXPECT_EQ(resolve_action({}, kBrachyRecord, 0x30080100, 0x300A0216), DeidAction::Z);
  EXPECT_EQ(resolve_action({}, kBrachyRecord, 0x300A0210, 0x300A0216), DeidAction::X);
}

TEST(Policy, PutsTheHospitalsOwnRuleFirst) {
  dicom::DeidentifyPolicy policy;
  policy.attributes = {{0x00081030, DeidAction::K}, {0x00280010, DeidAction::X}};
  EXPECT_EQ(resolve_action(policy, kCt, 0, 0x00081030), DeidAction::K);
  EXPECT_EQ(resolve_action(policy, kCt, 0, 0x00280010), DeidAction::X);
  EXPECT_TRUE(policy.is_weaker_than_profile());
  policy.attributes = {{0x00280010, DeidAction::X}};
  EXPECT_FALSE(policy.is_weaker_than_profile());
  policy.private_elements = {{0x0019, "ACME", 0x10, true}};
  EXPECT_TRUE(policy.is_weaker_than_profile());
}

TEST(Policy, IsWeakerWhereARuleKeepsWhatGoesWithoutATableRow) {
  // A birth date of another calendar, what somebody encrypted, an address, a device's number, an unknown attribute.
  for (const std::uint32_t tag : {0x00100033U, 0x04000500U, 0x00081190U, 0x00181003U, 0x0008FFF0U, 0x30020020U}) {
    dicom::DeidentifyPolicy policy;
    policy.attributes = {{tag, DeidAction::K}};
    EXPECT_TRUE(policy.is_weaker_than_profile()) << tag;
  }
  dicom::DeidentifyPolicy policy;
  policy.attributes = {{0x04000561, DeidAction::U}};  // a sequence that the table removes: its items would stay
  EXPECT_TRUE(policy.is_weaker_than_profile());
  for (const std::uint32_t tag : {0x00280010U, 0x00180050U}) {  // Rows and Slice Thickness stay anyhow
    policy.attributes = {{tag, DeidAction::K}};
    EXPECT_FALSE(policy.is_weaker_than_profile()) << tag;
  }
}

TEST(Policy, KeepsEveryMethodTextWithinALongString) {
  auto policy = policy_with({DeidOption::retain_longitudinal_modified_dates, DeidOption::retain_patient_characteristics,
                             DeidOption::clean_recognizable_visual_features, DeidOption::clean_structured_content});
  policy.attributes = {{0x00081030, DeidAction::K}};
  for (const std::string& text : dicom::method_texts(policy, "10.20.30-rc.1")) EXPECT_LE(text.size(), 64U) << text;
}

TEST(Policy, ExplainsEveryRowOfTheTable) {
  auto policy = policy_with({DeidOption::clean_descriptors});
  policy.attributes = {{0x00280010, DeidAction::X}};
  const auto rows = dicom::explain(policy);
  EXPECT_GE(rows.size(), 657U);
  const auto row = [&](dicom::Tag tag) { return *std::ranges::find(rows, tag, &dicom::ExplainedRule::tag); };
  EXPECT_EQ(row(0x00081030).action, "C");
  EXPECT_EQ(row(0x00081030).cause, "clean-descriptors");
  EXPECT_EQ(row(0x00100010).cause, "basic");
  EXPECT_EQ(row(0x00700082).action, "X/D");  // a dummy in presentation states
  EXPECT_EQ(row(0x00401001).action, "X/Z");
  EXPECT_EQ(row(0x00280010).cause, "site");
}

TEST(Policy, ExplainsThatOverlaysAndCurvesGoUnderEveryOption) {
  const auto policy = policy_with({DeidOption::clean_graphics, DeidOption::clean_descriptors});
  int count = 0;
  for (const dicom::ExplainedRule& row : dicom::explain(policy)) {
    if (row.tag >> 24 != 0x50 && row.tag >> 24 != 0x60) continue;
    EXPECT_EQ(row.action, "X") << row.name;
    EXPECT_EQ(row.cause, "basic") << row.name;
    ++count;
  }
  EXPECT_EQ(count, 3);
}

TEST(Policy, ExplainsThatAttributesOfMessagesGo) {
  const auto rows = dicom::explain(policy_with({DeidOption::retain_uids}));
  const auto action = [&](dicom::Tag tag) { return std::ranges::find(rows, tag, &dicom::ExplainedRule::tag)->action; };
  EXPECT_EQ(action(0x00001001), "X");  // Requested SOP Instance UID
  EXPECT_EQ(action(0x00041511), "X");  // Referenced SOP Instance UID in File
  EXPECT_EQ(action(0x00080018), "K");
}

TEST(Policy, SaysWhichOptionsContradict) {
  EXPECT_FALSE(dicom::contradiction({}));
  EXPECT_TRUE(dicom::contradiction(
      policy_with({DeidOption::retain_longitudinal_full_dates, DeidOption::retain_longitudinal_modified_dates})
          .options));
}

TEST(Policy, IsWeakerWhereARuleKeepsTheNameOfAHospitalsOwnCodingScheme) {
  for (const std::uint32_t tag : {0x00080115U, 0x00080116U, 0x0008010CU}) {  // its name, organization and UID
    auto policy = policy_with({DeidOption::clean_descriptors});
    policy.attributes = {{tag, DeidAction::K}};
    EXPECT_TRUE(policy.is_weaker_than_profile()) << std::hex << tag;
    policy.attributes = {{tag, DeidAction::X}};
    EXPECT_FALSE(policy.is_weaker_than_profile()) << std::hex << tag;
  }
  auto keeps_uids = policy_with({DeidOption::retain_uids});
  keeps_uids.attributes = {{0x0008010C, DeidAction::K}};
  EXPECT_FALSE(keeps_uids.is_weaker_than_profile());
}

}  // namespace

}  // namespace naru::test
