#include "dicom/fragments.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/dicom/coded_bytes.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

namespace {

const std::string kStart("\xFF\xD8\xFF\xE0\0\x04\0\0", 8);  // of a JPEG stream

/// The count of fragments of each frame, or the problem.
struct Found {
  std::optional<Code> problem;
  std::vector<std::size_t> counts;
};

Found find(const std::string& value, std::int64_t frame_count) {
  const TempFolder folder;
  std::ofstream(folder / "value", std::ios::binary) << "ten bytes " << value;
  const dicom::FileReader file(folder / "value");
  const dicom::FrameIndex index(file, 10, frame_count);
  Found found{index.problem(), {}};
  for (std::int64_t n = 0; n < frame_count && !found.problem; ++n) found.counts.push_back(index.frame(n).size());
  return found;
}

using Counts = std::vector<std::size_t>;

TEST(Fragments, AllBelongToTheOnlyFrame) {
  EXPECT_EQ(find(item("") + item("ab") + item("cd") + item("ef") + kEndMark, 1).counts, Counts{3});
  EXPECT_EQ(find(item("") + item("ab") + item("cd"), 1).counts, Counts{2}) << "without a mark of their end";
  EXPECT_EQ(find(item("") + item("") + item("cd") + kEndMark, 1).counts, Counts{2}) << "an empty first one";
}

TEST(Fragments, AreOneAFrameWhereTheCountsAgreeWhateverTheTableSays) {
  EXPECT_EQ(find(item("") + item("ab") + item("cd") + kEndMark, 2).counts, (Counts{1, 1}));
  EXPECT_EQ(find(offsets({0, 77}) + item("ab") + item("cd") + kEndMark, 2).counts, (Counts{1, 1}));
  EXPECT_EQ(find(item("") + item("") + item("ab") + item("cd") + kEndMark, 2).counts, (Counts{1, 1}));
}

TEST(Fragments, FollowTheTableWhereAFrameHasSeveral) {
  const std::string fragments = item("ab") + item("cd") + item("ef");
  EXPECT_EQ(find(offsets({0, 10}) + fragments + kEndMark, 2).counts, (Counts{1, 2}));
  EXPECT_EQ(find(offsets({0, 20}) + fragments + kEndMark, 2).counts, (Counts{2, 1}));
}

TEST(Fragments, FollowTheStreamsStartsWhereTheTableIsAbsentOrWrong) {
  const std::string fragments = item(kStart) + item("more of it") + item(kStart) + item(kStart);
  EXPECT_EQ(find(item("") + fragments + kEndMark, 3).counts, (Counts{2, 1, 1}));
  EXPECT_EQ(find(offsets({0, 11, 12}) + fragments + kEndMark, 3).counts, (Counts{2, 1, 1})) << "of no fragment";
  EXPECT_EQ(find(offsets({0, 34, 0}) + fragments + kEndMark, 3).counts, (Counts{2, 1, 1})) << "falling";
}

TEST(Fragments, ThatCannotBeToldApartAreCorrupt) {
  EXPECT_EQ(find(item("") + item("ab") + item("cd") + item("ef") + kEndMark, 2).problem, Code::corrupt);
  EXPECT_EQ(find(item("") + item(kStart) + kEndMark, 2).problem, Code::corrupt);
}

TEST(Fragments, OfAFileThatEndsEarlyGiveTheFramesBeforeItsEnd) {
  const std::string value = offsets({0, 20, 30}) + item("ab") + item("cd") + item("ef");
  EXPECT_EQ(find(value, 3).counts, (Counts{2, 1, 0}));
  EXPECT_EQ(find(item(""), 1).problem, Code::truncated);
  EXPECT_EQ(find("", 1).problem, Code::truncated);
  EXPECT_EQ(find("no items at all", 1).problem, Code::corrupt);
}

TEST(Fragments, AreSoundWithoutAMarkOfTheirEnd) {
  const auto check = [](const std::string& value) { return dicom::check_fragments(std::as_bytes(std::span(value))); };
  EXPECT_EQ(check(item("") + item("ab")).end, dicom::WalkEnd::complete);
  EXPECT_FALSE(check(item("") + item("ab")).has_end_mark);
  EXPECT_TRUE(check(item("") + item("ab") + kEndMark).has_end_mark);
  EXPECT_EQ(check(item("") + kEndMark).end, dicom::WalkEnd::malformed);
  EXPECT_EQ(check(item("") + item("ab").substr(0, 9)).end, dicom::WalkEnd::cut_short);
}

}  // namespace

}  // namespace naru::test
