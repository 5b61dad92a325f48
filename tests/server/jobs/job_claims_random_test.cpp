#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <set>

#include "server/jobs/failure.h"
#include "server/jobs/job_claims.h"
#include "tests/server/jobs/job_world.h"

namespace naru::server {
namespace {

using std::chrono::milliseconds;
using test::JobWorld;

constexpr int kStepCount = 3000;
constexpr std::array<const char*, 3> kOrganisations = {"org-a", "org-b", "org-c"};

/// A server process: what it believes to hold may long be another's.
struct Process {
  Process(JobWorld& world, int node, int start)
      : claims(world.claims(fmt::format("node-{}/{}", node, start))), watch(milliseconds(30'000)) {}
  JobClaims claims;
  LeaseWatch watch;
  std::vector<Lease> held;
};

/// Random days of three servers, their people and their clocks. The model is what must be true whatever happens: it
/// knows who published what, and asks the row itself whether a lease is the current one.
class RandomDays {
 public:
  RandomDays(const test::DatabaseCase& engine, unsigned seed) : world_(engine), random_(seed) {
    for (int node = 0; node < 3; ++node) restart(node);
  }

  void step() {
    steady_ += milliseconds(pick(2'000));
    world_.clock.advance(pick(2'000));
    switch (pick(16)) {
      case 0: return submit();
      case 1:
        return person([&](Transaction& t, const Caller& c, const std::string& id) { world_.queue.cancel(t, c, id); },
                      true);
      case 2:
        return person([&](Transaction& t, const Caller& c, const std::string& id) { world_.queue.pause(t, c, id); });
      case 3:
        return person([&](Transaction& t, const Caller& c, const std::string& id) { world_.queue.resume(t, c, id); });
      case 4: return world_.clock.advance(pick(200'000'000) - 100'000'000);
      case 5: return restart(static_cast<int>(pick(3)));
      case 6:
      case 7: return look(*processes_.at(static_cast<int>(pick(3))));
      case 8:
      case 9:
      case 10: return claim(*processes_.at(static_cast<int>(pick(3))));
      default: return work(*processes_.at(static_cast<int>(pick(3))));
    }
  }

  /// From now on nothing goes wrong: everything must come to an end.
  void settle() {
    for (int node = 0; node < 3; ++node) restart(node);
    for (const std::string& id : ids_) {
      if (world_.job(id).state == JobState::paused)
        as_owner(id, [&](Transaction& t, const Caller& c) { world_.queue.resume(t, c, id); });
    }
    for (int round = 0; round < 10'000; ++round) {
      world_.clock.advance(kLongestBackOffMs);
      Process& process = *processes_.at(0);
      const auto job = process.claims.claim(test::kRoom);
      if (!job) return;
      publish(process, {job->id, job->fence});
    }
    FAIL() << "the queue never becomes empty";
  }

  void check() {
    for (const std::string& id : ids_) {
      const JobRow job = world_.job(id);
      EXPECT_TRUE(is_terminal(job.state)) << "stuck in " << name(job.state);
      EXPECT_EQ(published_[id], job.state == JobState::complete ? 1 : 0);
      EXPECT_EQ(job.dataset_id.has_value(), job.state == JobState::complete);
      EXPECT_FALSE(job.lease_owner);
      EXPECT_EQ(job.state == JobState::canceled, to_cancel_.contains(id));
      check_history(job);
    }
    EXPECT_EQ(world_.number("SELECT COUNT(*) FROM jobs"), static_cast<std::int64_t>(ids_.size()));
    EXPECT_EQ(world_.number("SELECT COUNT(*) FROM ledger_leaves"),
              world_.number("SELECT COUNT(*) FROM job_events WHERE kind <> 'stage'"));
    EXPECT_GT(refused_, 0) << "no stale worker was ever there: the test shows nothing";
    EXPECT_GT(ids_.size(), 50U);
  }

 private:
  std::int64_t pick(std::int64_t below) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
  }

  void restart(int node) {
    processes_[node] = std::make_unique<Process>(world_, node, ++starts_);
    processes_[node]->claims.recover();
  }

  void submit() { ids_.push_back(world_.submit(kOrganisations.at(static_cast<std::size_t>(pick(3))), pick(3)).id); }

  void as_owner(const std::string& id, const std::function<void(Transaction&, const Caller&)>& act) {
    const Caller caller = world_.steward(world_.job(id).organisation_id);
    world_.write([&](Transaction& t) { act(t, caller); });
  }

  void person(const std::function<void(Transaction&, const Caller&, const std::string&)>& act, bool is_cancel = false) {
    if (ids_.empty()) return;
    const std::string id = ids_.at(static_cast<std::size_t>(pick(static_cast<std::int64_t>(ids_.size()))));
    const bool had_ended = is_terminal(world_.job(id).state);
    try {
      as_owner(id, [&](Transaction& t, const Caller& c) { act(t, c, id); });
      EXPECT_TRUE(!had_ended || is_cancel);
      if (is_cancel) to_cancel_.insert(id);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::conflict);
      EXPECT_TRUE(had_ended);
    }
  }

  void claim(Process& process) {
    const auto job = process.claims.claim(test::kRoom);
    if (!job) return;
    EXPECT_EQ(job->state, JobState::initializing);
    EXPECT_GT(job->fence, fences_[job->id]) << "two claims with one fence";
    fences_[job->id] = job->fence;
    process.held.push_back({job->id, job->fence});
  }

  void look(Process& process) {
    process.claims.interrupt_dead(process.watch, steady_, {process.held.begin(), process.held.end()});
  }

  /// A worker does something with a lease that it believes in. It must be let exactly where the row says that it is
  /// its own.
  void work(Process& process) {
    if (process.held.empty()) return;
    const std::size_t n = static_cast<std::size_t>(pick(static_cast<std::int64_t>(process.held.size())));
    const Lease lease = process.held[n];
    const JobRow before = world_.job(lease.job_id);
    const bool is_ours =
        is_leased(before) && before.fence == lease.fence && before.lease_owner == process.claims.owner();
    const std::int64_t what = pick(8);
    try {
      if (what == 0) publish(process, lease);
      if (what == 1) process.claims.fail(lease, pick(2) == 0 ? ErrorCode::disk_full : ErrorCode::internal, "x");
      if (what == 2) process.claims.stopped(lease);
      if (what == 3) process.claims.heartbeat(lease, {});
      if (what > 3) process.claims.heartbeat(lease, WorkProgress{"preparing volumes", random_() % 20, 20, "cases", 0});
      EXPECT_TRUE(is_ours) << "a stale worker wrote";
    } catch (const LeaseLost&) {
      EXPECT_FALSE(is_ours) << "the holder was refused";
      ++refused_;
      EXPECT_EQ(world_.job(lease.job_id).event_count, before.event_count);
    }
    if (what <= 2 || !is_ours) process.held.erase(process.held.begin() + static_cast<std::ptrdiff_t>(n));
  }

  void publish(Process& process, const Lease& lease) {
    const bool is_published = world_.write([&](Transaction& t) {
      JobRow job = process.claims.held(t, lease);
      if (job.wish == JobWish::cancel) {
        process.claims.withdraw(t, job);
        return false;
      }
      process.claims.complete(t, job, dataset_id_of(job.id), {});
      return true;
    });
    if (is_published) ++published_[lease.job_id];
  }

  /// Numbers without gaps, and each change of state begins where the one before ended and stands in the table.
  void check_history(const JobRow& job) {
    const Rows rows = world_.write([&](Transaction& t) {
      return t.query("SELECT number, kind, detail FROM job_events WHERE job_id = $1 ORDER BY number", {job.id});
    });
    EXPECT_EQ(static_cast<std::int64_t>(rows.size()), job.event_count);
    std::string state = "QUEUED";
    std::int64_t number = 0;
    for (const Row& row : rows) {
      EXPECT_EQ(row.integer(0), ++number);
      const auto detail = nlohmann::json::parse(row.text(2));
      if (!detail.contains("from")) continue;
      EXPECT_EQ(detail["from"], state);
      state = detail["to"];
    }
    EXPECT_EQ(state, name(job.state));
  }

  JobWorld world_;
  std::mt19937_64 random_;
  LeaseWatch::Time steady_{};
  std::map<int, std::unique_ptr<Process>> processes_;
  int starts_ = 0, refused_ = 0;
  std::vector<std::string> ids_;
  std::map<std::string, int> published_;
  std::map<std::string, std::int64_t> fences_;
  std::set<std::string> to_cancel_;
};

class JobClaimsRandomTest : public testing::TestWithParam<test::DatabaseCase> {};
NARU_FOR_EACH_DATABASE(JobClaimsRandomTest);

TEST_P(JobClaimsRandomTest, NoJobIsLostDoubledOrStuckWhateverHappens) {
  for (const unsigned seed : {1U, 2U}) {
    SCOPED_TRACE(seed);
    RandomDays days(GetParam(), seed);
    for (int n = 0; n < kStepCount && !testing::Test::HasFailure(); ++n) days.step();
    days.settle();
    days.check();
  }
}

}  // namespace
}  // namespace naru::server
