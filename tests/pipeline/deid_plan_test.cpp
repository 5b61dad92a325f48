#include "pipeline/deid_plan.h"

#include <gmock/gmock.h>

#include "tests/dicom/slice_bytes.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

/// What one made-up file says it is.
struct Says {
  std::string patient, person, study, series, sop;
  std::string modality = "CT", body_part = "CHEST", bytes = "x", sop_class = "";
  std::int64_t frames = 1;
};

class DeidPlanTest : public ::testing::Test {
 protected:
  /// "used", or the reason, of each.
  std::vector<std::string> fates(const std::vector<Says>& files, const Recipe& recipe = {}) {
    DeidScan scan;
    for (const Says& says : files) {
      InputRecord input;
      input.path = folder_ / std::to_string(scan.sources.size());
      test::spill(input.path, says.bytes);
      input.size_bytes = says.bytes.size();
      scan.files.inputs.push_back(input);
      dicom::DeidSource source;
      source.patient_id = says.patient;
      source.patient_name_birth = says.person;
      source.study_uid = says.study;
      source.series_uid = says.series;
      source.sop_instance_uid = says.sop;
      source.modality = says.modality;
      source.sop_class_uid = says.sop_class;
      source.body_part = says.body_part;
      source.frame_count = says.frames;
      scan.sources.push_back(source);
    }
    Executor executor = Executor::cpu(1);
    plan_deid(scan, recipe, std::uint64_t{1} << 30, executor, CancelToken(), [](const Progress&) {});
    std::vector<std::string> fates;
    for (const InputRecord& input : scan.files.inputs) {
      const bool is_used = input.disposition == Disposition::used;
      fates.push_back(is_used ? "used" : std::string(name(input.disposition)) + ":" + std::string(name(*input.reason)));
    }
    EXPECT_EQ(used_inputs(scan).size(), static_cast<std::size_t>(std::ranges::count(fates, "used")));
    return fates;
  }
  test::TempFolder folder_;
};

const std::string kMixed = "quarantined:mixed_patient",
                  kContradiction = "quarantined:duplicate_identifier_different_pixels",
                  kDuplicate = "excluded:duplicate_instance", kNotSelected = "excluded:not_selected";

using ::testing::Each;
using ::testing::ElementsAre;

TEST_F(DeidPlanTest, TakesPatientsWithStudiesOfTheirOwn) {
  EXPECT_THAT(fates({{"P1", "kim|19700401", "1", "1.1", "1.1.1"},
                     {"P1", "kim|19700401", "2", "2.1", "2.1.1"},
                     {"P2", "lee|19700401", "3", "3.1", "3.1.1"}}),
              Each("used"));
}

TEST_F(DeidPlanTest, HoldsBackAStudyOfTwoIdentifiersNamesOrBirthDates) {
  const Says one{"P1", "kim|19700401", "1", "1.1", "1.1.1"}, innocent{"P9", "ha|", "9", "9.1", "9.1.1"};
  for (const auto& [patient, person] : {std::pair<std::string, std::string>{"P2", "kim|19700401"},
                                        {"P1", "lee|19700401"},
                                        {"P1", "kim|19700402"},
                                        {"", "kim|19700401"}}) {
    const Says two{patient, person, "1", "1.2", "1.2.1"};
    EXPECT_THAT(fates({one, two, innocent}), ElementsAre(kMixed, kMixed, "used")) << patient << person;
  }
}

/// As `prepare` does.
TEST_F(DeidPlanTest, SelectsByTheModalityOfTheClass) {
  Recipe recipe;
  recipe.modality = {"MR"};
  Says slice{"P1", "kim|19700401", "1", "1.1", "1.1.1"}, capture{"P1", "kim|19700401", "1", "1.2", "1.2.1"};
  slice.modality = capture.modality = "MR";
  slice.sop_class = "1.2.840.10008.5.1.4.1.1.2";
  capture.sop_class = "1.2.840.10008.5.1.4.1.1.7";
  EXPECT_THAT(fates({slice, capture}, recipe), ElementsAre(kNotSelected, "used"));
}

TEST_F(DeidPlanTest, WhatAFileDoesNotSayTellsNoPatientsApart) {
  EXPECT_THAT(fates({{"P1", "kim|19700401", "1", "1.1", "1.1.1"},
                     {"P1", "", "1", "1.2", "1.2.1"},
                     {"P1", "kim|", "1", "1.3", "1.3.1"},
                     {"P1", "|19700401", "1", "1.4", "1.4.1"}}),
              Each("used"));
}

TEST_F(DeidPlanTest, AMiddleNameMakesNoOtherPatient) {
  EXPECT_THAT(fates({{"P1", "kim^gildong|", "1", "1.1", "1.1.1"}, {"P1", "kim^gil^dong|", "1", "1.2", "1.2.1"}}),
              Each("used"));
  EXPECT_THAT(fates({{"P1", "kim^gildong|", "1", "1.1", "1.1.1"}, {"P1", "lee^dongwon|", "1", "1.2", "1.2.1"}}),
              Each(kMixed));
}

TEST_F(DeidPlanTest, ANameWithoutSpacesIsThatOfTheSamePatient) {
  for (const char* joined : {"kimminsu|", "minsukim|"}) {
    EXPECT_THAT(fates({{"P1", "kim^minsu|", "1", "1.1", "1.1.1"}, {"P1", joined, "1", "1.2", "1.2.1"}}), Each("used"))
        << joined;
  }
  EXPECT_THAT(fates({{"P1", "kim^minsu|", "1", "1.1", "1.1.1"}, {"P1", "kimminji|", "1", "1.2", "1.2.1"}}),
              Each(kMixed));
  EXPECT_THAT(fates({{"P1", "kim^min^su|", "1", "1.1", "1.1.1"}, {"P1", "suminkim|", "1", "1.2", "1.2.1"}}),
              Each("used"));
}

/// In time that grows as the name does.
TEST_F(DeidPlanTest, ANameMayBeOfAnyLength) {
  std::string endless = "kim";
  for (int n = 0; n < 300'000; ++n) endless += "^a" + std::to_string(n);
  EXPECT_THAT(fates({{"P1", endless + "|", "1", "1.1", "1.1.1"}, {"P1", "lee|", "1", "1.2", "1.2.1"}}), Each(kMixed));
}

TEST_F(DeidPlanTest, ABirthDateThatIsNoneTellsNoPatientsApart) {
  for (const char* date : {"19000101", "00000000", "00010101", "1954", "unknown", "1954.11.07"}) {
    const std::string person = std::string("kim^minsu|") + date;
    EXPECT_THAT(fates({{"P1", "kim^minsu|19541107", "1", "1.1", "1.1.1"}, {"P1", person, "1", "1.2", "1.2.1"}}),
                Each("used"))
        << date;
  }
}

TEST_F(DeidPlanTest, APatientMayChangeHisNameBetweenStudies) {
  EXPECT_THAT(fates({{"P1", "kim|19700401", "1", "1.1", "1.1.1"}, {"P1", "park|19700401", "2", "2.1", "2.1.1"}}),
              Each("used"));
}

TEST_F(DeidPlanTest, HoldsBackASeriesThatTwoPatientsShareInTwoStudies) {
  EXPECT_THAT(
      fates({{"P1", "kim|", "1", "7", "1.1.1"}, {"P2", "lee|", "2", "7", "2.1.1"}, {"P2", "lee|", "2", "8", "2.2.1"}}),
      ElementsAre(kMixed, kMixed, "used"));
}

TEST_F(DeidPlanTest, TakesTheFirstOfEqualCopiesAndNoneOfUnequalOnes) {
  const Says a{"P1", "", "1", "1.1", "1.1.1", "CT", "CHEST", "same"},
      b{"P1", "", "1", "1.1", "1.1.2", "CT", "CHEST", "b"};
  EXPECT_THAT(fates({a, b, a, a}), ElementsAre("used", "used", kDuplicate, kDuplicate));
  Says other = a;
  other.bytes = "other";
  EXPECT_THAT(fates({a, b, a, other}), ElementsAre(kContradiction, "used", kContradiction, kContradiction));
}

TEST_F(DeidPlanTest, TakesADataSetThatWasExportedTwiceOnce) {
  Says a{"P1", "", "1", "1.1", "1.1.1"}, b = a, c = a;
  a.bytes = b.bytes = test::SliceBytes().bytes();
  b.bytes.replace(0, 5, "OTHER");  // the preamble
  c.bytes = test::SliceBytes().text(0x00200013, "IS", "99").bytes();
  EXPECT_THAT(fates({a, b}), ElementsAre("used", kDuplicate));
  EXPECT_THAT(fates({a, b, c}), Each(kContradiction));
}

TEST_F(DeidPlanTest, SelectsByModalityAndBodyPart) {
  Recipe recipe;
  recipe.modality = {"US", "CT"};
  recipe.body_part = {"CHEST"};
  EXPECT_THAT(fates({{"P1", "", "1", "1.1", "1", "CT", "CHEST"},
                     {"P1", "", "1", "1.2", "2", "US", "chest"},
                     {"P1", "", "1", "1.3", "3", "MR", "CHEST"},
                     {"P1", "", "1", "1.4", "4", "CT", "KNEE"},
                     {"P1", "", "1", "1.5", "5", "CT", ""}},
                    recipe),
              ElementsAre("used", ::testing::AnyOf("used", kNotSelected), kNotSelected, kNotSelected, kNotSelected));
}

TEST_F(DeidPlanTest, CountsTheInstancesOfASeriesThatAreLeft) {
  Recipe recipe;
  recipe.min_slices = 2;
  const Says copy{"P1", "", "2", "2.1", "2.1.1"};
  EXPECT_THAT(fates({{"P1", "", "1", "1.1", "1.1.1"}, {"P1", "", "1", "1.1", "1.1.2"}, copy, copy}, recipe),
              ElementsAre("used", "used", kNotSelected, kDuplicate));
}

TEST_F(DeidPlanTest, CountsEachFrameOfASeries) {
  Recipe recipe;
  recipe.min_slices = 3;
  Says two{"P1", "", "1", "1.1", "1.1.1"}, one{"P1", "", "1", "1.1", "1.1.2"}, alone{"P1", "", "1", "1.2", "1.2.1"};
  two.frames = alone.frames = 2;
  EXPECT_THAT(fates({two, one, alone}, recipe), ElementsAre("used", "used", kNotSelected));
}

TEST_F(DeidPlanTest, AnUnselectedFileCanStillGiveAStudyAway) {
  Recipe recipe;
  recipe.modality = {"CT"};
  EXPECT_THAT(fates({{"P1", "", "1", "1.1", "1.1.1", "CT"}, {"P2", "", "1", "1.2", "1.2.1", "SR"}}, recipe),
              Each(kMixed));
}

}  // namespace
}  // namespace naru
