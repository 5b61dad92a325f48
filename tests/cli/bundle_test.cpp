#include "cli/bundle.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/support/temp_folder.h"

namespace naru::cli {
namespace {

class BundleTest : public ::testing::Test {
 protected:
  BundleTest() { clear(); }
  ~BundleTest() override { clear(); }
  static void clear() {
    ::unsetenv("DCMDICTPATH");
    ::unsetenv("TESSDATA_PREFIX");
  }
  static std::string value(const char* name) {
    const char* const text = std::getenv(name);
    return text == nullptr ? "" : text;
  }
  void put_files() {
    test::spill(folder_ / "dicom.dic", "");
    test::spill(folder_ / "private.dic", "");
    test::spill(folder_ / "tessdata/eng.traineddata", "");
  }
  test::TempFolder folder_;
};

TEST_F(BundleTest, NamesTheFilesThatCameWithTheProgram) {
  put_files();
  use_bundled_files(folder_ / "");
  EXPECT_EQ(value("DCMDICTPATH"), (folder_ / "dicom.dic").string() + ":" + (folder_ / "private.dic").string());
  EXPECT_EQ(value("TESSDATA_PREFIX"), (folder_ / "tessdata").string());
}

TEST_F(BundleTest, LeavesAloneWhatTheUserSaid) {
  put_files();
  ::setenv("DCMDICTPATH", "/mine.dic", 1);
  use_bundled_files(folder_ / "");
  EXPECT_EQ(value("DCMDICTPATH"), "/mine.dic");
}

TEST_F(BundleTest, NamesNothingThatIsNotThere) {
  use_bundled_files(folder_ / "absent");
  EXPECT_EQ(value("DCMDICTPATH"), "");
  EXPECT_EQ(value("TESSDATA_PREFIX"), "");
}

}  // namespace
}  // namespace naru::cli
