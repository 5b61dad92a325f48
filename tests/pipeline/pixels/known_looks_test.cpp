#include "pipeline/pixels/known_looks.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/temp_folder.h"

namespace naru {
namespace {

class KnownLooksTest : public ::testing::Test {
 protected:
  KnownLooksTest() {
    for (const char name : {'7', '8'}) {
      const auto file = folder_ / (std::string(1, name) + ".key");
      test::spill(file, std::string(64, name));
      ::chmod(file.c_str(), 0600);
    }
    input_.identity = "1 2 3";
    input_.sha256 = "abc";
    look_.columns = 100;
    look_.rows = 50;
    look_.frames = {{}, {{{5, 6, 7, 8, 9, 0.75F}, true}}};
    look_.regions = {{-1, 1, 2, 3, 4, {}}};
  }
  ProjectKey key(const char* name = "7.key") const { return ProjectKey::load(folder_ / name); }

  test::TempFolder folder_;
  InputRecord input_;
  TextLook look_;
};

TEST_F(KnownLooksTest, RemembersWhatAFileShowed) {
  const ProjectKey own = key();
  { KnownLooks(folder_ / "looks", own, "recipe").add(input_, look_); }
  const KnownLooks known(folder_ / "looks", own, "recipe");
  const auto found = known.find(input_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sha256, "abc");
  EXPECT_EQ(found->look.columns, 100);
  EXPECT_EQ(found->look.rows, 50);
  ASSERT_EQ(found->look.frames.size(), 2U);
  const FoundText& text = found->look.frames[1].at(0);
  EXPECT_EQ(text.region.x, 5);
  EXPECT_EQ(text.region.height, 8);
  EXPECT_EQ(text.region.probability, 0.75F);
  EXPECT_TRUE(text.is_on_background);
  ASSERT_EQ(found->look.regions.size(), 1U);
  EXPECT_EQ(found->look.regions[0].frame, -1);
  EXPECT_EQ(found->look.regions[0].height, 4);
  EXPECT_FALSE(KnownLooks(folder_ / "looks", own, "another recipe").find(input_));
  input_.identity = "1 2 4";
  EXPECT_FALSE(known.find(input_));
}

TEST_F(KnownLooksTest, KnowsNothingUnderAnotherKeyOfWhatFailedOrHasNoIdentity) {
  const ProjectKey own = key(), other = key("8.key");
  {
    KnownLooks looks(folder_ / "looks", own, "recipe");
    look_.problem = Code::truncated;
    looks.add(input_, look_);
  }
  EXPECT_FALSE(KnownLooks(folder_ / "looks", own, "recipe").find(input_));
  look_.problem.reset();
  { KnownLooks(folder_ / "looks", own, "recipe").add(input_, look_); }
  EXPECT_FALSE(KnownLooks(folder_ / "looks", other, "recipe").find(input_));
  input_.identity.clear();
  EXPECT_FALSE(KnownLooks(folder_ / "looks", own, "recipe").find(input_));
}

}  // namespace
}  // namespace naru
