#include "pipeline/deid_instance.h"

#include <gmock/gmock.h>

namespace naru {
namespace {

dicom::DeidResult sound_result() {
  dicom::DeidResult result;
  result.patient = "patient-00000000000000aa";
  result.study_uid = "2.25.11";
  result.series_uid = "2.25.22";
  result.sop_instance_uid = "2.25.33";
  result.sop_class_uid = "1.2.840.10008.5.1.4.1.1.481.3";
  result.transfer_syntax_uid = "1.2.840.10008.1.2.4.70";
  result.modality = "RTSTRUCT";
  return result;
}

TEST(DeidInstance, StatesWhatAResultIs) {
  const auto instance = instance_of(sound_result());
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->file(), "patient-00000000000000aa/2.25.11/2.25.22/2.25.33.dcm");
  EXPECT_EQ(instance->sop_class_uid, "1.2.840.10008.5.1.4.1.1.481.3");
  EXPECT_EQ(instance->modality, "RTSTRUCT");
}

TEST(DeidInstance, ComesBackFromItsLine) {
  auto instance = *instance_of(sound_result());
  instance.facts = {std::string(64, 'a'), 12};
  instance.pixels_are_kept = false;
  instance.pixels_reason = "region";
  const auto json = to_json(instance);
  EXPECT_EQ(to_json(instance_from_json(json)), json);
}

TEST(DeidInstance, StatesNoInterceptThatTheHeaderLeavesOut) {
  auto result = sound_result();
  result.volume.philips_scale = {0.125, std::nullopt};
  auto json = to_json(*instance_of(result));
  EXPECT_EQ(json["volume"]["philips_scale"], (nlohmann::ordered_json{{"slope", 0.125}}));
  result.volume.philips_scale->scale_intercept = 3.25;
  json = to_json(*instance_of(result));
  EXPECT_EQ(json["volume"]["philips_scale"]["intercept"], 3.25);
}

TEST(DeidInstance, NamesThatCouldLeadElsewhereAreRefused) {
  const std::vector<std::string> names = {
      "", ".", "..", "../x", "a/b", "/etc", "a b", "A1", "-\n", "홍", std::string(65, '1')};
  for (const std::string& name : names) {
    for (std::string dicom::DeidResult::*part :
         {&dicom::DeidResult::patient, &dicom::DeidResult::study_uid, &dicom::DeidResult::series_uid,
          &dicom::DeidResult::sop_instance_uid}) {
      auto result = sound_result();
      result.*part = name;
      EXPECT_FALSE(instance_of(result)) << name;
    }
  }
}

TEST(DeidInstance, WordsOfAHeaderAreToldOnlyWhereAListHasThem) {
  auto result = sound_result();
  for (const char* uid :
       {"1.2.840.10008.5.1.4.1.1.20401177", "1.2.840.10008.KIM", "1.2.3.4", "1.3.12.2.1107.5.9.1", ""}) {
    result.sop_class_uid = uid;
    EXPECT_EQ(instance_of(result)->sop_class_uid, "") << uid;
  }
  for (const char* modality : {"KIM", "ct", "CT\\MR", ""}) {
    result.modality = modality;
    EXPECT_EQ(instance_of(result)->modality, "") << modality;
  }
}

TEST(DeidInstance, AUidThatWasToBeReplacedMayNotBeInItsLine) {
  auto result = sound_result();
  result.identifiers.uids = {"2.25.33"};
  EXPECT_FALSE(instance_of(result));
  result.identifiers.uids = {"2.25.3", "25.33", "2.25.331", "1.2.840", "0", "2"};  // parts of others, and others
  EXPECT_TRUE(instance_of(result));
}

TEST(DeidInstance, CountsAddUpAndComeBack) {
  dicom::DeidCounts sum, one;
  one.by_action["X"] = 2;
  one.by_tag["(0010,0010) Z"] = 1;
  one.notes["charset_undecodable"] = 3;
  add_to(sum, one);
  add_to(sum, one);
  EXPECT_EQ(sum.by_action["X"], 4U);
  EXPECT_EQ(sum.by_tag["(0010,0010) Z"], 2U);
  EXPECT_EQ(sum.notes["charset_undecodable"], 6U);
  EXPECT_EQ(to_json(counts_from_json(to_json(sum))), to_json(sum));
  take_from(sum, one);
  EXPECT_EQ(to_json(sum), to_json(one));
  take_from(sum, one);
  EXPECT_EQ(to_json(sum), to_json(dicom::DeidCounts()));  // no zeros stay
}

}  // namespace
}  // namespace naru
