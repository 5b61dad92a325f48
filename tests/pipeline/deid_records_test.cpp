#include "pipeline/deid_records.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

using Json = nlohmann::ordered_json;

class DeidRecordsTest : public ::testing::Test {
 protected:
  ProjectKey key(char digit = '7') {
    const auto file = folder_ / (std::string(1, digit) + ".key");
    test::spill(file, std::string(64, digit));
    ::chmod(file.c_str(), 0600);
    return ProjectKey::load(file);
  }
  std::vector<int> numbers(const ProjectKey& key) {
    std::vector<int> found;
    DeidRecords records(file_, key);
    records.for_each([&](std::uint64_t offset, const Json& json, std::string_view line) {
      EXPECT_EQ(line, fmt::format("line {}\n", json.at("n").get<int>()));
      found.push_back(json.at("n").get<int>());
      offsets_.push_back(offset);
    });
    return found;
  }
  void append(const ProjectKey& key, std::initializer_list<int> all) {
    DeidRecords records(file_, key);
    records.for_each([](std::uint64_t, const Json&, std::string_view) {});
    for (const int n : all) records.append({{"n", n}, {"name", "Vermeulen^Tess"}}, fmt::format("line {}\n", n));
  }

  test::TempFolder folder_;
  std::filesystem::path file_ = folder_ / "instances.sealed";
  std::vector<std::uint64_t> offsets_;
};

TEST_F(DeidRecordsTest, GivesBackWhatWasAppendedAndShowsItToNobodyElse) {
  const ProjectKey mine = key();
  append(mine, {1, 2});
  append(mine, {3});
  EXPECT_THAT(numbers(mine), ::testing::ElementsAre(1, 2, 3));
  DeidRecords records(file_, mine);
  EXPECT_EQ(records.read_line(offsets_[1]), "line 2\n");
  EXPECT_EQ(records.read_line(offsets_[0]), "line 1\n");
  EXPECT_THAT(test::slurp(file_), ::testing::Not(::testing::HasSubstr("Vermeulen")));
  struct stat status {};
  ::stat(file_.c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(DeidRecordsTest, MakesNoFileWithoutARecord) {
  const ProjectKey mine = key();
  { const DeidRecords records(file_, mine); }
  EXPECT_THAT(numbers(mine), ::testing::IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(DeidRecordsTest, DropsARecordThatWasCutShortWhereverItWasCut) {
  const ProjectKey mine = key();
  append(mine, {1, 2});
  const std::string whole = test::slurp(file_);
  numbers(mine);
  const auto second = static_cast<std::size_t>(offsets_[1]);
  for (std::size_t size = second; size < whole.size(); size += 7) {
    test::spill(file_, whole.substr(0, size));
    EXPECT_THAT(numbers(mine), ::testing::ElementsAre(1)) << size;
    append(mine, {5});
    EXPECT_THAT(numbers(mine), ::testing::ElementsAre(1, 5)) << size;
  }
}

TEST_F(DeidRecordsTest, PassesOverRecordsOfAnotherKeyAndDamagedOnes) {
  const ProjectKey mine = key(), other = key('8');
  append(other, {1});
  append(mine, {2, 3});
  EXPECT_THAT(numbers(mine), ::testing::ElementsAre(2, 3));
  std::string bytes = test::slurp(file_);
  bytes.back() ^= 1;
  test::spill(file_, bytes);
  EXPECT_THAT(numbers(mine), ::testing::ElementsAre(2));
  DeidRecords records(file_, mine);
  EXPECT_THROW(records.read_line(0), Error);
}

TEST_F(DeidRecordsTest, TakesRecordsFromManyThreads) {
  const ProjectKey mine = key();
  {
    DeidRecords records(file_, mine);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int n = 0; n < 50; ++n) records.append({{"n", 100 * t + n}}, fmt::format("line {}\n", 100 * t + n));
      });
    }
  }
  auto found = numbers(mine);
  std::ranges::sort(found);
  ASSERT_EQ(found.size(), 200U);
  EXPECT_EQ(found.front(), 0);
  EXPECT_EQ(found.back(), 349);
  EXPECT_EQ(std::ranges::unique(found).size(), 0U);
}

}  // namespace
}  // namespace naru
