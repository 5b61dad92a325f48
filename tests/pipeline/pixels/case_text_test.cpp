#include "pipeline/pixels/case_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <new>
#include <nlohmann/json.hpp>

#include "pipeline/pixels/text_evidence.h"
#include "tests/pipeline/deid_job.h"
#include "tests/pipeline/pixels/burned_picture.h"

namespace naru::test {

namespace {

TEST(CaseText, BlanksTheBoxesOfASliceWithItsDarkestValue) {
  std::vector<std::int16_t> voxels = {5, 6, 7, 8, -9, 10};
  const std::vector<dicom::PixelBox> boxes = {{2, 1, 0, 1, 1}, {-1, -5, 1, 6, 9}, {7, 0, 0, 3, 2}};
  blank_slice(std::span(voxels), 3, 2, boxes, false);
  EXPECT_EQ(voxels, (std::vector<std::int16_t>{5, -9, 7, -9, -9, 10}));
}

TEST(CaseText, BlanksWithTheBrightestWhereLargeValuesAreBlack) {
  std::vector<float> voxels = {1, 2, 3, 4};
  const std::vector<dicom::PixelBox> boxes = {{0, 0, 0, 1, 1}};
  blank_slice(std::span(voxels), 2, 0, boxes, true);
  EXPECT_EQ(voxels, (std::vector<float>{4, 2, 3, 4}));
}

TEST(CaseText, LeavesVoxelsAloneOutsideOfBoxes) {
  std::vector<std::uint16_t> voxels = {1, 2, 3, 4};
  const std::vector<dicom::PixelBox> outside = {{0, 5, 5, 3, 3}, {0, -9, 0, 4, 2}, {1, 0, 0, 2, 2}};
  blank_slice(std::span(voxels), 2, 0, outside, false);
  EXPECT_EQ(voxels, (std::vector<std::uint16_t>{1, 2, 3, 4}));
}

/// Slices of 40 x 40 pixels, each of which holds its number and, in one pixel, ten times it.
class CaseTextTest : public ::testing::Test {
 protected:
  void make(const std::vector<int>& positions, dicom::GapPolicy gap = dicom::GapPolicy::reject) {
    for (const int z : positions) {
      SliceBytes slice = slice_of("P1", z + 1);
      slice.text(0x00200032, "DS", "0\\0\\" + std::to_string(3 * z));
      std::string pixels;
      slice.number(0x00280010, 40).number(0x00280011, 40);
      if (!slope_.empty()) slice.text(0x00281052, "DS", "0").text(0x00281053, "DS", slope_);
      for (int n = 0; n < 40 * 40; ++n) pixels += {static_cast<char>(n == 41 ? 10 * (z + 1) : z + 1), '\0'};
      spill(folder_ / "in" / std::to_string(z), slice.raw(0x7FE00010, "OW", pixels).bytes());
    }
    std::vector<InputFile> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "in")) files.push_back({entry.path(), {}});
    dicom::StackOptions options;
    options.gap = gap;
    scan_ = scan_inputs(files, options, executor_, cancel_, [](const Progress&) {});
    ASSERT_EQ(scan_.stacks.size(), 1U);
    plan_.stacks = {0};
    plan_.recipe.text = "redact";
  }

  /// One slice with text of two words on black.
  void make_picture() {
    SliceBytes slice = slice_of("P1", 1);
    const Picture picture = Picture().write("8091 KIMIM", 20, 8, 1000, 3);
    slice.number(0x00280010, Picture::kSize).number(0x00280011, Picture::kSize).number(0x00280103, 0);
    slice.number(0x00280101, 12).number(0x00280102, 11).raw(0x7FE00010, "OW", bytes_of(picture.values, 2));
    spill(folder_ / "in" / "picture", slice.bytes());
    scan_ = scan_inputs({{folder_ / "in" / "picture", {}}}, {}, executor_, cancel_, [](const Progress&) {});
    ASSERT_EQ(scan_.stacks.size(), 1U);
    plan_.stacks = {0};
    plan_.recipe.text = "redact";
  }

  CaseText find(const FindInSlice& look) {
    return find_text(scan_, plan_, look, std::uint64_t{1} << 20, executor_, cancel_);
  }

  /// Text on background at the bright pixel of slice 2, which is 30 there.
  static std::vector<FoundText> bright_pixel_of_third(VolumeView<const float> slice, const dicom::ShownValues&) {
    if (slice.data[41] != 30) return {};
    return {{{1, 1, 1, 1, 1, 0.9F}, true}};
  }

  TempFolder folder_;
  Executor executor_ = Executor::cpu(2);
  CancelToken cancel_;
  Scan scan_;
  CasePlan plan_;
  std::mutex mutex_;
  std::string slope_;  ///< as the header of every slice has it, where that is to have one of its own
};

TEST_F(CaseTextTest, TurnsSlicesOverWhoseRescaleIsNegative) {
  slope_ = "-1";
  make({0, 1, 2});
  float least = 0;
  find([&](VolumeView<const float> slice, const auto&) -> std::vector<FoundText> {
    const std::lock_guard lock(mutex_);
    least = std::min(least, *std::min_element(slice.data, slice.data + 1600));
    return {};
  });
  EXPECT_EQ(least, -30);
  std::vector<std::int16_t> voxels(1600, 5);
  voxels[0] = 9;
  const std::vector<dicom::PixelBox> boxes = {{0, 1, 0, 1, 1}};
  blank_text(std::span(voxels), scan_, scan_.stacks[0], {0, 1}, boxes);
  EXPECT_EQ(voxels[1], 9);
}

TEST_F(CaseTextTest, LooksAtEverySliceAndAgainOnceItIsBlanked) {
  make({0, 1, 2, 3});
  std::atomic<int> looks = 0;
  const CaseText text = find([&](auto slice, const auto& shown) {
    ++looks;
    return bright_pixel_of_third(slice, shown);
  });
  EXPECT_FALSE(text.hold);
  EXPECT_EQ(looks, 8);
  EXPECT_EQ(text.found.size(), 1U);
  EXPECT_FALSE(text.boxes.at(0).empty());
}

TEST_F(CaseTextTest, HoldsACaseOfWhichTooMuchWouldBeBlanked) {
  make({0, 1, 2, 3});
  EXPECT_EQ(find([](auto, const auto&) {
              return std::vector<FoundText>{{{5, 5, 30, 30, 900, 0.9F}, true}};
            }).hold,
            Code::text_suspected);
}

/// A fault of the detector, of each kind that decides otherwise if it is believed.
TEST_F(CaseTextTest, HoldsACaseOfWhichALookSaysWhatCannotBe) {
  make({0, 1, 2, 3});
  for (const TextRegion& region :
       {TextRegion{90, 90, 1, 1, 1, 0.9F}, TextRegion{-1, 0, 2, 2, 4, 0.9F}, TextRegion{0, 0, 0, 5, 1, 0.9F},
        TextRegion{30, 30, 11, 5, 9, 0.9F}, TextRegion{1, 1, 1, 1, 1, std::numeric_limits<float>::quiet_NaN()}}) {
    const CaseText text = find([&](auto, const auto&) { return std::vector<FoundText>{{region, true}}; });
    EXPECT_EQ(text.hold, Code::text_suspected) << region.x;
  }
}

TEST_F(CaseTextTest, HoldsACaseInWhichAWordOfThePatientCanStillBeRead) {
  make_picture();
  std::atomic<int> looks = 0;
  const FindInSlice sees_the_first_word = [&](auto, const auto&) {
    return looks++ == 0 ? std::vector<FoundText>{{{20, 8, 69, 21, 1, 0.9F}, true}} : std::vector<FoundText>{};
  };
  const auto find_with = [&](const dicom::Identifiers& words) {
    looks = 0;
    return find_text(scan_, plan_, sees_the_first_word, std::uint64_t{1} << 28, executor_, cancel_, {},
                     [&] { return dicom::SeenWords(words); });
  };
  const CaseText held = find_with({.person_names = {"Kimim^A"}});
  EXPECT_EQ(held.hold, Code::text_suspected);
  ASSERT_EQ(held.found.size(), 2U);
  EXPECT_EQ(held.found[1].verdict, TextVerdict::read);
  EXPECT_FALSE(held.boxes.at(0).empty());
  EXPECT_FALSE(find_with({.person_names = {"Vermeulen^Tess"}}).hold);
}

/// The second look is held as well, is listed, and gives way to what people decide about it.
TEST_F(CaseTextTest, HoldsWhatASecondLookShowsUntilPeopleDecide) {
  make({0, 1, 2, 3});
  plan_.case_id = "case-1";
  const FindInSlice look = [](VolumeView<const float> slice, const dicom::ShownValues&) {
    if (slice.data[41] == 30) return std::vector<FoundText>{{{1, 1, 1, 1, 1, 0.9F}, true}};
    // Another text, which shows only when the first is blanked.
    if (slice.data[0] == 3) return std::vector<FoundText>{{{34, 34, 1, 1, 1, 0.9F}, true}};
    return std::vector<FoundText>{};
  };
  const CaseText held = find(look);
  EXPECT_EQ(held.hold, Code::text_suspected);
  ASSERT_EQ(held.found.size(), 2U);
  EXPECT_EQ(held.found[1].verdict, TextVerdict::second_look);
  for (const auto& [input, sha256] : held.hashes) scan_.inputs[input].sha256 = sha256;
  for (const Ruling ruling : {Ruling::keep, Ruling::redact}) {
    Decisions decisions;
    decisions.all.emplace_back();
    decisions.all[0].ruling = ruling;
    decisions.all[0].region =
        text_evidence(scan_.inputs[held.found[1].file], "case-1", place_in(plan_, held.found[1]), held.found[1], true);
    decisions.all[0].id = decisions.all[0].region.at("id");
    const Rulings rulings(decisions);
    const CaseText made = find_text(scan_, plan_, look, std::uint64_t{1} << 20, executor_, cancel_, rulings);
    EXPECT_FALSE(made.hold);
    EXPECT_EQ(made.later.size(), 1U);
    EXPECT_EQ(made.boxes.at(0).size(), ruling == Ruling::redact ? 2U : 1U);
  }
}

TEST_F(CaseTextTest, HoldsACaseOfWhichOneLookFails) {
  make({0, 1, 2, 3});
  std::atomic<int> looks = 0;
  const CaseText text = find([&](auto, const auto&) -> std::vector<FoundText> {
    if (looks++ == 2) throw std::bad_alloc();
    return {};
  });
  EXPECT_EQ(text.hold, Code::text_suspected);
}

TEST_F(CaseTextTest, BlanksMissingSlicesAsTheirNeighbours) {
  make({0, 1, 2, 4, 5, 6}, dicom::GapPolicy::interpolate);
  // A stack that lacks slices is read in units.
  const CaseText text = find([](VolumeView<const float> slice, const auto&) -> std::vector<FoundText> {
    if (slice.data[41] != 30 - 1024) return {};
    return {{{1, 1, 1, 1, 1, 0.9F}, true}};
  });
  EXPECT_FALSE(text.hold);
  std::vector<std::int64_t> slices;
  for (const dicom::PixelBox& box : text.boxes.at(0)) slices.push_back(box.frame);
  EXPECT_EQ(slices, (std::vector<std::int64_t>{2, 3}));
}

}  // namespace

}  // namespace naru::test
