/// A database with organisations, people and studies, for tests of jobs.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/audit/key_store.h"
#include "server/audit/ledger.h"
#include "server/jobs/cohort.h"
#include "server/jobs/job_claims.h"
#include "server/jobs/job_queue.h"
#include "server/store/database.h"
#include "tests/server/support/databases.h"
#include "tests/server/support/fake_clock.h"
#include "tests/support/temp_folder.h"

namespace naru::server::test {

struct JobWorld {
  template <class Work>
  auto write(Work&& work) {
    return in_transaction(*database, Access::write, std::forward<Work>(work));
  }

  explicit JobWorld(const DatabaseCase& engine, JobLimits given = default_limits())
      : limits(std::move(given)), database(engine.make()) {
    for (const std::string organisation : {"org-a", "org-b", "org-c"}) {
      write([&](Transaction& transaction) {
        transaction.execute("INSERT INTO organisations (id, name, kind, created_ms) VALUES ($1, $2, 'hospital', 0)",
                            {organisation, organisation});
        transaction.execute(
            "INSERT INTO users (id, organisation_id, login, roles, created_ms, failed_count, "
            "locked_until_ms) VALUES ($1, $2, $3, 'hospital_steward', 0, 0, 0)",
            {"user-" + organisation, organisation, organisation});
      });
      add_study("study-" + organisation, organisation);
    }
  }

  static JobLimits default_limits() {
    return {.max_queued_per_organisation = 1000,
            .max_attempts = 3,
            .memory_bytes = 100,
            .total_memory_bytes = 400,
            .device = "cpu"};
  }

  void add_study(const std::string& id, const std::string& organisation, const std::string& state = "closed") {
    write([&](Transaction& transaction) {
      transaction.execute(
          "INSERT INTO studies (id, organisation_id, study_uid, state, instance_count, size_bytes, modalities, "
          "created_ms, received_ms) VALUES ($1, $2, $3, $4, 0, 0, 'CT', 0, 0)",
          {id, organisation, "2.999." + id, state});
    });
  }

  void add_instance(const std::string& study, const std::string& sha256) {
    write([&](Transaction& transaction) {
      transaction.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ($1, 1, 0)", {sha256});
      transaction.execute(
          "INSERT INTO instances (study_id, sop_instance_uid, sha256, series_uid, sop_class_uid, transfer_syntax_uid, "
          "modality, source, received_ms, number) VALUES ($1, $2, $3, '2.999.1', '2.999.2', '2.999.3', 'CT', 'upload', "
          "0, (SELECT COUNT(*) + 1 FROM instances WHERE study_id = $1))",
          {study, "2.999." + sha256, sha256});
    });
  }

  /// An active grant of org-a over a study as it is now.
  void add_grant(const std::string& id, const std::string& study) {
    write([&](Transaction& t) {
      t.execute(
          "INSERT INTO grants (id, organisation_id, recipient_id, purpose, decision, recipe, mode, state, quota_bytes, "
          "used_bytes, created_ms, created_by, expires_ms, key_sealed, key_id) VALUES ($1, 'org-a', 'org-c', "
          "'research', 'DRB-1', '', 'download', 'active', 0, 0, 0, 'user-org-a', $2, $3, 'k')",
          {id, clock.now_ms() + 1'000'000, keys.seal("grant-key", std::string(32, 'k'))});
      const StudyCohort cohort = cohort_now(t, "org-a", study);
      t.execute(
          "INSERT INTO grant_studies (grant_id, study_id, instance_count, instances_sha256) VALUES ($1, $2, $3, $4)",
          {id, study, cohort.instance_count, cohort.instances_sha256});
    });
  }

  Caller steward(const std::string& organisation) const {
    return {.user_id = "user-" + organisation,
            .organisation_id = organisation,
            .roles = {Role::hospital_steward},
            .scopes = ~0U,
            .is_session = false};
  }

  JobRequest request(const std::string& organisation) const {
    return {.kind = "prepare",
            .name = "set",
            .recipe = "",
            .study_ids = {"study-" + organisation},
            .grant_id = {},
            .priority = 0};
  }

  JobRow submit(const std::string& organisation, std::int64_t priority = 0) {
    clock.advance(1);  // so that ages differ
    JobRequest wanted = request(organisation);
    wanted.priority = priority;
    return write([&](Transaction& transaction) { return queue.submit(transaction, steward(organisation), wanted); });
  }

  JobRow job(const std::string& id) {
    return write([&](Transaction& transaction) { return read_job(transaction, id, false).value(); });
  }

  JobRow job_in(Transaction& transaction, const std::string& id) { return read_job(transaction, id, false).value(); }

  std::int64_t number(const std::string& sql) {
    return write([&](Transaction& transaction) { return transaction.query(sql).front().integer(0); });
  }

  JobClaims claims(const std::string& owner) {
    return {*database, ledger, clock, limits, std::chrono::milliseconds(30'000), owner};
  }

  JobLimits limits;
  naru::test::TempFolder folder;
  FakeClock clock;
  std::unique_ptr<Database> database;
  KeyStore keys{folder / "master.key", true};
  Ledger ledger{*database, keys, clock, "test.example/log"};
  JobQueue queue{ledger, clock, limits};
};

inline Lease lease_of(const JobRow& job) { return {job.id, job.fence}; }
inline constexpr Room kRoom{1'000'000, true};

}  // namespace naru::server::test
