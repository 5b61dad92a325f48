#include "server/ledger_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/delivery/amendments.h"
#include "tests/server/delivery/delivery_world.h"

namespace naru::server::test {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

class LedgerComparison : public testing::TestWithParam<DatabaseCase> {
 protected:
  LedgerComparison() {
    world_.receive({"a", "b"});
    world_.close();
    grant_ = world_.grant(world_.proposal());
    world_.publish(grant_);
  }
  /// "CODE OBJECT FIELD" each.
  std::vector<std::string> found() {
    std::vector<std::string> lines;
    for (const FsckProblem& problem : differences_from_ledger(world_.server.services)) {
      lines.push_back(std::string(problem.code) + ' ' + problem.object + ' ' + problem.what);
    }
    return lines;
  }
  void change(const std::string& sql) {
    world_.write([&](Transaction& t) { ASSERT_GT(t.execute(sql), 0) << sql; });
  }

  DeliveryWorld world_{GetParam()};
  Grant grant_;
};
NARU_FOR_EACH_DATABASE(LedgerComparison);

TEST_P(LedgerComparison, FindsNothingWhereTheServerMadeEveryChange) {
  EXPECT_THAT(found(), IsEmpty());
  Services& services = world_.server.services;
  world_.receive({"c"});
  world_.close();
  world_.write([&](Transaction& t) {
    const auto amendment =
        propose_amendment(services, t, world_.steward, grant_, {std::nullopt, grant_.expires_ms + 5, true});
    approve_amendment(services, t, world_.reviewer, grant_, amendment);
    reject_amendment(services, t, world_.steward, grant_,
                     propose_amendment(services, t, world_.steward, world_.now_in(t, grant_),
                                       {std::nullopt, grant_.expires_ms + 9, false}));
    propose_grant(services, t, world_.steward, world_.proposal());
  });
  EXPECT_THAT(found(), IsEmpty());
  world_.write([&](Transaction& t) {
    destroy_dataset(services, t, find_dataset(t, "dataset-1").value(), world_.steward.user_id);
    revoke_grant(services, t, world_.reviewer, grant_);
  });
  EXPECT_THAT(found(), IsEmpty());
}

TEST_P(LedgerComparison, FindsEveryChangeByHandOfAGrant) {
  const std::string other = world_.server.operator_id, user = world_.engineer.user_id;
  const struct {
    std::string set, field;
  } changes[] = {{"recipient_id = '" + other + "'", "recipient"},
                 {"organisation_id = '" + other + "'", "organisation_id"},
                 {"purpose = 'x'", "purpose_sha256"},
                 {"decision = 'x'", "decision_sha256"},
                 {"recipe = 'mr-1mm'", "recipe_sha256"},
                 {"kind = 'deidentify'", "kind"},
                 {"mode = 'safe_zone'", "mode"},
                 {"state = 'revoked'", "state"},
                 {"quota_bytes = 77", "quota_bytes"},
                 {"created_ms = created_ms - 1", "created_ms"},
                 {"created_by = '" + user + "'", "created_by"},
                 {"approved_ms = approved_ms - 1", "approved_ms"},
                 {"approved_by = '" + user + "'", "approved_by"},
                 {"revoked_ms = 1", "revoked_ms"},
                 {"expires_ms = expires_ms + 1", "expires_ms"},
                 {"key_id = 'x'", "key"},
                 {"key_sealed = 'x'", "key_sealed"}};
  for (const auto& [set, field] : changes) {
    const Rows before = world_.write([&](Transaction& t) {
      return t.query(
          "SELECT recipient_id, organisation_id, purpose, decision, recipe, kind, mode, state, created_by, "
          "approved_by, key_id, key_sealed, quota_bytes, created_ms, approved_ms, expires_ms FROM grants");
    });
    change("UPDATE grants SET " + set);
    EXPECT_THAT(found(), Contains("grant_unlike_ledger " + grant_.id + ' ' + field)) << set;
    const Row& row = before.at(0);
    world_.write([&](Transaction& t) {
      t.execute(
          "UPDATE grants SET recipient_id = $1, organisation_id = $2, purpose = $3, decision = $4, recipe = $5, kind = "
          "$6, mode = $7, state = $8, created_by = $9, approved_by = $10, key_id = $11, key_sealed = $12, quota_bytes "
          "= $13, created_ms = $14, approved_ms = $15, expires_ms = $16, revoked_ms = NULL",
          {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6), row.text(7),
           row.text(8), row.text(9), row.text(10), row.text(11), row.integer(12), row.integer(13), row.integer(14),
           row.integer(15)});
    });
    EXPECT_THAT(found(), IsEmpty()) << set;
  }
}

TEST_P(LedgerComparison, FindsEveryChangeByHandOfWhatAGrantCovers) {
  const std::string cohort = "grant_unlike_ledger " + grant_.id + " cohort_sha256";
  world_.receive({"c"});
  change("UPDATE grant_studies SET instance_count = 3");
  EXPECT_THAT(found(), Contains(cohort));
  EXPECT_THAT(found(), Contains("study_unlike_grant study-1 instances"));
  change("UPDATE grant_studies SET instance_count = 2");
  EXPECT_THAT(found(), IsEmpty());
  change("UPDATE instances SET number = 4 - number WHERE number <> 2");
  EXPECT_THAT(found(), Contains("study_unlike_grant study-1 instances"))
      << "a later one in the place of an earlier one";
  change("UPDATE instances SET number = 4 - number WHERE number <> 2");
  change("UPDATE studies SET state = 'destroyed'");
  EXPECT_THAT(found(), Contains("study_unlike_ledger study-1 state"));
  change("DELETE FROM grant_studies");
  EXPECT_THAT(found(), Contains(cohort));
}

TEST_P(LedgerComparison, FindsAChangedAmendment) {
  const std::string id = world_.write([&](Transaction& t) {
    return propose_amendment(world_.server.services, t, world_.steward, grant_,
                             {std::nullopt, grant_.expires_ms + 5, false})
        .id;
  });
  EXPECT_THAT(found(), IsEmpty());
  change("UPDATE grant_amendments SET expires_ms = expires_ms + 1");
  EXPECT_THAT(found(), Contains("amendment_unlike_ledger " + id + " expires_ms"));
  change("INSERT INTO amendment_studies (amendment_id, study_id, instance_count, instances_sha256) VALUES ('" + id +
         "', 'study-1', 9, 'x')");
  EXPECT_THAT(found(), Contains("amendment_unlike_ledger " + id + " cohort_sha256"));
}

TEST_P(LedgerComparison, FindsEveryChangeByHandOfADataset) {
  const std::string dataset = "dataset_unlike_ledger dataset-1 ";
  change("UPDATE dataset_files SET sha256 = 'x' WHERE path = 'images/1.nii.gz'");
  EXPECT_THAT(found(), Contains(dataset + "files_sha256"));
  change("UPDATE datasets SET grant_id = NULL, sha256 = 'x', state = 'destroyed'");
  for (const char* field : {"grant", "sha256", "state"}) EXPECT_THAT(found(), Contains(dataset + field));
  change("DELETE FROM dataset_files");
  change("DELETE FROM datasets");
  EXPECT_THAT(found(), Contains(dataset + "row"));
}

TEST_P(LedgerComparison, FindsRolesAndGrantsThatNobodyGave) {
  change("UPDATE users SET roles = 'hospital_steward reviewer' WHERE id = '" + world_.steward.user_id + "'");
  EXPECT_THAT(found(), Contains("user_unlike_ledger " + world_.steward.user_id + " roles"));
  change(
      "INSERT INTO grants (id, organisation_id, recipient_id, purpose, decision, recipe, mode, state, quota_bytes, "
      "used_bytes, created_ms, created_by, expires_ms, key_sealed, key_id) SELECT 'grant-x', organisation_id, "
      "recipient_id, purpose, decision, recipe, mode, state, quota_bytes, used_bytes, created_ms, created_by, "
      "expires_ms, key_sealed, key_id FROM grants");
  EXPECT_THAT(found(), Contains("grant_unlike_ledger grant-x row"));
}

TEST_P(LedgerComparison, FindsAQuotaThatWasSetBack) {
  const auto transfer = world_.server.transfers.begin(
      world_.server.services, world_.access(world_.engineer, "dataset-1"), "dataset-1.x", 0, 100);
  transfer->finished(100, true);
  EXPECT_THAT(found(), IsEmpty());
  change("UPDATE grants SET used_bytes = 0");
  EXPECT_THAT(found(), Contains("grant_unlike_ledger " + grant_.id + " used_bytes"));
}

TEST_P(LedgerComparison, FindsEveryChangeByHandOfADownload) {
  const auto download = [&](const Caller& caller) {
    world_.server.transfers.begin(world_.server.services, world_.access(caller, "dataset-1"), "dataset-1.x", 7, 100)
        ->finished(50, false);
  };
  download(world_.engineer);
  download(world_.steward);
  const auto open = world_.server.transfers.begin(world_.server.services, world_.access(world_.engineer, "dataset-1"),
                                                  "dataset-1.x", 0, 1);
  EXPECT_THAT(found(), IsEmpty()) << "also of one that is under way";
  open->finished(1, true);
  const Rows rows = world_.write([](Transaction& t) {
    return t.query("SELECT id FROM deliveries WHERE grant_id IS NOT NULL AND first_byte = 7");
  });
  const std::string id = rows.at(0).text(0), line = "delivery_unlike_ledger " + id + " row";
  const std::pair<std::string, std::string> changes[] = {
      {"user_id = '" + world_.steward.user_id + "'", "user_id = '" + world_.engineer.user_id + "'"},
      {"object_id = 'dataset-1.y'", "object_id = 'dataset-1.x'"},
      {"first_byte = 8", "first_byte = 7"},
      {"sent_bytes = 49", "sent_bytes = 50"},
      {"outcome = 'complete'", "outcome = 'broken_off'"},
      {"grant_id = NULL", "grant_id = '" + grant_.id + "'"},
      {"outcome = 'running'", "outcome = 'broken_off'"}};
  for (const auto& [changed, right] : changes) {
    change("UPDATE deliveries SET " + changed + " WHERE id = '" + id + "'");
    EXPECT_THAT(found(), Contains(line)) << changed;
    change("UPDATE deliveries SET " + right + " WHERE id = '" + id + "'");
    EXPECT_THAT(found(), IsEmpty()) << right;
  }
  change("DELETE FROM deliveries WHERE id = '" + id + "'");
  EXPECT_THAT(found(), Contains(line));
}

}  // namespace
}  // namespace naru::server::test
