#include "server/jobs/job_runner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "core/log.h"
#include "server/clock.h"
#include "server/crash_point.h"
#include "server/disk_room.h"
#include "server/jobs/cohort.h"
#include "server/jobs/job_grant.h"
#include "server/jobs/job_place.h"
#include "server/jobs/lease_keeper.h"
#include "server/random_id.h"
#include "server/store/database.h"

namespace naru::server {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr auto kSweepInterval = std::chrono::seconds(30);
constexpr milliseconds kPollInterval(200);

std::string owner_of(const std::string& node) {
  std::array<char, 256> host{};
  if (node.empty()) ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}/{}", node.empty() ? host.data() : node.c_str(), random_id("process"));
}

/// What of a result clients see: counts.
Json counts_of(const std::optional<WorkResult>& result) {
  Json counts = Json::object();
  if (!result || !result->facts.is_object()) return counts;
  for (const char* const member : {"cases", "instances", "resumed", "inputs", "reasons"}) {
    if (result->facts.contains(member)) counts[member] = result->facts[member];
  }
  return counts;
}

/// Of a worker that ended without a result. Where the server keeps its files is nobody's business.
WorkError error_of(const WorkEnd& end, const fs::path& data) {
  if (end.error) {
    WorkError error = *end.error;
    const std::string place = data.string() + '/';
    for (std::size_t at; (at = error.message.find(place)) != std::string::npos;) error.message.erase(at, place.size());
    return error;
  }
  if (end.signal == SIGKILL) {
    return {ErrorCode::memory_exceeded, "the worker was killed from outside; the system may have had no memory left"};
  }
  return {ErrorCode::internal, fmt::format("the worker ended without a word (signal {})", end.signal)};
}

/// Runs `work` again as long as the database is away, since the fence makes it safe to come late.
template <class Work>
void until_stored(const std::stop_token& stop, Work&& work) {
  while (true) {
    try {
      return work();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::store_unavailable || stop.stop_requested()) throw;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace

/// A lease and a place while a thread has them.
class JobRunner::Held {
 public:
  Held(JobRunner& runner, Lease lease, Place place) : runner_(runner), lease_(std::move(lease)), place_(place) {}
  ~Held() {
    const std::lock_guard lock(runner_.mutex_);
    runner_.ours_.erase(lease_);
    runner_.used_memory_bytes_ -= place_.memory_bytes;
    if (place_.gpu) runner_.free_gpus_.insert(*place_.gpu), runner_.gpu_reserved_bytes_[*place_.gpu] = 0;
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  JobRunner& runner_;
  Lease lease_;
  Place place_;
};

std::size_t count_gpus(const fs::path& devices) {
  constexpr std::string_view kName = "nvidia";
  std::size_t count = 0;
  std::error_code failure;
  for (fs::directory_iterator entry(devices, failure), end; entry != end; entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    const bool is_numbered = name.starts_with(kName) && name.size() > kName.size() &&
                             name.find_first_not_of("0123456789", kName.size()) == std::string::npos;
    count += is_numbered ? 1 : 0;
  }
  return count;
}

JobRunner::JobRunner(const JobRunnerParts& parts, JobLimits limits, JobRunnerOptions options)
    : parts_(parts),
      limits_(std::move(limits)),
      options_(std::move(options)),
      claims_(parts.database, parts.ledger, parts.clock, limits_, options_.lease, owner_of(options_.node)),
      watch_(options_.lease) {
  for (std::size_t n = 0; n < options_.gpu_count; ++n) free_gpus_.insert(n), gpu_reserved_bytes_[n] = 0;
  for (int n = 0; n < std::max(1, options_.worker_count); ++n) {
    threads_.emplace_back([this, n](const std::stop_token& stop) { loop(stop, n == 0); });
  }
}

JobRunner::~JobRunner() {
  drain();
  threads_.clear();
}

void JobRunner::drain() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

std::size_t JobRunner::running_count() const {
  const std::lock_guard lock(mutex_);
  return ours_.size();
}

std::map<std::size_t, std::int64_t> JobRunner::gpu_reserved_bytes() const {
  const std::lock_guard lock(mutex_);
  return gpu_reserved_bytes_;
}

void JobRunner::loop(const std::stop_token& stop, bool keeps_house) {
  std::string_view trouble, told;  // an outage is told once
  while (!stop.stop_requested()) {
    bool has_worked = false;
    trouble = "";
    try {
      if (keeps_house) keep_house();
      if (options_.worker_count > 0) has_worked = claim_and_run(stop);
    } catch (const LeaseLost& lost) {
      log::warning("jobs: {}", Public{lost.what()});
    } catch (const Error& error) {
      trouble = name(error.code());
    } catch (const std::exception&) {
      trouble = "internal";  // what it says may quote a file
    }
    if (!trouble.empty() && trouble != told) log::warning("jobs wait: {}", Public{trouble});
    if (trouble.empty() && !told.empty()) log::info("jobs go on");
    told = trouble;
    if (has_worked) continue;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, options_.idle, [] { return false; });
  }
}

void JobRunner::keep_house() {
  const auto now = SteadyClock::now();
  if (!has_recovered_) {
    const std::size_t count = claims_.recover();
    if (count > 0) log::info("{} jobs of an earlier start wait again", count);
    has_recovered_ = true;
  }
  if (now >= next_look_) {
    std::set<Lease> ours;
    {
      const std::lock_guard lock(mutex_);
      ours = ours_;
    }
    claims_.interrupt_dead(watch_, now, ours);
    next_look_ = now + options_.lease / 3;
  }
  if (now < next_sweep_) return;
  remove_leftovers();
  next_sweep_ = now + kSweepInterval;
}

/// Of jobs that have ended: work folders, datasets that were not published, reports of what was withdrawn.
void JobRunner::remove_leftovers() {
  std::set<std::string> ids;
  for (std::string& id : parts_.executor.kept()) ids.insert(std::move(id));
  std::error_code failure;
  for (fs::directory_iterator it(options_.data / "datasets", failure), end; !failure && it != end;
       it.increment(failure)) {
    ids.insert(job_id_of_dataset(it->path().filename().string()));
  }
  for (const std::string& id : ids) {
    const auto [state, is_published] = in_transaction(parts_.database, Access::read, [&](Transaction& transaction) {
      const auto job = read_job(transaction, id, false);
      const Rows rows = transaction.query("SELECT id FROM datasets WHERE job_id = $1", {id});
      return std::pair(job ? std::optional(job->state) : std::nullopt, !rows.empty());
    });
    if (!state || !is_terminal(*state)) continue;
    parts_.executor.clear(id);
    std::error_code ignored;
    if (!is_published) fs::remove_all(dataset_folder(id), ignored);
    if (*state == JobState::canceled) fs::remove_all(options_.data / "reports" / id, ignored);
  }
}

Room JobRunner::room() const {
  const std::lock_guard lock(mutex_);
  return {limits_.total_memory_bytes - used_memory_bytes_, options_.gpu_count == 0 || !free_gpus_.empty()};
}

JobRunner::Place JobRunner::take_place(const JobRow& job) {
  const std::lock_guard lock(mutex_);
  Place place{std::min(job.memory_bytes, limits_.total_memory_bytes), std::nullopt};
  used_memory_bytes_ += place.memory_bytes;
  if (job.device != "cpu" && !free_gpus_.empty()) {
    place.gpu = *free_gpus_.begin();
    free_gpus_.erase(free_gpus_.begin());
    gpu_reserved_bytes_[*place.gpu] = place.memory_bytes;
  }
  ours_.insert({job.id, job.fence});
  return place;
}

bool JobRunner::claim_and_run(const std::stop_token& stop) {
  require_room(options_.data);
  std::unique_lock one_at_a_time(claiming_);  // so that two do not take the same room
  const std::optional<JobRow> job = claims_.claim(room());
  if (!job) return false;
  const Place place = take_place(*job);
  one_at_a_time.unlock();
  const Held held(*this, {job->id, job->fence}, place);
  crash_point("job.claimed");
  run(stop, *job, place);
  return true;
}

void JobRunner::run(const std::stop_token& stop, const JobRow& job, const Place& place) {
  const Lease lease{job.id, job.fence};
  std::error_code ignored;
  if (fs::exists(dataset_folder(job.id), ignored)) {
    return until_stored(stop, [&] { publish(lease, std::nullopt); });
  }
  std::unique_ptr<RunningWork> work;
  try {
    work = parts_.executor.start(make_order(job, place));
  } catch (const Error& error) {
    return until_stored(stop, [&] { claims_.fail(lease, error.code(), error.what()); });
  }
  crash_point("job.worker_started");
  bool was_asked = false;
  const WorkEnd end = watch(stop, lease, *work, was_asked);
  crash_point("job.worker_ended");
  if (end.result && options_.count_end) options_.count_end(&*end.result, ErrorCode::internal);
  if (end.result) return until_stored(stop, [&] { publish(lease, end.result); });
  if (was_asked) return until_stored(stop, [&] { claims_.stopped(lease); });
  const WorkError error = error_of(end, options_.data);
  if (options_.count_end) options_.count_end(nullptr, error.code);
  // What was finished may be what fills the disk. Without it the server can go on, and write down what happened.
  if (error.code == ErrorCode::disk_full) parts_.executor.clear(job.id);
  until_stored(stop, [&] { claims_.fail(lease, error.code, error.message); });
}

JobOrder JobRunner::make_order(const JobRow& job, const Place& place) {
  JobOrder order;
  order.job_id = job.id;
  order.fence = job.fence;
  order.kind = work_kind_from_name(job.kind).value();
  order.recipe = job.recipe;
  order.project = job.name;
  order.memory_bytes = static_cast<std::uint64_t>(place.memory_bytes);
  order.threads = threads_of_one(options_.threads, options_.worker_count);
  order.device = device_for(job.device, options_.gpu_count, place.gpu);
  in_transaction(parts_.database, Access::write, [&](Transaction& transaction) {
    const std::int64_t now_ms = parts_.clock.now_ms();
    check_grant(transaction, job, study_ids_of(transaction, job.id), now_ms);
    JobInputs inputs = inputs_of_job(transaction, job.id, job.grant_id.value_or(""));
    order.key = job_key(transaction, parts_.keys, job, now_ms);
    order.record = job_record_of(transaction, job);
    if (job.grant_id) {
      order.record.cohort = cohort_text(inputs);
      claims_.note_inputs(transaction, {job.id, job.fence}, inputs);
    }
    order.input_sha256 = std::move(inputs.sha256);
  });
  return order;
}

/// One heartbeat; empty where the database is away: the lease may then be lost, which the next one tells.
std::optional<JobWish> JobRunner::beat(const Lease& lease, const std::optional<WorkProgress>& progress) {
  try {
    return claims_.heartbeat(lease, progress);
  } catch (const Error&) {
    return std::nullopt;
  } catch (const RetryTransaction&) {
    return std::nullopt;
  }
}

WorkEnd JobRunner::watch(const std::stop_token& stop, const Lease& lease, RunningWork& work, bool& was_asked) {
  std::optional<WorkProgress> progress;
  SteadyClock::time_point next_beat = SteadyClock::now(), kill_at = SteadyClock::time_point::max();
  for (bool is_started = false;;) {
    WorkNews news = work.poll(std::min(kPollInterval, options_.heartbeat));
    if (news.progress) progress = std::move(news.progress);
    if (news.end) return *std::move(news.end);
    const auto now = SteadyClock::now();
    bool is_to_stop = stop.stop_requested();
    if (now >= next_beat || (progress && !is_started)) {
      is_to_stop |= beat(lease, progress).value_or(JobWish::none) != JobWish::none;
      is_started = progress.has_value();
      next_beat = now + options_.heartbeat;
    }
    if (is_to_stop && !was_asked) {
      was_asked = true;
      work.ask_to_stop();
      kill_at = now + options_.grace;
    }
    if (now >= kill_at) work.kill();
  }
}

fs::path JobRunner::dataset_folder(const std::string& job_id) const {
  return options_.data / "datasets" / dataset_id_of(job_id);
}

/// Reads every byte of the dataset, which may take longer than a lease.
JobRunnerOptions::WriteRows JobRunner::read_result(const Lease& lease) {
  const LeaseKeeper keeper(options_.heartbeat, [&] {
    try {
      return beat(lease, std::nullopt) != JobWish::cancel;
    } catch (const std::exception&) {
      return false;  // LeaseLost, or a defect: what is written next is checked against the fence anyway
    }
  });
  return options_.publish(dataset_folder(lease.job_id), keeper.cancel());
}

void JobRunner::publish(const Lease& lease, const std::optional<WorkResult>& result) {
  try {
    crash_point("job.before_rename");
    place_dataset(parts_.executor.result_folder(lease.job_id), dataset_folder(lease.job_id));
    crash_point("job.after_rename");
    const auto write_rows = read_result(lease);
    in_transaction(parts_.database, Access::write, [&](Transaction& transaction) {
      JobRow job = claims_.held(transaction, lease);
      if (job.wish == JobWish::cancel) return claims_.withdraw(transaction, job);
      check_grant(transaction, job, study_ids_of(transaction, job.id), parts_.clock.now_ms());
      write_rows(transaction, job);
      claims_.complete(transaction, job, dataset_id_of(job.id), counts_of(result));
      crash_point("job.before_commit");
    });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::store_unavailable) throw;
    return claims_.fail(lease, error.code(), error.what());
  }
  crash_point("job.after_commit");
  parts_.executor.clear(lease.job_id);
}

}  // namespace naru::server
