#include "pipeline/key_log.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

using Json = nlohmann::ordered_json;

/// No file may grow beyond `bytes` while this lives; a write that would fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  sighandler_t handler_;
};

class KeyLogTest : public ::testing::Test {
 protected:
  std::filesystem::path folder() const { return folder_ / "keys"; }
  std::filesystem::path file() const { return folder() / "log.jsonl"; }
  std::vector<Json> lines() const {
    std::vector<Json> result;
    std::istringstream text(test::slurp(file()));
    for (std::string line; std::getline(text, line);) result.push_back(Json::parse(line, nullptr, false));
    return result;
  }
  test::TempFolder folder_;
};

TEST_F(KeyLogTest, LinesSayWhoWhenAndWhat) {
  KeyLog(folder()).append("create", {{"project", "liver"}, {"key", "0123456789abcdef"}});
  ASSERT_EQ(lines().size(), 1U);
  const Json line = lines().front();
  EXPECT_EQ(line["schema"], "naru.key-log/1");
  EXPECT_THAT(line["time"].get<std::string>(),
              ::testing::MatchesRegex("20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"));
  EXPECT_FALSE(line["user"].get<std::string>().empty());
  EXPECT_EQ(line["act"], "create");
  EXPECT_EQ(line["project"], "liver");
  EXPECT_EQ(line["key"], "0123456789abcdef");
}

TEST_F(KeyLogTest, MakesAPrivateFileInAPrivateFolderAndAppends) {
  for (const char* act : {"one", "two"}) KeyLog(folder()).append(act, Json::object());
  struct stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(folder().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_EQ(lines()[1]["act"], "two");
}

TEST_F(KeyLogTest, KeepsAnotherProgramsFileAsItIs) {
  for (const std::string text : {"{\"level\":\"info\"}\n", "x", "{\"schema\":\"naru.key-log/2\"}\n"}) {
    test::spill(file(), text);
    ::chmod(file().c_str(), 0600);
    EXPECT_THROW(KeyLog(folder()).append("act", Json::object()), Error);
    EXPECT_EQ(test::slurp(file()), text);
  }
}

TEST_F(KeyLogTest, RefusesALogThatOthersCanReadAndWhatIsNoFile) {
  test::spill(file(), "");
  ::chmod(file().c_str(), 0644);
  EXPECT_THROW(KeyLog{folder()}, Error);
  std::filesystem::remove(file());
  std::filesystem::create_directory(file());
  EXPECT_THROW(KeyLog{folder()}, Error);
  std::filesystem::remove(file());
  std::filesystem::create_symlink(folder_ / "elsewhere", file());
  EXPECT_THROW(KeyLog{folder()}, Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "elsewhere"));
}

TEST_F(KeyLogTest, HalfALineOfARunThatWasCutOffDoesNotSpoilTheNext) {
  KeyLog(folder()).append("one", Json::object());
  const std::string whole = test::slurp(file());
  test::spill(file(), whole + whole.substr(0, 40));
  KeyLog(folder()).append("two", Json::object());
  ASSERT_EQ(lines().size(), 3U);
  EXPECT_EQ(lines()[0]["act"], "one");
  EXPECT_TRUE(lines()[1].is_discarded());
  EXPECT_EQ(lines()[2]["act"], "two");
  test::spill(file(), whole.substr(0, 7));
  KeyLog(folder()).append("first", Json::object());
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_EQ(lines()[0]["act"], "first");
}

TEST_F(KeyLogTest, ALineThatDoesNotFitLeavesTheLogAsItWas) {
  KeyLog log(folder());
  log.append("one", Json::object());
  const std::string before = test::slurp(file());
  {
    const FileSizeLimit limit(before.size() + 10);
    EXPECT_THROW(log.append("two", Json::object()), Error);
  }
  EXPECT_EQ(test::slurp(file()), before);
  log.append("three", Json::object());
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(KeyLogTest, WritersWaitForEachOther) {
  constexpr int kWriters = 4, kLines = 25;
  for (int n = 0; n < kWriters; ++n) {
    if (::fork() != 0) continue;
    for (int i = 0; i < kLines; ++i) KeyLog(folder()).append("act", {{"text", std::string(5000, 'x')}});
    ::_exit(0);
  }
  for (int n = 0; n < kWriters; ++n) {
    int status = -1;
    ::wait(&status);
    EXPECT_EQ(status, 0);
  }
  const auto all = lines();
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kWriters * kLines));
  EXPECT_TRUE(std::none_of(all.begin(), all.end(), [](const Json& line) { return line.is_discarded(); }));
}

}  // namespace
}  // namespace naru
