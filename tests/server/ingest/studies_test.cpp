#include "server/ingest/studies.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>

#include "core/error.h"
#include "server/store/database.h"
#include "tests/server/ingest/ingest_world.h"

namespace naru::server {
namespace {

using test::IngestWorld;
using test::instances;

class StudiesOn : public testing::TestWithParam<test::DatabaseCase> {};
NARU_FOR_EACH_DATABASE(StudiesOn);

std::optional<ErrorCode> destroy(IngestWorld& world, const std::string& id, const std::string& organisation = "org-a") {
  try {
    in_transaction(*world.database, Access::write, [&](Transaction& t) {
      destroy_study(t, world.ledger, {id, organisation, "user-1", world.clock.now_ms()});
    });
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

void add_job(IngestWorld& world, const std::string& study_id, const std::string& state) {
  in_transaction(*world.database, Access::write, [&](Transaction& t) {
    t.execute(
        "INSERT INTO jobs (id, organisation_id, created_by, kind, name, recipe, state, wish, priority, attempt, "
        "max_attempts, available_ms, fence, memory_bytes, device, progress, event_count, created_ms) VALUES ('job-1', "
        "'org-a', 'user-1', 'prepare', 'n', 'r', $1, 'none', 0, 0, 3, 0, 0, 0, 'cpu', '{}', 0, 0)",
        {state});
    t.execute("INSERT INTO job_studies (job_id, study_id) VALUES ('job-1', $1)", {study_id});
  });
}

TEST_P(StudiesOn, CloseOnceNothingCameForLong) {
  IngestWorld world(GetParam());
  const auto files = instances(2);
  world.receive(files[0]);
  world.clock.advance(59'999);
  EXPECT_EQ(close_quiet_studies(*world.database, world.ledger, world.clock, 60), 0);
  world.receive(files[1]);
  world.clock.advance(59'999);
  EXPECT_EQ(close_quiet_studies(*world.database, world.ledger, world.clock, 60), 0);
  world.clock.advance(1);
  EXPECT_EQ(close_quiet_studies(*world.database, world.ledger, world.clock, 60), 1);
  EXPECT_EQ(close_quiet_studies(*world.database, world.ledger, world.clock, 60), 0);
  EXPECT_EQ(world.query("SELECT state FROM studies").at(0).text(0), "closed");
  EXPECT_EQ(world.leaves(), (std::vector<std::string>{"study.opened", "study.closed"}));
}

TEST_P(StudiesOn, AClockThatWasSetBackHoldsNoStudyOpenForLong) {
  IngestWorld world(GetParam());
  world.receive(instances(1)[0]);
  world.clock.advance(-10 * 3600 * 1000);
  EXPECT_EQ(close_quiet_studies(*world.database, world.ledger, world.clock, 60), 0);
  world.clock.advance(59'999);
  EXPECT_EQ(close_quiet_studies(*world.database, world.ledger, world.clock, 60), 0);
  world.clock.advance(1);
  EXPECT_EQ(close_quiet_studies(*world.database, world.ledger, world.clock, 60), 1);
}

TEST_P(StudiesOn, AClockThatGoesBackClosesNothingEarly) {
  IngestWorld world(GetParam());
  world.receive(instances(1)[0]);
  world.clock.advance(-3'600'000);
  EXPECT_EQ(close_quiet_studies(*world.database, world.ledger, world.clock, 60), 0);
}

TEST_P(StudiesOn, DestructionLeavesARecordAndNoByte) {
  IngestWorld world(GetParam());
  const Received received = world.receive(instances(1)[0]);
  const std::string sha256 = world.query("SELECT sha256 FROM blobs").at(0).text(0);
  EXPECT_EQ(destroy(world, received.study_id), std::nullopt);
  EXPECT_EQ(remove_unreferenced_content(*world.database, world.content), 1);
  EXPECT_FALSE(std::filesystem::exists(world.content.path_of(sha256)));
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 0);
  EXPECT_EQ(world.number("SELECT count(*) FROM blobs"), 0);
  const Row study = world.query("SELECT state, instance_count, study_uid FROM studies").at(0);
  EXPECT_EQ(study.text(0), "destroyed");
  EXPECT_EQ(study.integer(1), 1);
  EXPECT_EQ(study.text(2).find("2.999"), std::string::npos) << "the UID is an identifier";
  EXPECT_EQ(world.leaves(), (std::vector<std::string>{"study.opened", "study.destroyed"}));
  EXPECT_EQ(destroy(world, received.study_id), ErrorCode::gone);
}

TEST_P(StudiesOn, BytesThatAnotherStudyHoldsStay) {
  IngestWorld world(GetParam());
  const auto files = instances(1);
  const Received ours = world.receive(files[0]);
  world.receiver.receive({"org-b", "user-2", "stow"}, world.staged(files[0]));
  EXPECT_EQ(destroy(world, ours.study_id), std::nullopt);
  EXPECT_EQ(remove_unreferenced_content(*world.database, world.content), 0);
  EXPECT_EQ(naru::test::slurp(world.content.path_of(world.query("SELECT sha256 FROM blobs").at(0).text(0))), files[0]);
}

TEST_P(StudiesOn, ThoseThatAJobWorksOnDoNotKeepOthersFromTheirEnd) {
  IngestWorld world(GetParam());
  in_transaction(*world.database, Access::write, [&](Transaction& t) {
    t.execute(
        "INSERT INTO jobs (id, organisation_id, created_by, kind, name, recipe, state, wish, priority, attempt, "
        "max_attempts, available_ms, fence, memory_bytes, device, progress, event_count, created_ms) VALUES ('job-1', "
        "'org-a', 'user-1', 'prepare', 'set', '', 'PAUSED', 'none', 0, 1, 1, 0, 1, 1, 'cpu', '{}', 0, 0)");
    for (int n = 0; n <= 1000; ++n) {
      const std::string id = fmt::format("study-{:04}", n);
      t.execute(
          "INSERT INTO studies (id, organisation_id, study_uid, state, instance_count, size_bytes, modalities, "
          "created_ms, received_ms, closed_ms) VALUES ($1, 'org-a', $1, 'closed', 0, 0, '', 0, 0, $2)",
          {id, std::int64_t{n}});
      if (n < 1000) t.execute("INSERT INTO job_studies (job_id, study_id) VALUES ('job-1', $1)", {id});
    }
  });
  EXPECT_EQ(destroy_expired_studies(*world.database, world.ledger, world.clock, 1), 1);
}

/// Counts the transactions that read.
class CountedDatabase final : public Database {
 public:
  explicit CountedDatabase(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  std::unique_ptr<Transaction> begin(Access access, Company company) override {
    if (access == Access::read) ++read_count;
    return database_->begin(access, company);
  }
  std::string_view engine() const override { return database_->engine(); }
  void exclusively(const std::function<void()>& work) override { database_->exclusively(work); }
  void backup(const std::string& file) override { database_->backup(file); }

  int read_count = 0;

 private:
  std::unique_ptr<Database> database_;
};

TEST_P(StudiesOn, ALargeStoreIsLookedThroughInPagesSoThatOthersGetInBetween) {
  auto counted = std::make_unique<CountedDatabase>(GetParam().make());
  CountedDatabase& database = *counted;
  IngestWorld world(std::move(counted));
  const Received received = world.receive(instances(1)[0]);
  in_transaction(database, Access::write, [&](Transaction& t) {
    for (int n = 0; n < 3000; ++n) {
      const bool is_unused = n == 0 || n == 2999;
      const std::string sha256 = fmt::format("{:064}", n);
      t.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ($1, 1, 0)", {sha256});
      if (is_unused) continue;
      t.execute(
          "INSERT INTO instances (study_id, sop_instance_uid, sha256, series_uid, sop_class_uid, transfer_syntax_uid, "
          "modality, source, received_ms) VALUES ($1, '1', $2, '1', '1', '1', 'CT', 'stow', 0)",
          {received.study_id, sha256});
    }
  });
  database.read_count = 0;
  EXPECT_EQ(remove_unreferenced_content(database, world.content), 2);
  EXPECT_GE(database.read_count, 4);
  EXPECT_EQ(world.number("SELECT count(*) FROM blobs"), 2999);
}

TEST_P(StudiesOn, WhatWasDestroyedCanComeAgainAsANewStudy) {
  IngestWorld world(GetParam());
  const auto files = instances(1);
  const Received first = world.receive(files[0]);
  EXPECT_EQ(destroy(world, first.study_id), std::nullopt);
  const Received second = world.receive(files[0]);  // before the bytes were removed
  EXPECT_EQ(second.kind, Received::Kind::stored);
  EXPECT_NE(second.study_id, first.study_id);
  EXPECT_EQ(remove_unreferenced_content(*world.database, world.content), 0);
  EXPECT_EQ(naru::test::slurp(world.content.path_of(world.query("SELECT sha256 FROM blobs").at(0).text(0))), files[0]);
}

TEST_P(StudiesOn, AStudyOfAnotherIsNotFound) {
  IngestWorld world(GetParam());
  const Received received = world.receive(instances(1)[0]);
  EXPECT_EQ(destroy(world, received.study_id, "org-b"), ErrorCode::not_found);
  EXPECT_EQ(destroy(world, "study-none"), ErrorCode::not_found);
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 1);
}

TEST_P(StudiesOn, AStudyThatAJobWorksOnIsNotDestroyed) {
  IngestWorld world(GetParam());
  const Received received = world.receive(instances(1)[0]);
  add_job(world, received.study_id, "RUNNING");
  EXPECT_EQ(destroy(world, received.study_id), ErrorCode::conflict);
  in_transaction(*world.database, Access::write,
                 [](Transaction& t) { t.execute("UPDATE jobs SET state = 'COMPLETE'"); });
  EXPECT_EQ(destroy(world, received.study_id), std::nullopt);
}

TEST_P(StudiesOn, RetentionDestroysWhatWasClosedLongAgo) {
  IngestWorld world(GetParam());
  world.receive(instances(1)[0]);
  close_quiet_studies(*world.database, world.ledger, world.clock, 0);
  constexpr std::int64_t kDay_ms = 86'400'000;
  world.clock.advance(30 * kDay_ms - 1);
  EXPECT_EQ(destroy_expired_studies(*world.database, world.ledger, world.clock, 30), 0);
  world.clock.advance(1);
  EXPECT_EQ(destroy_expired_studies(*world.database, world.ledger, world.clock, 30), 1);
}

TEST_P(StudiesOn, FilesWithoutARowAreRemovedAndOthersAreNot) {
  IngestWorld world(GetParam());
  const auto files = instances(2);
  world.receive(files[0]);
  {
    StagedFile left = world.staged(files[1]);
    left.sync();
    StagedFile* const one[] = {&left};
    const auto hold = world.content.keep(one);
    EXPECT_EQ(remove_unrecorded_content(*world.database, world.content), 0) << "its row may come yet";
  }
  EXPECT_EQ(remove_unrecorded_content(*world.database, world.content), 1);
  EXPECT_EQ(naru::test::slurp(world.content.path_of(world.query("SELECT sha256 FROM blobs").at(0).text(0))), files[0]);
}

}  // namespace
}  // namespace naru::server
