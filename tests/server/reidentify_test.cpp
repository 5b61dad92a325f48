#include "server/reidentify.h"

#include <gmock/gmock.h>

#include <sstream>

#include "core/digest.h"
#include "server/auth/secrets.h"
#include "server/jobs/job_grant.h"
#include "server/jobs/job_row.h"
#include "tests/server/delivery/delivery_world.h"
#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kPseudonymOfOne = "patient-00000000000000aa";
const std::string kLinkRows =
    R"({"schema":"naru.link/1","patient":"patient-00000000000000aa","patient_id":"SECRET-1"})"
    "\n"
    R"({"schema":"naru.link/1","patient":"patient-00000000000000bb","patient_id":"SECRET-2"})"
    "\n";

/// "job-1" under a grant, with a report that its key sealed.
class ReidentifyJob : public testing::TestWithParam<DatabaseCase> {
 protected:
  ReidentifyJob() {
    const Grant grant = world_.grant(world_.proposal());
    world_.publish(grant);
    world_.write([&](Transaction& t) { t.execute("UPDATE jobs SET grant_id = $1", {grant.id}); });
    seal(kLinkRows);
    naru::test::spill(report_ / "record.json", R"({"schema":"naru.record/1","purpose":"p"})");
    steward_ = world_.server.add_user(world_.server.hospital_id, "kim", {Role::hospital_steward, Role::reviewer});
    reviewer_ = world_.server.add_user(world_.server.hospital_id, "lee", {Role::reviewer});
    asked_ = {"job-1", "", "", "IRB 2026-12: call back", {kPseudonymOfOne}};
    make_tokens();
  }
  void make_tokens() {
    asked_.steward_token = world_.server.token_of(steward_);
    asked_.reviewer_token = world_.server.token_of(reviewer_);
  }
  void seal(const std::string& rows) {
    std::filesystem::create_directories(report_);
    const auto sealed = world_.write([&](Transaction& t) {
      const JobRow job = read_job(t, "job-1", false).value();
      return ProjectKey::from_hex(job_key(t, world_.server.keys, job, 0)).seal(rows);
    });
    naru::test::spill(report_ / "link.sealed", {reinterpret_cast<const char*>(sealed.data()), sealed.size()});
  }
  Reidentified reidentify() { return reidentify_job(world_.server.services, asked_); }
  std::optional<ErrorCode> refusal() {
    return code_if_thrown([&] { reidentify(); });
  }
  std::string record() const { return naru::test::slurp(report_ / "record.json"); }
  json last_leaf() {
    const auto kinds = world_.server.ledger_kinds();
    return json::parse(world_.server.ledger.leaves(kinds.size() - 1, 1).at(0));
  }

  DeliveryWorld world_{GetParam()};
  std::string steward_, reviewer_;
  JobReidentification asked_;
  const std::filesystem::path report_ = world_.server.config.data / "reports/job-1";
};
NARU_FOR_EACH_DATABASE(ReidentifyJob);

TEST_P(ReidentifyJob, LeadsBackAndSaysSoInLedgerAndRecord) {
  const Reidentified found = reidentify();
  ASSERT_EQ(found.rows.size(), 1U);
  EXPECT_EQ(found.rows[0].at("patient_id"), "SECRET-1");
  const json leaf = last_leaf();
  EXPECT_EQ(leaf["kind"], "job.reidentified");
  EXPECT_EQ(leaf["actor"], steward_);
  EXPECT_EQ(leaf["organisation_id"], world_.server.hospital_id);
  EXPECT_EQ(leaf["object_id"], "job-1");
  EXPECT_EQ(leaf["detail"]["approved_by"], reviewer_);
  EXPECT_EQ(leaf["detail"]["row_count"], 1);
  EXPECT_EQ(leaf["detail"]["key_id"], found.key_id);
  EXPECT_THAT(leaf.dump(), Not(HasSubstr("SECRET")));
  const json act = json::parse(record()).at("reidentifications").at(0);
  EXPECT_EQ(act["reason"], "IRB 2026-12: call back");
  EXPECT_EQ(act["asked_by"], steward_);
  EXPECT_EQ(act["approved_by"], reviewer_);
  EXPECT_EQ(act["pseudonyms"], json::array({kPseudonymOfOne}));
  EXPECT_EQ(act["leaf"], leaf["number"]);
  EXPECT_EQ(json::parse(record()).at("purpose"), "p");
  asked_.pseudonyms = {};
  make_tokens();
  EXPECT_EQ(reidentify().rows.size(), 2U);
  EXPECT_EQ(json::parse(record()).at("reidentifications").size(), 2U);
  EXPECT_THAT(record(), Not(HasSubstr("SECRET")));
}

TEST_P(ReidentifyJob, TakesTwoPersonsOfTheHospital) {
  const JobReidentification right = asked_;
  const std::string narrow = world_.server.token_of(reviewer_, 1U << static_cast<unsigned>(Scope::read));
  const std::string another = world_.server.add_organisation("Another", OrganisationKind::hospital);
  const std::string kim = world_.server.token_of(world_.server.add_user(another, "kim2", {Role::hospital_steward}));
  const std::string lee = world_.server.token_of(world_.server.add_user(another, "lee2", {Role::reviewer}));
  const std::size_t leaves = world_.server.ledger_kinds().size();
  const auto refused_with = [&](std::string steward, std::string reviewer) {
    asked_.steward_token = std::move(steward);
    asked_.reviewer_token = std::move(reviewer);
    return refusal();
  };
  EXPECT_EQ(refused_with(right.steward_token, right.steward_token), ErrorCode::forbidden) << "one person, both roles";
  EXPECT_EQ(refused_with(right.reviewer_token, right.reviewer_token), ErrorCode::forbidden) << "no steward";
  EXPECT_EQ(refused_with("", right.reviewer_token), ErrorCode::unauthenticated);
  EXPECT_EQ(refused_with(right.steward_token, "naru_nobody"), ErrorCode::unauthenticated);
  EXPECT_EQ(refused_with(right.steward_token, narrow), ErrorCode::forbidden);
  EXPECT_EQ(refused_with(kim, lee), ErrorCode::not_found);
  EXPECT_EQ(refused_with(kim, right.reviewer_token), ErrorCode::not_found);
  EXPECT_EQ(refused_with(right.steward_token, lee), ErrorCode::not_found);
  EXPECT_EQ(world_.server.ledger_kinds().size(), leaves) << "nothing was done";
  EXPECT_THAT(record(), Not(HasSubstr("reidentifications")));
}

TEST_P(ReidentifyJob, SaysWhatFailed) {
  const auto other = ProjectKey::random().seal(kLinkRows);
  naru::test::spill(report_ / "link.sealed", {reinterpret_cast<const char*>(other.data()), other.size()});
  EXPECT_EQ(refusal(), ErrorCode::key_invalid);
  EXPECT_EQ(last_leaf()["kind"], "job.reidentification_failed");
  EXPECT_EQ(last_leaf()["detail"]["error"], "key_invalid");
  EXPECT_EQ(json::parse(record()).at("reidentifications").at(0).at("error"), "key_invalid");
  EXPECT_EQ(refusal(), ErrorCode::unauthenticated) << "a failure ends the tokens, too";
  std::filesystem::remove(report_ / "link.sealed");
  make_tokens();
  EXPECT_EQ(refusal(), ErrorCode::input_missing);
}

TEST_P(ReidentifyJob, TellsNothingThatIsNotWrittenDown) {
  std::filesystem::remove(report_ / "record.json");
  EXPECT_EQ(refusal(), ErrorCode::input_missing);
  EXPECT_EQ(last_leaf()["kind"], "job.reidentified") << "the ledger knows that it was tried";
}

TEST_P(ReidentifyJob, TakesNoPatientsNameForAPseudonym) {
  asked_.pseudonyms = {"SMITH^JOHN"};
  EXPECT_EQ(refusal(), ErrorCode::usage);
  asked_.pseudonyms = {};
  asked_.reason = " ";
  EXPECT_EQ(refusal(), ErrorCode::usage);
}

TEST_P(ReidentifyJob, TakesEachTokenOnce) {
  const JobReidentification first = asked_;
  reidentify();
  auto kinds = world_.server.ledger_kinds();
  ASSERT_GE(kinds.size(), 3U);
  kinds.erase(kinds.begin(), kinds.end() - 3);
  EXPECT_THAT(kinds, testing::ElementsAre("token.revoked", "token.revoked", "job.reidentified"));
  EXPECT_EQ(refusal(), ErrorCode::unauthenticated);
  make_tokens();
  asked_.reviewer_token = first.reviewer_token;
  EXPECT_EQ(refusal(), ErrorCode::unauthenticated) << "that of the steward is new";
}

TEST_P(ReidentifyJob, StandsUnderASignedCheckpointBeforeAnybodyIsTold) {
  const auto exported_size = [&] {
    std::istringstream lines(naru::test::slurp(world_.server.config.data / "ledger/checkpoint"));
    std::string origin, size;
    std::getline(std::getline(lines, origin), size);
    return size;
  };
  reidentify();
  EXPECT_EQ(exported_size(), std::to_string(world_.server.ledger_kinds().size()));
  make_tokens();
  std::filesystem::remove(report_ / "record.json");
  EXPECT_EQ(refusal(), ErrorCode::input_missing);
  EXPECT_EQ(exported_size(), std::to_string(world_.server.ledger_kinds().size())) << "also where it failed";
}

TEST_P(ReidentifyJob, HoldsToTheReasonWithoutTellingIt) {
  reidentify();
  const json act = json::parse(record()).at("reidentifications").at(0), leaf = last_leaf();
  EXPECT_EQ(leaf["detail"]["reason_hmac"],
            hmac_sha256(act.at("reason_key").get<std::string>(), act.at("reason").get<std::string>()));
  EXPECT_THAT(leaf.dump(), Not(HasSubstr(sha256_hex(asked_.reason)))) << "a short text is guessed from its hash";
  EXPECT_THAT(leaf.dump(), Not(HasSubstr(act.at("reason_key").get<std::string>())));
}

TEST_P(ReidentifyJob, OpensTheTableOfAJobWithoutAGrantAndMakesNoKeyForIt) {
  world_.write([&](Transaction& t) { t.execute("UPDATE jobs SET grant_id = NULL"); });
  seal(kLinkRows);
  EXPECT_EQ(reidentify().rows.size(), 1U);
  world_.write([&](Transaction& t) { t.execute("DELETE FROM sealed_keys WHERE name LIKE 'project-key/%'"); });
  make_tokens();
  EXPECT_THAT([&] { reidentify(); }, testing::ThrowsMessage<Error>(HasSubstr("no key of job-1")));
  EXPECT_EQ(last_leaf()["detail"]["error"], "key_invalid");
  const auto made = world_.write([&](Transaction& t) {
    return t.query("SELECT COUNT(*) FROM sealed_keys WHERE name LIKE 'project-key/%'").at(0).integer(0);
  });
  EXPECT_EQ(made, 0) << "it would open nothing";
}

}  // namespace
}  // namespace naru::server::test
