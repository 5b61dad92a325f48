#include "pipeline/trace_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;

class TraceFileTest : public ::testing::Test {
 protected:
  ErrorCode code_of(const fs::path& path, const std::vector<fs::path>& apart = {}) {
    try {
      const TraceFile file(path, apart);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  }
  test::TempFolder folder_;
};

TEST_F(TraceFileTest, HoldsCompleteEventsAndTheNamesOfThreads) {
  TraceLog log;
  log.rows = {"job 1", "reader 2"};
  log.events.push_back({Stage::read, "slice", 1500, 2250, 1, "case-1", {4, 700}});
  log.events.push_back({std::nullopt, "case", 1000, 9000, 0, "", {}});
  TraceFile(folder_ / "t.json", {}).write(log);
  const nlohmann::json events = nlohmann::json::parse(test::slurp(folder_ / "t.json")).at("traceEvents");
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0]["ph"], "M");
  EXPECT_EQ(events[0]["name"], "process_name");
  EXPECT_EQ(events[2]["name"], "thread_name");
  EXPECT_EQ(events[2]["args"]["name"], "reader 2");
  EXPECT_EQ(events[3],
            nlohmann::json::parse(R"({"ph": "X", "name": "slice", "cat": "read", "ts": 1.5, "dur": 2.25, "pid": 1,
    "tid": 2, "args": {"case": "case-1", "slab": 4, "bytes": 700}})"));
  EXPECT_EQ(events[3]["tid"], events[2]["tid"]);
  EXPECT_EQ(events[4]["cat"], "case");
  EXPECT_EQ(events[4]["args"], nlohmann::json::object());
}

TEST_F(TraceFileTest, IsRefusedBeforeAnyWorkWhereItCannotBeWritten) {
  EXPECT_EQ(code_of(folder_ / "absent" / "t.json"), ErrorCode::usage);
  fs::create_directory(folder_ / "folder");
  EXPECT_EQ(code_of(folder_ / "folder"), ErrorCode::usage);
}

TEST_F(TraceFileTest, IsRefusedWithinWhatIsDelivered) {
  fs::create_directory(folder_ / "out");
  fs::create_directory_symlink(folder_ / "out", folder_ / "link");
  const std::vector<fs::path> apart = {folder_ / "out"};
  EXPECT_EQ(code_of(folder_ / "out" / "t.json", apart), ErrorCode::usage);
  EXPECT_EQ(code_of(folder_ / "out", apart), ErrorCode::usage);
  EXPECT_EQ(code_of(folder_ / "x" / ".." / "out" / "t.json", apart), ErrorCode::usage);
  EXPECT_EQ(code_of(folder_ / "link" / "t.json", apart), ErrorCode::usage);
  EXPECT_EQ(code_of(folder_ / "out.json", apart), ErrorCode::internal);  // a name that only begins alike: taken
}

TEST_F(TraceFileTest, LeavesNothingBehindWhereTheJobFails) {
  { const TraceFile file(folder_ / "t.json", {}); }
  EXPECT_TRUE(fs::is_empty(folder_ / ""));
}

}  // namespace
}  // namespace naru
