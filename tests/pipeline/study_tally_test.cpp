#include "pipeline/study_tally.h"

#include <gtest/gtest.h>

namespace naru {
namespace {

TEST(StudyTally, CountsAStudyWhenItsLastPartIsThrough) {
  StudyTally studies;
  for (const char* study : {"a", "b", "a"}) studies.expect(study);
  EXPECT_EQ(studies.total(), 2U);
  studies.finish("a");
  EXPECT_EQ(studies.done(), 0U);
  studies.finish("b");
  EXPECT_EQ(studies.done(), 1U);
  studies.finish("a");
  EXPECT_EQ(studies.done(), 2U);
}

}  // namespace
}  // namespace naru
