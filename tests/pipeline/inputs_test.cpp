#include "pipeline/inputs.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>
#include <sstream>

#include "core/error.h"
#include "tests/dicom/slice_bytes.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

class InputsTest : public ::testing::Test {
 protected:
  std::vector<std::string> list(const std::vector<std::string>& arguments, const std::string& standard_input = "",
                                const std::vector<std::filesystem::path>& excluded = {}) {
    std::istringstream stream(standard_input);
    std::vector<std::string> names;
    for (const InputFile& file : list_inputs(arguments, stream, excluded)) {
      names.push_back(file.path.lexically_relative(folder_.path()).string() +
                      (file.reason ? ":" + std::string(name(*file.reason)) : ""));
    }
    return names;
  }
  ErrorCode code_of(const std::vector<std::string>& arguments) {
    try {
      list(arguments);
    } catch (const Error& error) {
      message_ = error.what();
      return error.code();
    }
    return ErrorCode::internal;
  }
  test::TempFolder folder_;
  std::string message_;
};

TEST_F(InputsTest, ListsFoldersRecursivelyInAFixedOrder) {
  for (const char* name : {"b/2", "b/1", "a/z/1", "c"}) test::spill(folder_ / name, "x");
  EXPECT_THAT(list({folder_.path().string()}), ::testing::ElementsAre("a/z/1", "b/1", "b/2", "c"));
}

TEST_F(InputsTest, KeepsTheOrderOfArguments) {
  test::spill(folder_ / "a", "x");
  test::spill(folder_ / "b", "x");
  EXPECT_THAT(list({(folder_ / "b").string(), (folder_ / "a").string()}), ::testing::ElementsAre("b", "a"));
}

TEST_F(InputsTest, ReadsPathsFromStandardInput) {
  test::spill(folder_ / "a file", "x");
  EXPECT_THAT(list({"-"}, (folder_ / "a file").string() + "\n\n"), ::testing::ElementsAre("a file"));
}

TEST_F(InputsTest, AMissingPathOnStandardInputIsALineNotTheEnd) {
  test::spill(folder_ / "a", "x");
  EXPECT_THAT(list({"-"}, (folder_ / "absent").string() + "\r\n" + (folder_ / "a").string() + "\r\n"),
              ::testing::ElementsAre("absent:unreadable", "a"));
}

TEST_F(InputsTest, RefusesInputsInsideItsOwnFolders) {
  test::spill(folder_ / "out/in/1", "x");
  std::filesystem::create_directory_symlink(folder_ / "out/in", folder_ / "link");
  for (const char* input : {"out/in", "out/in/1", "out", "link"}) {
    try {
      list({(folder_ / input).string()}, "", {folder_ / "out"});
      FAIL() << input;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage) << input;
    }
  }
}

TEST_F(InputsTest, LeavesOutItsOwnFolders) {
  test::spill(folder_ / "in/1", "x");
  test::spill(folder_ / "out/2", "x");
  ::testing::internal::CaptureStderr();
  EXPECT_THAT(list({folder_.path().string()}, "", {folder_ / "out"}), ::testing::ElementsAre("in/1"));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::HasSubstr("lies inside an INPUT"));
  ::testing::internal::CaptureStderr();
  list({(folder_ / "in").string()}, "", {folder_ / "out"});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(InputsTest, SurvivesLinksThatLoopOrDangle) {
  test::spill(folder_ / "d/1", "x");
  test::spill(folder_ / "elsewhere/2", "x");
  std::filesystem::create_directory_symlink(folder_ / "d", folder_ / "d/loop");
  std::filesystem::create_directory_symlink(folder_ / "elsewhere", folder_ / "d/link");
  std::filesystem::create_symlink(folder_ / "absent", folder_ / "d/dangling");
  EXPECT_THAT(list({(folder_ / "d").string()}), ::testing::ElementsAre("d/1", "d/dangling:unreadable", "d/link/2"));
}

TEST_F(InputsTest, AccountsForWhatIsNoRegularFile) {
  test::spill(folder_ / "d/1", "x");
  ASSERT_EQ(::mkfifo((folder_ / "d/pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("pipe", folder_ / "d/link");
  EXPECT_THAT(list({(folder_ / "d").string()}),
              ::testing::ElementsAre("d/1", "d/link:unreadable", "d/pipe:unreadable"));
}

TEST_F(InputsTest, SaysWhichArgumentIsMissingWithoutRepeatingIt) {
  EXPECT_EQ(code_of({folder_.path().string(), (folder_ / "HONG^GILDONG").string()}), ErrorCode::input_missing);
  EXPECT_THAT(message_, ::testing::HasSubstr("INPUT 2"));
  EXPECT_THAT(message_, ::testing::Not(::testing::HasSubstr("HONG")));
}

TEST_F(InputsTest, SaysThatAFolderIsEmpty) { EXPECT_EQ(code_of({folder_.path().string()}), ErrorCode::input_empty); }

TEST_F(InputsTest, AccountsForAFolderWithoutPermission) {
  test::spill(folder_ / "open/1", "x");
  test::spill(folder_ / "closed/2", "x");
  std::filesystem::permissions(folder_ / "closed", std::filesystem::perms::none);
  if (::access((folder_ / "closed").c_str(), R_OK) == 0) {
    std::cout << "this user reads everything: permissions are checked in tests/cli instead\n";
    EXPECT_THAT(list({folder_.path().string()}), ::testing::ElementsAre("closed/2", "open/1"));
  } else {
    EXPECT_THAT(list({folder_.path().string()}), ::testing::ElementsAre("closed:unreadable", "open/1"));
    EXPECT_EQ(code_of({(folder_ / "closed").string()}), ErrorCode::input_unreadable);
  }
  std::filesystem::permissions(folder_ / "closed", std::filesystem::perms::owner_all);
}

/// A DICOMDIR of one record.
std::string directory_of_one(const std::string& file_id) {
  using test::SliceBytes;
  return std::string(128, '\0') + "DICM" + SliceBytes::element(0x00020002, "UI", "1.2.840.10008.1.3.10") +
         SliceBytes::element(0x00020010, "UI", std::string("1.2.840.10008.1.2.1\0", 20)) +
         SliceBytes::open_sequence(0x00041220) + SliceBytes::open_item() +
         SliceBytes::element(0x00041430, "CS", "IMAGE ") + SliceBytes::element(0x00041500, "CS", file_id) +
         std::string("\xFE\xFF\x0D\xE0\0\0\0\0", 8) + std::string("\xFE\xFF\xDD\xE0\0\0\0\0", 8);
}

TEST_F(InputsTest, FindsTheFilesOfADicomdirWhateverTheirCase) {
  test::spill(folder_ / "cd/dicomdir", directory_of_one("DICOM\\IM1 "));
  test::spill(folder_ / "cd/Dicom/im1", "x");
  const std::string given = (folder_ / "cd/dicomdir").string();
  EXPECT_THAT(list({given}), ::testing::ElementsAre("cd/dicomdir", "cd/Dicom/im1"));
  test::spill(folder_ / "cd/Dicom/Im1", "y");  // which of the two is meant nobody knows
  EXPECT_THAT(list({given}), ::testing::ElementsAre("cd/dicomdir", "cd/DICOM/IM1:unreadable"));
  test::spill(folder_ / "cd/DICOM/IM1", "z");
  EXPECT_THAT(list({given}), ::testing::ElementsAre("cd/dicomdir", "cd/DICOM/IM1"));
}

}  // namespace
}  // namespace naru
