#include "pipeline/review/decision.h"

#include <gmock/gmock.h>
#include <sys/file.h>

#include <filesystem>

#include "core/error.h"
#include "pipeline/file_descriptor.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;

Decision decision_about(std::string id, Ruling ruling) {
  return {"2026-01-02T03:04:05Z", "A. Steward", "seen", std::move(id), ruling, "text_suspected", "", nullptr};
}

class DecisionTest : public ::testing::Test {
 protected:
  void add(const std::vector<Decision>& decisions) {
    append_decisions(folder_.path(), read_decisions(folder_.path()), decisions);
  }
  fs::path file() const { return folder_ / "decisions.jsonl"; }
  ErrorCode code_of(const std::function<void()>& act) const {
    try {
      act();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  }
  ErrorCode code_of_read() const {
    return code_of([&] { read_decisions(folder_.path()); });
  }
  test::TempFolder folder_;
};

TEST_F(DecisionTest, ReadsBackWhatWasAppendedInOrder) {
  EXPECT_TRUE(read_decisions(folder_.path()).all.empty());
  EXPECT_TRUE(read_decisions(folder_ / "none").all.empty());
  add({decision_about("region-1", Ruling::redact), decision_about("region-2", Ruling::keep)});
  const std::string before = test::slurp(file());
  add({decision_about("region-1", Ruling::exclude)});
  EXPECT_TRUE(test::slurp(file()).starts_with(before)) << "what stands is never written again";
  const Decisions decisions = read_decisions(folder_.path());
  ASSERT_EQ(decisions.all.size(), 3U);
  EXPECT_EQ(decisions.all[1].ruling, Ruling::keep);
  EXPECT_EQ(decisions.all[2].id, "region-1");
  EXPECT_EQ(decisions.all[2].by, "A. Steward");
  EXPECT_NE(decisions.sha256[0], decisions.sha256[1]);
}

TEST_F(DecisionTest, RefusesAFileOfWhichALineWasChangedMovedOrTakenOut) {
  add({decision_about("region-1", Ruling::keep), decision_about("region-2", Ruling::keep),
       decision_about("region-3", Ruling::keep)});
  const std::string text = test::slurp(file());
  const std::size_t second = text.find('\n') + 1, third = text.find('\n', second) + 1;
  const std::string a = text.substr(0, second), b = text.substr(second, third - second), c = text.substr(third);
  std::string changed = a;
  changed.replace(changed.find("keep"), 4, "kept");
  std::string last = c;
  last.replace(last.find("seen"), 4, "same");
  std::string other = a;
  other.replace(other.find("region-1"), 8, "region-9");
  for (const std::string& broken :
       {changed + b + c, other + b + c, a + b + last, a + c, b + c, b + a + c, a + b + "{}\n", a + b + "no JSON\n",
        a + b + c.substr(0, c.size() - 1), std::string("\n")}) {
    test::spill(file(), broken);
    EXPECT_EQ(code_of_read(), ErrorCode::dataset_invalid) << broken;
    EXPECT_EQ(code_of([&] { append_decisions(folder_.path(), {}, {}); }), ErrorCode::dataset_invalid);
    EXPECT_EQ(test::slurp(file()), broken);
  }
  test::spill(file(), text);
  EXPECT_EQ(read_decisions(folder_.path()).all.size(), 3U);
}

TEST_F(DecisionTest, RefusesWhatIsNoFile) {
  fs::create_directory(file());
  EXPECT_EQ(code_of_read(), ErrorCode::dataset_invalid);
}

TEST_F(DecisionTest, DecidesNothingWhileARunHoldsTheReportOrAnotherWasFaster) {
  const std::vector<Decision> one = {decision_about("region-1", Ruling::keep)};
  {
    const FileDescriptor held(::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_EQ(::flock(held.number(), LOCK_EX), 0);
    EXPECT_EQ(code_of([&] { add(one); }), ErrorCode::output_busy);
    EXPECT_FALSE(fs::exists(file()));
  }
  const Decisions seen = read_decisions(folder_.path());
  add(one);
  EXPECT_EQ(code_of([&] { append_decisions(folder_.path(), seen, one); }), ErrorCode::output_busy);
  EXPECT_EQ(read_decisions(folder_.path()).all.size(), 1U);
}

TEST_F(DecisionTest, TellsEachActOfDecidingOnce) {
  add({decision_about("region-1", Ruling::keep), decision_about("region-2", Ruling::keep),
       decision_about("region-3", Ruling::redact)});
  const auto json = review_json(read_decisions(folder_.path()));
  ASSERT_EQ(json.at("decisions").size(), 2U);
  EXPECT_EQ(json.at("decisions")[0].at("count"), 2);
  EXPECT_EQ(json.at("decisions")[1].at("by"), "A. Steward");
}

}  // namespace
}  // namespace naru
