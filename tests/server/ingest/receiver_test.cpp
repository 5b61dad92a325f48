#include "server/ingest/receiver.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/error.h"
#include "server/store/database.h"
#include "tests/server/ingest/ingest_world.h"

namespace naru::server {
namespace {

using test::IngestWorld;
using test::instances;
using Kind = Received::Kind;

class ReceiverOn : public testing::TestWithParam<test::DatabaseCase> {};
NARU_FOR_EACH_DATABASE(ReceiverOn);

TEST_P(ReceiverOn, WhatIsStoredHasItsBytesItsRowsAndItsStudy) {
  IngestWorld world(GetParam());
  const auto files = instances(3);
  std::string study_id;
  for (const std::string& file : files) {
    const Received received = world.receive(file);
    EXPECT_EQ(received.kind, Kind::stored);
    EXPECT_FALSE(received.is_conflicting);
    study_id = received.study_id;
  }
  for (const Row& row : world.query("SELECT sha256 FROM instances")) {
    const std::string bytes = naru::test::slurp(world.content.path_of(row.text(0)));
    EXPECT_EQ(std::ranges::count(files, bytes), 1);
  }
  EXPECT_EQ(world.query("SELECT number FROM instances ORDER BY number").at(2).integer(0), 3) << "as they came";
  const Row study =
      world.query("SELECT id, state, instance_count, size_bytes, modalities, organisation_id FROM studies").at(0);
  EXPECT_EQ(study.text(0), study_id);
  EXPECT_EQ(study.text(1), "open");
  EXPECT_EQ(study.integer(2), 3);
  EXPECT_EQ(study.integer(3), static_cast<std::int64_t>(files[0].size() + files[1].size() + files[2].size()));
  EXPECT_EQ(study.text(4), "CT");
  EXPECT_EQ(study.text(5), "org-a");
  EXPECT_EQ(world.leaves(), std::vector<std::string>{"study.opened"});
}

TEST_P(ReceiverOn, TheSameInstanceAgainIsADuplicateAndChangesNothing) {
  IngestWorld world(GetParam());
  const auto files = instances(1);
  world.receive(files[0]);
  const Received again = world.receive(files[0]);
  EXPECT_EQ(again.kind, Kind::duplicate);
  EXPECT_FALSE(again.is_conflicting);
  EXPECT_EQ(world.number("SELECT instance_count FROM studies"), 1);
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 1);
}

TEST_P(ReceiverOn, TheSameIdentifierWithOtherBytesIsKeptAndSaid) {
  IngestWorld world(GetParam());
  std::string file = instances(1)[0];
  world.receive(file);
  file[file.size() - 1] = static_cast<char>(file[file.size() - 1] ^ 1);  // a pixel
  const Received other = world.receive(file);
  EXPECT_EQ(other.kind, Kind::stored);
  EXPECT_TRUE(other.is_conflicting);
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 2);
  EXPECT_EQ(world.number("SELECT count(*) FROM blobs"), 2);
}

TEST_P(ReceiverOn, OrganisationsShareBytesButNoStudies) {
  IngestWorld world(GetParam());
  const auto files = instances(1);
  const Received ours = world.receive(files[0]);
  const Received theirs = world.receiver.receive({"org-b", "user-2", "stow"}, world.staged(files[0]));
  EXPECT_EQ(theirs.kind, Kind::stored) << "one may not learn that the other has it";
  EXPECT_NE(ours.study_id, theirs.study_id);
  EXPECT_EQ(world.number("SELECT count(*) FROM blobs"), 1);
}

TEST_P(ReceiverOn, WhatIsNoWholeInstanceIsRejectedWithItsCode) {
  IngestWorld world(GetParam());
  const std::string file = instances(1)[0];
  EXPECT_EQ(world.receive("no dicom at all").reason, Code::not_dicom);
  EXPECT_EQ(world.receive("").reason, Code::not_dicom);
  EXPECT_EQ(world.receive(std::string_view(file).substr(0, file.size() - 2)).reason, Code::truncated);
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 0);
  EXPECT_EQ(world.number("SELECT count(*) FROM studies"), 0);
  EXPECT_TRUE(std::filesystem::is_empty(world.content.incoming()));
}

TEST_P(ReceiverOn, ALateInstanceOpensAClosedStudyAgain) {
  IngestWorld world(GetParam());
  const auto files = instances(2);
  world.receive(files[0]);
  in_transaction(*world.database, Access::write,
                 [](Transaction& t) { t.execute("UPDATE studies SET state = 'closed', closed_ms = 5"); });
  world.receive(files[0]);
  EXPECT_EQ(world.query("SELECT state FROM studies").at(0).text(0), "closed") << "a duplicate is no news";
  world.receive(files[1]);
  EXPECT_EQ(world.query("SELECT state FROM studies").at(0).text(0), "open");
  EXPECT_EQ(world.leaves(), (std::vector<std::string>{"study.opened", "study.reopened"}));
}

TEST_P(ReceiverOn, ManyAtOnceAreAllStoredOnce) {
  IngestWorld world(GetParam());
  constexpr int kThreads = 8, kFiles = 24;
  const auto files = instances(kFiles);
  std::vector<int> stored(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (const std::string& file : files) stored[t] += world.receive(file).kind == Kind::stored ? 1 : 0;
      });
    }
  }
  int sum = 0;
  for (const int count : stored) sum += count;
  EXPECT_EQ(sum, kFiles) << "each was new for one of them";
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), kFiles);
  EXPECT_EQ(world.number("SELECT instance_count FROM studies"), kFiles);
  EXPECT_EQ(world.leaves().size(), 1U);
}

TEST_P(ReceiverOn, OneThatCannotBeStoredDoesNotTakeOthersWithIt) {
  IngestWorld world(GetParam());
  const auto files = instances(16);
  const Origin unknown{"org-that-is-not-there", "user", "upload"};  // violates a foreign key
  std::atomic<int> stored = 0, failed = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t n = 0; n < files.size(); ++n) {
      threads.emplace_back([&, n] {
        try {
          world.receiver.receive(n % 4 == 0 ? unknown : world.origin, world.staged(files[n]));
          ++stored;
        } catch (const std::exception&) {
          ++failed;
        }
      });
    }
  }
  EXPECT_EQ(failed, 4);
  EXPECT_EQ(stored, 12);
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 12);
}

TEST_P(ReceiverOn, NothingIsStoredOnceTheAccountOrItsOrganisationIsDisabled) {
  IngestWorld world(GetParam());
  const auto files = instances(3);
  const auto execute = [&](std::string_view sql) {
    in_transaction(*world.database, Access::write, [&](Transaction& transaction) { transaction.execute(sql); });
  };
  execute(
      "INSERT INTO users (id, organisation_id, login, roles, created_ms, failed_count, locked_until_ms) VALUES "
      "('user-1', 'org-a', 'kim', 'hospital_steward', 0, 0, 0)");
  world.receive(files[0]);
  for (const std::string row :
       {"users SET disabled_ms = 1 WHERE id = 'user-1'", "organisations SET disabled_ms = 1 WHERE id = 'org-a'"}) {
    execute("UPDATE " + row);
    EXPECT_THROW(world.receive(files[1]), Error) << row;
    EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 1);
    execute("UPDATE users SET disabled_ms = NULL");
  }
  execute("UPDATE organisations SET disabled_ms = NULL");
  EXPECT_EQ(world.receive(files[1]).kind, Kind::stored);
}

}  // namespace
}  // namespace naru::server
