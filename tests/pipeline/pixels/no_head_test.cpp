#include "pipeline/pixels/no_head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/pipeline/pixels/generated_head.h"

namespace naru {
namespace {

using test::GeneratedHead;
using IsTissue = std::function<bool(const Vec3&)>;

/// An upright cylinder, of an ellipse across.
bool is_in_column(const Vec3& p, double x, double y, double radius_x, double radius_y) {
  return std::hypot((p[0] - x) / radius_x, (p[1] - y) / radius_y) <= 1;
}

bool is_head(const GeneratedHead& head, const Vec3& p) { return head.at(p) != GeneratedHead::Tissue::air; }

/// In the frame of a GeneratedHead: below its chin.
bool is_trunk(const Vec3& p) { return p[2] < -130 && is_in_column(p, 0, 110, 160, 110); }

class NoHeadTest : public ::testing::Test {
 protected:
  /// A CT of soft tissue, from bottom_mm to top_mm.
  void scan(double bottom_mm, double top_mm, const IsTissue& is_tissue) {
    const PatientGrid grid{{200, 150, static_cast<std::int64_t>((top_mm - bottom_mm) / 2)}, {-200, -60, bottom_mm}, 2};
    std::vector<float> values;
    for (std::int64_t z = 0; z < grid.size.z; ++z) {
      for (std::int64_t y = 0; y < grid.size.y; ++y) {
        for (std::int64_t x = 0; x < grid.size.x; ++x)
          values.push_back(is_tissue(grid.center(x, y, z)) ? 20.F : -1000.F);
      }
    }
    shape_ = head_shape(grid, values, true, executor_);
  }

  bool is_no_head(std::string_view part) { return is_surely_no_head(shape_, part, executor_); }

  Executor executor_ = Executor::cpu(2);
  HeadShape shape_;
};

TEST_F(NoHeadTest, IsATrunkThatTheScanCuts) {
  scan(-400, -200, [](const Vec3& p) { return is_trunk(p) && !is_in_column(p, 70, 100, 60, 70); });
  for (const char* const part : {"CHEST", "ABDOMEN", ""}) EXPECT_TRUE(is_no_head(part)) << part;
  EXPECT_FALSE(is_no_head("HEAD"));
  EXPECT_FALSE(is_no_head("NECK"));
}

TEST_F(NoHeadTest, IsATrunkWithArmsBesideIt) {
  scan(-400, -200, [](const Vec3& p) { return is_trunk(p) || is_in_column(p, 185, 130, 30, 40); });
  EXPECT_TRUE(is_no_head("CHEST"));
}

TEST_F(NoHeadTest, IsNotWhatHasArmsBesideAHead) {
  for (const double x : {115.0, 122.0}) {  // pressed against the head; 3 mm away
    scan(-260, 20, [&](const Vec3& p) {
      const bool is_arm = is_in_column({std::abs(p[0]), p[1], p[2]}, x, 90, 46, 88);
      return is_trunk(p) || is_head({}, p) || is_arm;
    });
    for (const char* const part : {"CHEST", "ABDOMEN", ""}) EXPECT_FALSE(is_no_head(part)) << part << " " << x;
  }
}

TEST_F(NoHeadTest, IsNotAHeadBelowRaisedArms) {
  scan(-260, 180,
       [](const Vec3& p) { return is_trunk(p) || is_head({}, p) || (p[2] > 100 && is_in_column(p, 0, 90, 170, 70)); });
  for (const char* const part : {"CHEST", ""}) EXPECT_FALSE(is_no_head(part)) << part;
}

TEST_F(NoHeadTest, IsATrunkWithLegsBelow) {
  scan(-600, -150, [](const Vec3& p) {
    const bool is_leg = is_in_column({std::abs(p[0]), p[1], p[2]}, 90, 110, 75, 80);
    return p[2] > -350 ? is_trunk(p) : is_leg;
  });
  EXPECT_TRUE(is_no_head("ABDOMEN"));
}

TEST_F(NoHeadTest, IsALimbByItsNameAndShape) {
  scan(-200, 0, [](const Vec3& p) { return is_in_column(p, 0, 80, 60, 65); });
  EXPECT_TRUE(is_no_head("KNEE"));
  EXPECT_FALSE(is_no_head(""));
  scan(-150, 0, [](const Vec3& p) {  // a foot: the sole lies below
    return is_in_column(p, 0, 120, 35, 40) || (p[2] > -120 && p[2] < -60 && is_in_column(p, 0, 60, 45, 120));
  });
  EXPECT_TRUE(is_no_head("FOOT"));
  scan(-200, 0, [](const Vec3& p) { return is_in_column({std::abs(p[0]), p[1], p[2]}, 85, 80, 80, 85); });
  EXPECT_TRUE(is_no_head("THIGH"));
}

TEST_F(NoHeadTest, IsNotAHeadThatIsNamedALimb) {
  const GeneratedHead small{.scale = 0.6};
  scan(-60, 150, [&](const Vec3& p) { return is_head(small, p); });
  EXPECT_FALSE(is_no_head("FOOT"));
  scan(-90, 20, [](const Vec3& p) { return is_head({}, p) || is_in_column(p, 120, 90, 50, 55); });  // an arm beside it
  EXPECT_FALSE(is_no_head("ARM"));
}

}  // namespace
}  // namespace naru
