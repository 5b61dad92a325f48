#include "server/jobs/job_queue.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/error.h"
#include "server/audit/ledger_leaf.h"
#include "server/jobs/job_grant.h"
#include "tests/server/jobs/job_world.h"

namespace naru::server {
namespace {

using test::JobWorld;
using test::kRoom;
using test::lease_of;

class JobQueueTest : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  /// The code of the error that `work` ends in; empty where it ends in none.
  std::string code_of(const std::function<void(Transaction&)>& work) {
    try {
      world_.write(work);
    } catch (const Error& error) {
      return std::string(name(error.code()));
    }
    return "";
  }
  std::string code_of_submit(const JobRequest& request, const std::string& organisation = "org-a") {
    return code_of(
        [&](Transaction& transaction) { world_.queue.submit(transaction, world_.steward(organisation), request); });
  }
  void add_grant(const std::string& id, const std::string& recipe, const std::string& state, std::int64_t expires_ms) {
    world_.write([&](Transaction& transaction) {
      transaction.execute(
          "INSERT INTO grants (id, organisation_id, recipient_id, purpose, decision, recipe, mode, state, quota_bytes, "
          "used_bytes, created_ms, created_by, expires_ms, key_sealed, key_id) VALUES ($1, 'org-a', 'org-c', "
          "'research', "
          "'DRB-1', $2, 'download', $3, 0, 0, 0, 'user-org-a', $4, $5, 'k')",
          {id, recipe, state, expires_ms, world_.keys.seal(kGrantKeyPurpose, std::string(32, 'k'))});
      transaction.execute("INSERT INTO grant_studies (grant_id, study_id) VALUES ($1, 'study-org-a')", {id});
    });
  }
  JobWorld world_{GetParam()};
};
NARU_FOR_EACH_DATABASE(JobQueueTest);

TEST_P(JobQueueTest, OnlyAJobWithAPartForAGpuIsGivenOne) {
  JobLimits limits = JobWorld::default_limits();
  limits.device = "cuda:1";
  JobWorld world{GetParam(), limits};
  const auto device_of = [&](const std::string& kind, const std::string& recipe) {
    JobRequest request = world.request("org-a");
    request.kind = kind;
    request.recipe = recipe;
    return world.write([&](Transaction& t) { return world.queue.submit(t, world.steward("org-a"), request).device; });
  };
  const std::string headers = "schema = \"naru.recipe/1\"\nname = \"r\"\n";
  EXPECT_EQ(device_of("prepare", ""), "cuda:1");
  EXPECT_EQ(device_of("deidentify", ""), "cpu");
  EXPECT_EQ(device_of("deidentify", headers), "cpu");
  EXPECT_EQ(device_of("deidentify", headers + "[pixels]\ntext = \"redact\"\n"), "cuda:1");
}

TEST_P(JobQueueTest, ASubmittedJobIsQueuedWithItsStudiesAnEventAndALeaf) {
  const JobRow made = world_.submit("org-a", 3);
  const JobRow job = world_.job(made.id);
  EXPECT_EQ(job.state, JobState::queued);
  EXPECT_EQ(job.priority, 3);
  EXPECT_EQ(job.organisation_id, "org-a");
  EXPECT_EQ(job.event_count, 1);
  EXPECT_EQ(world_.write([&](Transaction& t) { return study_ids_of(t, job.id); }),
            std::vector<std::string>{"study-org-a"});
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM job_events"), 1);
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM ledger_leaves"), 1);
}

TEST_P(JobQueueTest, BadRequestsAreRefusedWithTheirCodeAndLeaveNothing) {
  world_.add_study("study-open", "org-a", "open");
  world_.add_study("study-gone", "org-a", "destroyed");
  const std::vector<std::pair<std::string, std::function<void(JobRequest&)>>> cases = {
      {"request_invalid", [](JobRequest& r) { r.kind = "train"; }},
      {"request_invalid", [](JobRequest& r) { r.name = "Hong Gildong"; }},
      {"request_invalid", [](JobRequest& r) { r.name = ""; }},
      {"request_invalid", [](JobRequest& r) { r.study_ids.clear(); }},
      {"request_invalid", [](JobRequest& r) { r.priority = 10; }},
      {"request_invalid", [](JobRequest& r) { r.priority = INT64_MIN; }},
      {"request_invalid", [](JobRequest& r) { r.recipe = std::string(70'000, '\n'); }},
      {"recipe_invalid", [](JobRequest& r) { r.recipe = "/etc/passwd"; }},
      {"recipe_invalid", [](JobRequest& r) { r.recipe = "schema = \"naru.recipe/1\"\nname = \"a\"\n[no]\nx = 1\n"; }},
      {"not_found", [](JobRequest& r) { r.study_ids = {"study-nowhere"}; }},
      {"not_found", [](JobRequest& r) { r.study_ids = {"study-org-b"}; }},
      {"conflict",
       [](JobRequest& r) {
         r.study_ids = {"study-org-a", "study-open"};
       }},
      {"conflict", [](JobRequest& r) { r.study_ids = {"study-gone"}; }},
      {"not_found", [](JobRequest& r) { r.grant_id = "grant-nowhere"; }},
  };
  for (const auto& [code, change] : cases) {
    JobRequest request = world_.request("org-a");
    change(request);
    EXPECT_EQ(code_of_submit(request), code);
  }
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM jobs"), 0);
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM ledger_leaves"), 0);
}

TEST_P(JobQueueTest, AGrantLetsPassOnlyItsStudiesItsRecipeAndItsTime) {
  const std::int64_t now = world_.clock.now_ms();
  world_.add_study("study-other", "org-a");
  add_grant("grant-1", "ct-1mm", "active", now + 10'000);
  add_grant("grant-2", "ct-1mm", "proposed", now + 10'000);
  JobRequest request = world_.request("org-a");
  request.recipe = "ct-1mm";
  request.grant_id = "grant-1";
  EXPECT_EQ(code_of_submit(request), "");
  JobRequest other_recipe = request, other_study = request, other_organisation = request, proposed = request;
  other_recipe.recipe = "original-grid";
  EXPECT_EQ(code_of_submit(other_recipe), "forbidden");
  other_study.study_ids.emplace_back("study-other");
  EXPECT_EQ(code_of_submit(other_study), "forbidden");
  other_organisation.study_ids = {"study-org-b"};
  EXPECT_EQ(code_of_submit(other_organisation, "org-b"), "not_found");
  JobRequest dicom = request;
  dicom.kind = "deidentify";
  EXPECT_EQ(code_of_submit(dicom), "forbidden") << "volumes were decided on, not DICOM files";
  world_.write([&](Transaction& t) { t.execute("UPDATE grants SET kind = 'deidentify'", {}); });
  EXPECT_EQ(code_of_submit(dicom), "");
  EXPECT_EQ(code_of_submit(request), "forbidden");
  world_.write([&](Transaction& t) { t.execute("UPDATE grants SET kind = 'prepare'", {}); });
  JobRequest left_out = request;
  left_out.recipe.clear();
  const JobRow job =
      world_.write([&](Transaction& t) { return world_.queue.submit(t, world_.steward("org-a"), left_out); });
  EXPECT_NE(job.recipe.find("ct-1mm"), std::string::npos) << "the grant's";
  proposed.grant_id = "grant-2";
  EXPECT_EQ(code_of_submit(proposed), "grant_ended");
  world_.clock.advance(10'000);
  EXPECT_EQ(code_of_submit(request), "grant_ended");
}

TEST_P(JobQueueTest, TheKeyIsTheGrantsOrElseTheOrganisationsOwn) {
  add_grant("grant-1", "", "active", world_.clock.now_ms() + 10'000);
  JobRow job = world_.submit("org-a");
  const auto key = [&] {
    return world_.write([&](Transaction& t) { return job_key(t, world_.keys, job, world_.clock.now_ms()); });
  };
  const std::string own = key();
  EXPECT_EQ(own.size(), 64U);
  EXPECT_EQ(key(), own);
  job.organisation_id = "org-b";
  EXPECT_NE(key(), own);
  job.grant_id = "grant-1";
  std::string wanted;
  for (int n = 0; n < 32; ++n) wanted += "6b";
  EXPECT_EQ(key(), wanted);
}

TEST_P(JobQueueTest, AnOrganisationCannotFillTheQueue) {
  JobLimits limits = JobWorld::default_limits();
  limits.max_queued_per_organisation = 2;
  const JobQueue queue(world_.ledger, world_.clock, limits);
  const auto submit = [&](const std::string& organisation) {
    return code_of(
        [&](Transaction& t) { queue.submit(t, world_.steward(organisation), world_.request(organisation)); });
  };
  EXPECT_EQ(submit("org-a"), "");
  EXPECT_EQ(submit("org-a"), "");
  EXPECT_EQ(submit("org-a"), "quota_exceeded");
  EXPECT_EQ(submit("org-b"), "");
}

TEST_P(JobQueueTest, AnotherOrganisationsJobDoesNotExist) {
  const JobRow job = world_.submit("org-a");
  const Caller other = world_.steward("org-b");
  EXPECT_EQ(code_of([&](Transaction& t) { world_.queue.get(t, other, job.id); }), "not_found");
  EXPECT_EQ(code_of([&](Transaction& t) { world_.queue.cancel(t, other, job.id); }), "not_found");
  EXPECT_EQ(code_of([&](Transaction& t) { world_.queue.pause(t, other, job.id); }), "not_found");
  EXPECT_EQ(code_of([&](Transaction& t) { world_.queue.resume(t, other, job.id); }), "not_found");
  EXPECT_EQ(code_of([&](Transaction& t) { world_.queue.set_priority(t, other, job.id, 1); }), "not_found");
  EXPECT_TRUE(world_.write([&](Transaction& t) { return world_.queue.list(t, other, {}); }).jobs.empty());
  EXPECT_EQ(world_.job(job.id).state, JobState::queued);
}

TEST_P(JobQueueTest, PagesListEveryJobOnceNewestFirst) {
  std::vector<std::string> wanted;
  for (int n = 0; n < 7; ++n) wanted.insert(wanted.begin(), world_.submit("org-a").id);
  world_.submit("org-b");
  std::vector<std::string> found;
  JobFilter filter{.state = {}, .page_token = "", .count = 3};
  do {
    const JobPage page =
        world_.write([&](Transaction& t) { return world_.queue.list(t, world_.steward("org-a"), filter); });
    EXPECT_LE(page.jobs.size(), 3U);
    for (const JobRow& job : page.jobs) found.push_back(job.id);
    filter.page_token = page.next;
  } while (!filter.page_token.empty());
  EXPECT_EQ(found, wanted);
  for (const char* token : {"nonsense", "7", "7.nonsense", "study-1"}) {
    filter.page_token = token;
    EXPECT_EQ(code_of([&](Transaction& t) { world_.queue.list(t, world_.steward("org-a"), filter); }),
              "request_invalid")
        << token;
  }
}

TEST_P(JobQueueTest, PauseResumeAndCancelMoveAJobThatNobodyWorksOn) {
  const Caller caller = world_.steward("org-a");
  const std::string id = world_.submit("org-a").id;
  const auto pause = [&](Transaction& t) { return world_.queue.pause(t, caller, id); };
  const auto resume = [&](Transaction& t) { return world_.queue.resume(t, caller, id); };
  const auto cancel = [&](Transaction& t) { return world_.queue.cancel(t, caller, id); };
  for (int n = 0; n < 2; ++n) EXPECT_EQ(world_.write(pause).state, JobState::paused);
  for (int n = 0; n < 2; ++n) EXPECT_EQ(world_.write(resume).state, JobState::queued);
  for (int n = 0; n < 2; ++n) EXPECT_EQ(world_.write(cancel).state, JobState::canceled);
  EXPECT_EQ(code_of(pause), "conflict");
  EXPECT_EQ(code_of(resume), "conflict");
  try {
    world_.write(pause);
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the job has ended (CANCELED): it cannot be paused, resumed or canceled any more");
  }
  EXPECT_EQ(world_.number("SELECT COUNT(*) FROM ledger_leaves"), 4) << "created, paused, resumed, canceled";
}

TEST_P(JobQueueTest, AJobThatAWorkerHasIsNotMovedButAskedFor) {
  const Caller caller = world_.steward("org-a");
  const std::string id = world_.submit("org-a").id;
  JobClaims claims = world_.claims("node/1");
  const JobRow claimed = claims.claim(kRoom).value();
  EXPECT_EQ(world_.write([&](Transaction& t) { return world_.queue.pause(t, caller, id); }).state,
            JobState::initializing);
  EXPECT_EQ(claims.heartbeat(lease_of(claimed), {}), JobWish::pause);
  world_.write([&](Transaction& t) { return world_.queue.resume(t, caller, id); });
  EXPECT_EQ(claims.heartbeat(lease_of(claimed), {}), JobWish::none);
  world_.write([&](Transaction& t) { return world_.queue.cancel(t, caller, id); });
  world_.write([&](Transaction& t) { return world_.queue.resume(t, caller, id); });
  EXPECT_EQ(claims.heartbeat(lease_of(claimed), {}), JobWish::cancel) << "given up for good";
  claims.stopped(lease_of(claimed));
  EXPECT_EQ(world_.job(id).state, JobState::canceled);
}

TEST_P(JobQueueTest, AChangedPriorityIsALeafOfTheLedgerByWhoChangedIt) {
  const Caller caller = world_.steward("org-a");
  const JobRow job = world_.submit("org-a");
  for (int n = 0; n < 2; ++n) {
    world_.write([&](Transaction& t) { return world_.queue.set_priority(t, caller, job.id, 7); });
  }
  ASSERT_EQ(world_.number("SELECT COUNT(*) FROM ledger_leaves"), 2) << "created, and changed once";
  const std::string leaf = world_.ledger.leaves(1, 1).at(0);
  EXPECT_EQ(leaf_value(leaf, "kind"), "job.priority_set");
  EXPECT_EQ(leaf_value(leaf, "object_id"), job.id);
  EXPECT_EQ(leaf_value(leaf, "actor"), caller.user_id);
  EXPECT_NE(leaf.find("\"detail\":{\"priority\":7}"), std::string::npos) << leaf;
}

TEST_P(JobQueueTest, NoJobIsTakenForARecipientThatIsDisabled) {
  add_grant("grant-1", "", "active", world_.clock.now_ms() + 10'000);
  JobRequest request = world_.request("org-a");
  request.grant_id = "grant-1";
  const auto disable = [&](const char* disabled_ms) {
    world_.write([&](Transaction& t) {
      t.execute(std::string("UPDATE organisations SET disabled_ms = ") + disabled_ms + " WHERE id = 'org-c'", {});
    });
  };
  disable("1");
  EXPECT_EQ(code_of_submit(request), "conflict");
  EXPECT_EQ(code_of_submit(world_.request("org-a")), "") << "what stays in the hospital";
  disable("NULL");
  EXPECT_EQ(code_of_submit(request), "");
}

}  // namespace
}  // namespace naru::server
