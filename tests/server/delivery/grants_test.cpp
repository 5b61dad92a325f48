#include "server/delivery/grants.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "pipeline/deid_dataset.h"
#include "server/jobs/cohort.h"
#include "server/jobs/job_grant.h"
#include "tests/server/delivery/delivery_world.h"
#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

class Grants : public testing::TestWithParam<DatabaseCase> {
 protected:
  std::optional<ErrorCode> propose(const GrantProposal& wanted) {
    return code_if_thrown([&] {
      world_.write([&](Transaction& t) { propose_grant(world_.server.services, t, world_.steward, wanted); });
    });
  }
  DeliveryWorld world_{GetParam()};
};
NARU_FOR_EACH_DATABASE(Grants);

TEST_P(Grants, NeedTwoPersons) {
  const Grant made = world_.write(
      [&](Transaction& t) { return propose_grant(world_.server.services, t, world_.steward, world_.proposal()); });
  EXPECT_EQ(made.state, "proposed");
  EXPECT_EQ(code_if_thrown([&] {
              world_.write([&](Transaction& t) { approve_grant(world_.server.services, t, world_.steward, made); });
            }),
            ErrorCode::forbidden);
  EXPECT_EQ(code_if_thrown([&] { require_active(made, world_.server.clock.now_ms()); }), ErrorCode::grant_ended);
  world_.write([&](Transaction& t) { approve_grant(world_.server.services, t, world_.reviewer, made); });
  EXPECT_EQ(world_.now(made).state, "active");
}

TEST_P(Grants, RefuseWhatCannotBe) {
  const auto with = [&](auto change) {
    GrantProposal wanted = world_.proposal();
    change(wanted);
    return propose(wanted);
  };
  EXPECT_EQ(with([](GrantProposal&) {}), std::nullopt);
  EXPECT_EQ(with([](GrantProposal& p) { p.recipient_id = "org-0"; }), ErrorCode::request_invalid);
  EXPECT_EQ(with([](GrantProposal& p) { p.expires_ms = 1; }), ErrorCode::request_invalid);
  const std::int64_t now_us = world_.server.clock.now_ms() * 1000;
  EXPECT_EQ(with([=](GrantProposal& p) { p.expires_ms = now_us; }), ErrorCode::request_invalid) << "no milliseconds";
  EXPECT_EQ(with([](GrantProposal& p) { p.purpose = " "; }), ErrorCode::request_invalid);
  EXPECT_EQ(with([](GrantProposal& p) { p.decision = ""; }), ErrorCode::request_invalid);
  EXPECT_EQ(with([](GrantProposal& p) { p.mode = "lend"; }), ErrorCode::request_invalid);
  EXPECT_EQ(with([](GrantProposal& p) { p.kind = "copy"; }), ErrorCode::request_invalid);
  const std::string photographs = "schema = \"naru.recipe/1\"\nname = \"r\"\n[select]\nmodality = [\"XC\"]\n";
  EXPECT_EQ(with([&](GrantProposal& p) { p.recipe = photographs; }), ErrorCode::recipe_invalid);
  EXPECT_EQ(with([&](GrantProposal& p) { p.kind = "deidentify", p.recipe = photographs; }), std::nullopt);
  EXPECT_EQ(with([](GrantProposal& p) { p.study_ids.clear(); }), ErrorCode::request_invalid);
  EXPECT_EQ(with([](GrantProposal& p) { p.study_ids = {"study-2"}; }), ErrorCode::not_found);
  EXPECT_EQ(with([](GrantProposal& p) { p.recipe = "/etc/passwd"; }), ErrorCode::recipe_invalid);
}

TEST_P(Grants, CoverWhatTheirStudiesHoldWhenTheyAreProposed) {
  world_.receive({"a", "b"});
  EXPECT_EQ(propose(world_.proposal()), ErrorCode::conflict) << "more may come";
  world_.close();
  const Grant grant = world_.grant(world_.proposal());
  world_.receive({"c"});
  const auto cohort = world_.write([&](Transaction& t) { return cohort_of_grant(t, grant.id); });
  ASSERT_EQ(cohort.size(), 1U);
  EXPECT_EQ(cohort[0].instance_count, 2);
  // printf '%s\n' "$(printf a | sha256sum | cut -c-64)" "$(printf b | sha256sum | cut -c-64)" | sort | sha256sum
  EXPECT_EQ(cohort[0].instances_sha256, "e31b611bfa25cad7df113c6721feec788606f694069ced6d3d3f738a89d14e2a");
  TestServer& server = world_.server;
  const std::string path = "/api/v1/grants/" + grant.id;
  const auto own = json_of(server.ask(Method::get, path, server.token_of(world_.reviewer.user_id)));
  EXPECT_EQ(own["instance_count"], 2);
  EXPECT_EQ(own["arrived_later_count"], 1);
  const auto others = json_of(server.ask(Method::get, path, server.token_of(world_.engineer.user_id)));
  EXPECT_EQ(others["cohort_sha256"], own["cohort_sha256"]);
  EXPECT_FALSE(others.contains("arrived_later_count"));
}

TEST_P(Grants, FromBeforeCohortsGetTheirHashesAtTheStart) {
  world_.receive({"a", "b"});
  world_.close();
  const Grant grant = world_.grant(world_.proposal());
  const auto cohort = [&] { return world_.write([&](Transaction& t) { return cohort_of_grant(t, grant.id); }); };
  const auto before = cohort();
  world_.write([](Transaction& t) { t.execute("UPDATE grant_studies SET instances_sha256 = ''"); });
  world_.receive({"c"});
  bind_cohorts(world_.server.services);
  EXPECT_EQ(cohort(), before);
  bind_cohorts(world_.server.services);
  EXPECT_EQ(std::ranges::count(world_.server.ledger_kinds(), "grant.cohort_bound"), 1);
}

TEST_P(Grants, EachHasAKeyOfItsOwn) {
  const Grant first = world_.grant(world_.proposal()), second = world_.grant(world_.proposal());
  EXPECT_NE(first.key_id, second.key_id);
  EXPECT_NE(first.key_sealed, second.key_sealed);
}

TEST_P(Grants, EndOnceByRevocationAndByTheirDate) {
  const Grant grant = world_.grant(world_.proposal());
  EXPECT_EQ(code_if_thrown([&] { require_active(grant, grant.expires_ms - 1); }), std::nullopt);
  EXPECT_EQ(code_if_thrown([&] { require_active(grant, grant.expires_ms); }), ErrorCode::grant_ended);
  const auto revoke = [&] {
    world_.write([&](Transaction& t) { revoke_grant(world_.server.services, t, world_.reviewer, grant); });
  };
  revoke();
  EXPECT_EQ(code_if_thrown([&] { require_active(world_.now(grant), 0); }), ErrorCode::grant_ended);
  EXPECT_EQ(code_if_thrown(revoke), ErrorCode::conflict);
}

TEST_P(Grants, TellTheRecordOfAJobWhatTheLawAsksFor) {
  const Grant grant = world_.grant(world_.proposal());
  JobRow job;
  job.grant_id = grant.id;
  const JobRecord record = world_.write([&](Transaction& t) { return job_record_of(t, job); });
  EXPECT_EQ(record.purpose, "DUO:0000042");
  EXPECT_EQ(record.recipient, world_.server.company_id);
  EXPECT_EQ(record.decision_number, "DRB-2026-012");
  EXPECT_EQ(record.reviewer, world_.reviewer.user_id);
  EXPECT_EQ(record.period, "2026-01-01 to 2026-01-01");
}

TEST_P(Grants, TheRecordOutlivesTheDatasetAndSaysWhenItWasDestroyed) {
  const std::string id = world_.publish(world_.grant(world_.proposal()));
  const auto file = world_.server.config.data / "reports/job-1/record.json";
  std::filesystem::create_directories(file.parent_path());
  write_file(file, R"({"schema":"naru.record/1","purpose":"p","destruction_date":null})");
  world_.write([&](Transaction& t) {
    destroy_dataset(world_.server.services, t, find_dataset(t, id).value(), world_.steward.user_id);
  });
  EXPECT_FALSE(std::filesystem::exists(dataset_folder(world_.server.services, id)));
  const auto record = nlohmann::json::parse(read_file(file, 10000).value_or(""));
  EXPECT_EQ(record["purpose"], "p");
  EXPECT_EQ(record["destruction_date"], "2026-01-01");
  EXPECT_EQ(record["keep_until"], "2029-01-01");
}

TEST_P(Grants, AreSeenByTheRecipientOnceApprovedAndByNobodyElse) {
  const auto sees = [&](const Caller& caller, const Grant& grant) {
    return world_.write([&](Transaction& t) { return find_grant(t, caller, grant.id).has_value(); });
  };
  const Grant proposed = world_.write(
      [&](Transaction& t) { return propose_grant(world_.server.services, t, world_.steward, world_.proposal()); });
  EXPECT_FALSE(sees(world_.engineer, proposed));
  world_.write([&](Transaction& t) { approve_grant(world_.server.services, t, world_.reviewer, proposed); });
  EXPECT_TRUE(sees(world_.engineer, proposed));
  Caller stranger = world_.engineer;
  stranger.organisation_id = world_.server.operator_id;
  EXPECT_FALSE(sees(stranger, proposed));
}

TEST_P(Grants, ThatWereWithdrawnBeforeTheyWereApprovedAreNotSeenByTheRecipient) {
  const Grant granted = world_.grant(world_.proposal());
  world_.write([&](Transaction& t) {
    const Grant withdrawn = propose_grant(world_.server.services, t, world_.steward, world_.proposal());
    revoke_grant(world_.server.services, t, world_.steward, withdrawn);
    revoke_grant(world_.server.services, t, world_.steward, granted);
    EXPECT_FALSE(find_grant(t, world_.engineer, withdrawn.id));
    const auto seen = list_grants(t, world_.engineer, "", 10);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen.front().id, granted.id) << "what was granted and ended stays";
    EXPECT_EQ(list_grants(t, world_.steward, "", 10).size(), 2U);
  });
}

TEST_P(Grants, ThatCanNoLongerBeUsedAreNotApproved) {
  const auto propose_one = [&] {
    return world_.write(
        [&](Transaction& t) { return propose_grant(world_.server.services, t, world_.steward, world_.proposal()); });
  };
  const auto approve = [&](const Grant& grant) {
    return code_if_thrown([&] {
      world_.write([&](Transaction& t) { approve_grant(world_.server.services, t, world_.reviewer, grant); });
    });
  };
  const Grant late = propose_one();
  world_.server.clock.set(late.expires_ms);
  EXPECT_EQ(approve(late), ErrorCode::grant_ended);
  EXPECT_EQ(world_.now(late).state, "proposed");
  const Grant of_disabled = propose_one();
  const auto set_disabled = [&](bool is_disabled) {
    Caller operator_;
    operator_.organisation_id = world_.server.operator_id;
    operator_.user_id = "user-operator";
    world_.server.auth.accounts.set_organisation_disabled(operator_, world_.server.company_id, is_disabled);
  };
  set_disabled(true);
  EXPECT_EQ(approve(of_disabled), ErrorCode::conflict);
  set_disabled(false);
  EXPECT_EQ(approve(of_disabled), std::nullopt);
}

TEST_P(Grants, TellTheRecipientOfTheRecipeButForItsWordsAndComments) {
  GrantProposal wanted = world_.proposal();
  wanted.recipe =
      "schema = \"naru.recipe/1\"\nname = \"site\"\n[deidentify]\noptions = [\"clean-descriptors\"]\n"
      "remove_words = [\"Zonnebloem\"]  # of Dr. Hargreaves\nkeep_words = [\"Gated\"]\n[resample]\n"
      "spacing_mm = [2.0, 2.0, 2.0]\n";
  const Grant made = world_.grant(wanted);
  EXPECT_EQ(to_json(made, world_.steward)["recipe"], wanted.recipe);
  EXPECT_EQ(to_json(made, world_.reviewer)["recipe"], wanted.recipe);
  const Grant seen = world_.write([&](Transaction& t) { return find_grant(t, world_.engineer, made.id).value(); });
  const std::string told = to_json(seen, world_.engineer)["recipe"];
  for (const char* hidden : {"Zonnebloem", "Gated", "Hargreaves"}) EXPECT_EQ(told.find(hidden), std::string::npos);
  EXPECT_EQ(recipe_sha256(parse_recipe(told, "told")), recipe_sha256(deliverable(parse_recipe(wanted.recipe, "own"))));
  EXPECT_EQ(to_json(world_.grant(world_.proposal()), world_.engineer)["recipe"], "ct-1mm");
}

}  // namespace
}  // namespace naru::server::test
