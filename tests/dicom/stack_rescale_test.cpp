#include "dicom/stack_rescale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/dicom/hand_made_slices.h"

namespace naru::test {

namespace {

using dicom::build_stacks;
using dicom::Rescale;
using dicom::Stack;
using ::testing::ElementsAre;

TEST(StackRescale, SlicesThatShareNoRescaleAreBroughtToUnitsEach) {
  for (const auto& change : std::vector<std::function<void(dicom::Instance&)>>{
           [](auto& i) { i.rescale_slope = 2; }, [](auto& i) { i.rescale_intercept = 0.5; },
           [](auto& i) { i.rescale_intercept = 5; },  // 16 bits stored leave no room for an offset
       }) {
    auto candidates = series();
    change(candidates[6].instance);
    const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
    EXPECT_EQ(stack.verdict, Verdict::repair);
    EXPECT_THAT(codes(stack), ElementsAre(Code::per_slice_rescale));
    EXPECT_EQ(stack.dtype, DType::float32);
    EXPECT_EQ(stack.rescale, Rescale{});
    EXPECT_TRUE(stack.stored_offsets.empty());
    ASSERT_EQ(stack.slice_rescales.size(), 10u);
    EXPECT_EQ(stack.slice_rescales[5], Rescale{});
    EXPECT_EQ(stack.slice_rescales[6],
              (Rescale{candidates[6].instance.rescale_slope, candidates[6].instance.rescale_intercept}));
  }
}

TEST(StackRescale, ASliceThatStatesNoneAmongOthersThatDoHasNoUnits) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.has_rescale = true;
  candidates[3].instance.has_rescale = false;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::repair) << "a slope of 1 says no more";
  for (auto& candidate : candidates) {
    if (candidate.instance.has_rescale) candidate.instance.rescale_intercept = -1024;
  }
  const dicom::Sorted sorted = build_stacks(candidates, kDifferent);
  EXPECT_EQ(sorted.stacks[0].verdict, Verdict::reject);
  EXPECT_THAT(codes(sorted.stacks[0]), ElementsAre(Code::per_slice_rescale));
  EXPECT_EQ(detail(sorted.stacks[0].findings[0], "slices"), 1);
  expect_all_rejected(sorted, Code::per_slice_rescale);
}

TEST(StackRescale, HalfARescaleIsNoneWhereOthersStateTheWhole) {
  auto candidates = series();
  for (auto& candidate : candidates) {
    candidate.instance.has_rescale = true;
    candidate.instance.rescale_intercept = -1024;
  }
  candidates[2].instance.lacks_slope = true;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::accept) << "those of others are 1";
  candidates[4].instance.lacks_intercept = true;
  candidates[4].instance.rescale_intercept = 0;
  const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::reject);
  EXPECT_EQ(detail(stack.findings[0], "slices"), 1);
}

TEST(StackRescale, AllSlicesMayStateASlopeAlone) {
  auto candidates = series();
  for (auto& candidate : candidates) {
    candidate.instance.has_rescale = candidate.instance.lacks_intercept = true;
    candidate.instance.rescale_slope = 2.5;
  }
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::accept);
}

TEST(StackRescale, SlicesInOtherUnitsAreNoVolume) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.units = "BQML";
  candidates[7].instance.units = "CNTS";
  const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::reject);
  EXPECT_EQ(stack.findings[0].action, "rejected: these are in other units");
  candidates[0].instance.units = "";
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::reject) << "the first states none";
}

TEST(StackRescale, FreeTextIsNoUnitButContradictsOthers) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.units = "Lee Younghee";
  const Stack alike = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(alike.units, "");
  EXPECT_NE(alike.verdict, Verdict::reject);
  candidates[7].instance.units = "Kim Minsu";
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::reject);
}

TEST(StackRescale, UnspecifiedUnitsContradictNone) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.units = "US";
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].units, "US");
  for (std::size_t n = 3; n < candidates.size(); ++n) candidates[n].instance.units = n % 2 == 0 ? "BQML" : "";
  const Stack stack = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::accept);
  EXPECT_EQ(stack.units, "BQML");
}

TEST(StackRescale, PreciseValuesOfPhilipsAreUsedWhereTheyAreAskedFor) {
  auto candidates = series();
  for (auto& candidate : candidates) {
    candidate.instance.modality = "MR";
    candidate.instance.has_rescale = true;
    candidate.instance.rescale_slope = 4;
    candidate.instance.rescale_intercept = 8;
    candidate.instance.philips_scale = dicom::PhilipsScale{0.5, 0};
  }
  const Stack display = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(display.rescale, (Rescale{4, 8}));
  EXPECT_EQ(display.rescale_source, "philips_display");
  const Stack precise = build_stacks(candidates, kDifferent, {dicom::GapPolicy::reject, true}).stacks[0];
  EXPECT_EQ(precise.rescale, (Rescale{2, 4}));  // (4 stored + 8) / (4 * 0.5)
  EXPECT_EQ(precise.rescale_source, "philips_precise");
}

TEST(StackRescale, SlicesWithAndWithoutThePreciseScaleAreNoVolume) {
  auto candidates = series();
  for (auto& candidate : candidates) {
    candidate.instance.modality = "MR";
    candidate.instance.manufacturer = "Philips Medical Systems";
    candidate.instance.has_rescale = true;
    candidate.instance.rescale_slope = 2;
    candidate.instance.philips_scale = dicom::PhilipsScale{0.5, 0};
  }
  candidates[2].instance.philips_scale.reset();
  const Stack stack = build_stacks(candidates, kDifferent, {dicom::GapPolicy::reject, true}).stacks[0];
  EXPECT_EQ(stack.verdict, Verdict::reject);
  EXPECT_THAT(codes(stack), ElementsAre(Code::per_slice_rescale));
  EXPECT_EQ(detail(stack.findings[0], "slices"), 1);
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::accept) << "display values are there";
  for (auto& candidate : candidates) candidate.instance.philips_scale.reset();
  const Stack display = build_stacks(candidates, kDifferent, {dicom::GapPolicy::reject, true}).stacks[0];
  EXPECT_EQ(display.verdict, Verdict::repair);
  EXPECT_THAT(codes(display), ElementsAre(Code::philips_scale_missing));
  for (auto& candidate : candidates) candidate.instance.manufacturer = "SIEMENS";
  EXPECT_EQ(build_stacks(candidates, kDifferent, {dicom::GapPolicy::reject, true}).stacks[0].verdict, Verdict::accept);
}

TEST(StackRescale, ACtOfARecipeInHuSaysThatItsValuesAreHu) {
  constexpr dicom::StackOptions kInHu{.needs_hounsfield = true};
  auto candidates = series();
  const auto stack_of = [&](const char* units, bool has_rescale, const dicom::StackOptions& options) {
    for (auto& candidate : candidates) candidate.instance.units = units, candidate.instance.has_rescale = has_rescale;
    return build_stacks(candidates, kDifferent, options).stacks[0];
  };
  EXPECT_EQ(stack_of("", true, kInHu).verdict, Verdict::accept);
  EXPECT_EQ(stack_of("HU", true, kInHu).verdict, Verdict::accept);
  for (const char* other : {"Z_EFF", "ED", "MGML"}) {
    const Stack stack = stack_of(other, true, kInHu);
    EXPECT_EQ(stack.verdict, Verdict::reject) << other;
    EXPECT_THAT(codes(stack), ElementsAre(Code::units_not_hu));
    EXPECT_EQ(stack_of(other, true, {}).verdict, Verdict::accept) << "its recipe takes values as they are";
  }
  for (const auto& [unknown, has_rescale] : {std::pair{"US", true}, {"Lee Younghee", true}, {"", false}}) {
    const Stack stack = stack_of(unknown, has_rescale, kInHu);
    EXPECT_EQ(stack.verdict, Verdict::accept) << unknown;
    EXPECT_THAT(codes(stack), ElementsAre(Code::units_unknown));
  }
  for (auto& candidate : candidates) candidate.instance.modality = "MR";
  EXPECT_EQ(stack_of("", false, kInHu).verdict, Verdict::accept);
}

TEST(StackRescale, UnitsAndPaddingComeFromTheHeader) {
  auto candidates = series();
  for (auto& candidate : candidates) candidate.instance.has_rescale = true;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].units, "HU");
  for (auto& candidate : candidates) {
    candidate.instance.padding_value = -2000;
    candidate.instance.rescale_slope = 2;
    candidate.instance.rescale_intercept = 100;
  }
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].padding_units, -3900);
  for (auto& candidate : candidates) {
    candidate.instance.modality = "PT";
    candidate.instance.units = "BQML";
    candidate.instance.padding_value.reset();
  }
  const Stack pet = build_stacks(candidates, kDifferent).stacks[0];
  EXPECT_EQ(pet.units, "BQML");
  EXPECT_EQ(pet.padding_units, 0);
}

TEST(StackRescale, APetWithoutASlopeHasNoUnits) {
  auto candidates = series();
  for (auto& candidate : candidates) {
    candidate.instance.modality = "PT";
    candidate.instance.units = "BQML";
  }
  const dicom::Sorted sorted = build_stacks(candidates, kDifferent);
  expect_all_rejected(sorted, Code::per_slice_rescale);
  EXPECT_EQ(sorted.stacks[0].findings[0].action, "rejected: these state none");
  for (auto& candidate : candidates) candidate.instance.has_rescale = candidate.instance.lacks_intercept = true;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].verdict, Verdict::accept) << "of 1";
  candidates[4].instance.lacks_slope = true;
  EXPECT_EQ(detail(build_stacks(candidates, kDifferent).stacks[0].findings[0], "slices"), 1);
}

/// An offset is added to padding beyond Bits Stored too.
TEST(StackRescale, PaddingBeyondBitsStoredLeavesNoRoomForAnOffset) {
  auto candidates = series();
  for (auto& candidate : candidates) {
    candidate.instance.has_rescale = true;
    candidate.instance.pixels.bits_stored = 12;
  }
  candidates[3].instance.rescale_intercept = -5;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].dtype, DType::int16);
  candidates[3].instance.padding_value = -32768;
  EXPECT_EQ(build_stacks(candidates, kDifferent).stacks[0].dtype, DType::float32);
}

}  // namespace

}  // namespace naru::test
