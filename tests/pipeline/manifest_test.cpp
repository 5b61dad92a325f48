#include "pipeline/manifest.h"

#include <gtest/gtest.h>

#include <vector>

namespace naru {
namespace {

TEST(Manifest, TellsWhatWasFoundInOneVolumeOfA4DImageAlone) {
  const Finding tilt{Code::gantry_tilt, {{"degrees", 10}}, "straightened by resampling"};
  const Finding gap{Code::gap, {{"slices", 1}, {"after_index", 3}}, "interpolated"};
  std::vector<dicom::Stack> stacks(3);
  stacks[0].findings = {gap};  // of another case
  stacks[1].findings = {tilt};
  stacks[2].findings = {tilt, gap};
  CasePlan plan;
  plan.stacks = {1, 2};
  plan.sequence.emplace();
  const auto findings = manifest_line(plan, stacks, Written{}, "CPU").at("findings");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].at("code"), "gantry_tilt");
  EXPECT_FALSE(findings[0].at("detail").contains("volume"));
  EXPECT_EQ(findings[1].at("code"), "gap");
  EXPECT_EQ(findings[1].at("detail").at("volume"), 1);
}

}  // namespace
}  // namespace naru
