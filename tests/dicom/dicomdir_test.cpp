#include "dicom/dicomdir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A DICOMDIR with one record for each Referenced File ID, items of undefined length.
std::string directory(const std::vector<std::string>& file_ids) {
  const std::string end_item("\xFE\xFF\x0D\xE0\0\0\0\0", 8), end_sequence("\xFE\xFF\xDD\xE0\0\0\0\0", 8);
  std::string bytes = std::string(128, '\0') + "DICM" + SliceBytes::element(0x00020002, "UI", "1.2.840.10008.1.3.10") +
                      SliceBytes::element(0x00020010, "UI", std::string("1.2.840.10008.1.2.1\0", 20)) +
                      SliceBytes::open_sequence(0x00041220);
  for (std::string id : file_ids) {
    if (id.size() % 2 != 0) id += ' ';
    bytes += SliceBytes::open_item() + SliceBytes::element(0x00041430, "CS", "IMAGE ") +
             SliceBytes::element(0x00041500, "CS", id) + end_item;
  }
  return bytes + end_sequence;
}

std::optional<dicom::ReferencedFiles> files_of(const std::string& bytes) {
  return dicom::referenced_files(std::as_bytes(std::span(bytes)));
}

TEST(Dicomdir, ListsItsFilesAsRelativePaths) {
  const auto files = files_of(directory({"DICOM\\A\\IM1", "IM2"}));
  ASSERT_TRUE(files);
  EXPECT_THAT(files->paths, ElementsAre("DICOM/A/IM1", "IM2"));
}

TEST(Dicomdir, LeavesOutNamesThatClimbOrAreAbsolute) {
  const auto files = files_of(directory({"..\\SECRET", "A\\..\\..\\B", "/etc/passwd", "\\A", "A\\\\B", ".", "OK"}));
  ASSERT_TRUE(files);
  EXPECT_THAT(files->paths, ElementsAre("OK"));
  EXPECT_EQ(files->left_out_count, 6U);
}

TEST(Dicomdir, MayBeEmpty) {
  const auto files = files_of(directory({}));
  ASSERT_TRUE(files);
  EXPECT_THAT(files->paths, IsEmpty());
}

TEST(Dicomdir, IsToldFromOtherFiles) {
  const std::string slice = SliceBytes().bytes(), dicomdir = directory({"A"});
  EXPECT_TRUE(dicom::is_dicomdir(std::as_bytes(std::span(dicomdir))));
  EXPECT_FALSE(dicom::is_dicomdir(std::as_bytes(std::span(slice))));
  EXPECT_FALSE(files_of(slice));
  EXPECT_FALSE(files_of("not DICOM"));
}

TEST(Dicomdir, ThatIsCutOffIsRefused) {
  const std::string whole = directory({"DICOM\\A\\IM1"});
  EXPECT_FALSE(files_of(whole.substr(0, whole.size() - 20)));
  EXPECT_FALSE(files_of(whole.substr(0, whole.size() - 8))) << "between two elements, before the sequence ends";
}

}  // namespace

}  // namespace naru::test
