#include "pipeline/program_build.h"

#include <gmock/gmock.h>

namespace naru {
namespace {

TEST(ProgramBuild, IsTheVersionAndTheHashThatTheLinkerMade) {
  EXPECT_THAT(program_build(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+ [0-9a-f]{40}"));
}

}  // namespace
}  // namespace naru
