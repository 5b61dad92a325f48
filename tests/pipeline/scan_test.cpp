#include "pipeline/scan.h"

#include <gmock/gmock.h>

namespace naru {
namespace {

/// One file of `count` planes, all used.
Scan file_of_planes(std::size_t count) {
  Scan scan;
  scan.inputs.resize(1);
  scan.inputs[0].planes[static_cast<std::size_t>(Disposition::used)].count = count;
  scan.candidates.resize(count);
  scan.placements.resize(count);
  scan.input_of_candidate.assign(count, 0);
  return scan;
}

TEST(Scan, AFileIsUsedAsLongAsOneOfItsPlanesIs) {
  Scan scan = file_of_planes(3);
  EXPECT_FALSE(is_partly_used(scan.inputs[0]));
  mark_plane(scan, 0, Disposition::rejected, Code::gap);
  mark_plane(scan, 2, Disposition::excluded, Code::localizer);
  EXPECT_EQ(scan.inputs[0].disposition, Disposition::used);
  EXPECT_FALSE(scan.inputs[0].reason);
  EXPECT_TRUE(is_partly_used(scan.inputs[0]));
  mark_plane(scan, 1, Disposition::excluded, Code::not_selected);
  EXPECT_EQ(scan.inputs[0].disposition, Disposition::rejected);
  EXPECT_EQ(scan.inputs[0].reason, Code::gap);
  EXPECT_FALSE(is_partly_used(scan.inputs[0]));
}

TEST(Scan, TheGravestFateOfAnUnusedFilesPlanesIsItsOwn) {
  Scan scan = file_of_planes(3);
  mark_plane(scan, 0, Disposition::excluded, Code::localizer);
  mark_plane(scan, 1, Disposition::quarantined, Code::text_suspected);
  mark_plane(scan, 2, Disposition::rejected, Code::gap);
  EXPECT_EQ(scan.inputs[0].disposition, Disposition::quarantined);
  EXPECT_EQ(scan.inputs[0].reason, Code::text_suspected);
  mark_plane(scan, 1, Disposition::used, std::nullopt);
  EXPECT_EQ(scan.inputs[0].disposition, Disposition::used);
  EXPECT_FALSE(scan.inputs[0].reason);
}

TEST(ScanMemory, CountsWhatIsKeptOfEveryFile) {
  const std::uint64_t limit = std::uint64_t{64} << 20;
  EXPECT_EQ(memory_beside_headers(limit, 0), limit);
  EXPECT_LT(memory_beside_headers(limit, 5000), limit - (std::uint64_t{20} << 20));
  try {
    memory_beside_headers(limit, 1'000'000);
    ADD_FAILURE() << "a million headers do not fit";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::memory_exceeded);
    EXPECT_NE(std::string(error.what()).find("1000000 files"), std::string::npos);
  }
}

}  // namespace
}  // namespace naru
