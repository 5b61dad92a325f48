#include <gmock/gmock.h>

#include "pipeline/review/review.h"
#include "tests/pipeline/pixels/head_series.h"
#include "tests/pipeline/prepare_job.h"

namespace naru {
namespace {

using test::GeneratedHead;
using test::HeadSeries;
using test::Json;
using test::lines_of;

class PrepareFaceTest : public test::PrepareJobTest {
 protected:
  PrepareFaceTest() {
    options_.recipe->axes = "LPS";  // voxels as the slices have them
    options_.recipe->face = "remove";
  }

  void put_head(const std::string& patient, const HeadSeries& head) {
    for (std::int64_t z = 0; z < head.slice_count(); ++z) {
      test::spill(folder_ / "in" / patient / std::to_string(z), head.slice(patient, z).bytes());
    }
  }

  std::vector<Json> faces() const { return lines_of(options_.out.string() + ".report/faces.jsonl"); }
  std::string image() const { return test::slurp(options_.out / manifest().at(0).at("image").get<std::string>()); }
};

TEST_F(PrepareFaceTest, MakesAVolumeWithoutItsFaceAndSaysSo) {
  const HeadSeries head({});
  put_head("P1", head);
  EXPECT_EQ(run().case_count, 1U);
  const Json step = manifest().at(0).at("steps").at(0);
  EXPECT_EQ(step.at("op"), "remove_face");
  EXPECT_EQ(faces().at(0).at("action"), "removed");
  EXPECT_EQ(faces().at(0).at("case"), manifest().at(0).at("case"));
  const std::string bytes = image();
  const Json redaction = manifest().at(0).at("redaction");
  const std::string mask = test::slurp(options_.out / redaction.at("image").get<std::string>());
  ASSERT_EQ(mask.size(), bytes.size());
  constexpr std::size_t kNiftiHeader = 352;
  std::size_t changed = 0, at = kNiftiHeader;
  const Size3& size = head.grid().size;
  ASSERT_EQ(bytes.size(), kNiftiHeader + static_cast<std::size_t>(2 * size.voxel_count()));
  for (std::int64_t z = 0; z < size.z; ++z) {
    for (std::int64_t y = 0; y < size.y; ++y) {
      for (std::int64_t x = 0; x < size.x; ++x, at += 2) {
        const int hu = test::stored_at(bytes, at);
        // The mask says where, to the voxel.
        ASSERT_TRUE(test::stored_at(mask, at) == 1 || hu == head.stored(x, y, z) - 1024);
        ASSERT_TRUE(test::stored_at(mask, at) == 0 || hu == -1000);
        if (hu == head.stored(x, y, z) - 1024) continue;
        ++changed;
        ASSERT_EQ(hu, -1000);
        ASSERT_NE(head.tissue(x, y, z), GeneratedHead::Tissue::brain);
      }
    }
  }
  EXPECT_GT(changed, 5000U);
}

TEST_F(PrepareFaceTest, HoldsWhatItCannotJudgeAndMakesTheOthers) {
  put_head("P1", HeadSeries(GeneratedHead{.has_nose = false}));
  put_head("P2", HeadSeries({}));
  const PrepareResult result = run();
  EXPECT_EQ(result.case_count, 1U);
  EXPECT_EQ(result.by_reason.at("face_present"), result.by_disposition.at("quarantined"));
  EXPECT_EQ(faces().size(), 2U);
}

TEST_F(PrepareFaceTest, LetsPeopleReleaseWhatItHeld) {
  put_head("P1", HeadSeries(GeneratedHead{.has_nose = false}));
  put_head("P2", HeadSeries({}));
  run();
  const auto report = options_.out.string() + ".report";
  EXPECT_EQ(read_review(report).entries.at(0).held.because, "face: no_face");
  EXPECT_NE(read_review(report).entries.at(0).held.path.find("/in/P1/"), std::string::npos);
  decide(report, {{read_review(report).entries.at(0).held.id + "=keep"}, "A. Steward", "no face is left"});
  options_.on_existing = OnExisting::resume;
  const PrepareResult result = run();
  EXPECT_EQ(result.case_count, 2U);
  EXPECT_EQ(result.resumed_count, 1U);
  EXPECT_FALSE(result.by_reason.contains("face_present"));
  std::size_t cut = 0;
  for (const Json& line : manifest()) cut += line.at("steps").at(0).at("op") == "remove_face" ? 1 : 0;
  EXPECT_EQ(cut, 1U);
}

TEST_F(PrepareFaceTest, HoldsCasesThatAreFineTogetherAlone) {
  const HeadSeries head({});
  for (std::int64_t z = 0; z < head.slice_count(); ++z) {
    const auto put = [&](const std::string& patient, test::SliceBytes slice) {
      test::spill(folder_ / "in" / patient / std::to_string(z), slice.bytes());
    };
    const std::string half = z % 2 == 0 ? ".1" : ".2";  // of 6 mm each
    put("P2", head.slice("P2", z).text(0x0020000E, "UI", "2.999.4.77" + half));
    if (z % 2 == 0) put("P3", head.slice("P3", z));
  }
  EXPECT_EQ(run().case_count, 1U);
  ASSERT_EQ(faces().size(), 3U);
  std::map<std::string, int> found;
  for (const Json& line : faces())
    ++found[line.at("action").get<std::string>() + " " + line.at("because").get<std::string>()];
  EXPECT_EQ(found, (std::map<std::string, int>{{"held unknown_shape", 2}, {"kept too_coarse", 1}}));
}

TEST_F(PrepareFaceTest, HoldsAHeadThatNeedsMoreMemoryThanThereIs) {
  put_head("P1", HeadSeries({}));
  options_.memory_limit_bytes = std::uint64_t{8} << 20;
  EXPECT_THROW(run(), Error);
  EXPECT_EQ(faces().at(0).at("because"), "too_large");
}

TEST_F(PrepareFaceTest, SaysNothingWhereTheRecipeKeepsFaces) {
  options_.recipe->face = "keep";
  put_head("P1", HeadSeries({}));
  run();
  EXPECT_NE(manifest().at(0).at("steps").at(0).at("op"), "remove_face");
  EXPECT_FALSE(std::filesystem::exists(options_.out.string() + ".report/faces.jsonl"));
}

}  // namespace
}  // namespace naru
