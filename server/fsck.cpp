#include "server/fsck.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "pipeline/files.h"
#include "server/audit/ledger.h"
#include "server/config.h"
#include "server/delivery/dataset_store.h"
#include "server/ingest/content_store.h"
#include "server/ingest/studies.h"
#include "server/jobs/job_place.h"
#include "server/jobs/job_state.h"
#include "server/ledger_comparison.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

/// One run: what each check adds to.
struct Run {
  Services& services;
  const FsckOptions& options;
  FsckResult result;

  Rows rows(std::string_view sql) const {
    return in_transaction(services.database, Access::read,
                          [&](Transaction& transaction) { return transaction.query(sql); });
  }
  void add(std::string_view code, std::string object, bool is_repaired = false) {
    result.problems.push_back({code, std::move(object), is_repaired});
  }
};

bool has_size(const fs::path& file, std::int64_t size_bytes) {
  std::error_code failure;
  return fs::is_regular_file(file, failure) && fs::file_size(file, failure) == static_cast<std::uintmax_t>(size_bytes);
}

/// Every instance that was acknowledged has its file.
void check_content(Run& run) {
  for (const Row& row : run.rows("SELECT sha256, size_bytes FROM blobs")) {
    ++run.result.counts["instances"];
    const fs::path file = run.services.content.path_of(row.text(0));
    if (!has_size(file, row.integer(1))) {
      run.add("content_missing", row.text(0));
    } else if (run.options.reads_bytes) {
      const auto facts = hash_file(file);
      if (!facts || facts->sha256 != row.text(0)) run.add("content_differs", row.text(0));
    }
  }
  if (!run.options.repairs) return;
  const int removed = remove_unrecorded_content(run.services.database, run.services.content);
  if (removed > 0) run.add("content_unrecorded", std::to_string(removed), true);
}

/// The studies' counts are those of their instances.
void check_studies(Run& run) {
  for (const Row& row : run.rows(
           "SELECT studies.id, studies.state, studies.instance_count, COUNT(instances.study_id) FROM studies LEFT JOIN "
           "instances ON instances.study_id = studies.id GROUP BY studies.id, studies.state, studies.instance_count")) {
    ++run.result.counts["studies"];
    if (row.text(1) != "destroyed" && row.integer(2) != row.integer(3)) run.add("study_counts_differ", row.text(0));
  }
}

void check_dataset_files(Run& run, const std::string& id, const std::string& sha256) {
  const fs::path folder = dataset_folder(run.services, id);
  if (run.options.reads_bytes) {
    try {
      if (read_dataset(folder, CancelToken()).sha256 != sha256) run.add("dataset_differs", id);
    } catch (const std::exception&) {
      run.add("dataset_differs", id);
    }
    return;
  }
  const auto files = in_transaction(run.services.database, Access::read,
                                    [&](Transaction& transaction) { return dataset_files(transaction, id); });
  const bool is_whole = std::ranges::all_of(files, [&](const DatasetFile& file) {
    return has_size(folder / file.path, static_cast<std::int64_t>(file.size_bytes));
  });
  if (!is_whole) run.add("dataset_not_whole", id);
}

void check_datasets(Run& run) {
  std::set<std::string> published;
  for (const Row& row : run.rows("SELECT id, state, sha256 FROM datasets")) {
    if (row.text(1) != "published") continue;
    ++run.result.counts["datasets"];
    published.insert(row.text(0));
    check_dataset_files(run, row.text(0), row.text(2));
  }
  // A folder without a row: a publication that was interrupted, whose job will make it again, or a destruction.
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(run.services.config.data / "datasets", failure)) {
    const std::string id = entry.path().filename().string();
    if (published.contains(id)) continue;
    // While its job goes on the folder is work of its own: the next attempt publishes it.
    const std::string job_id = job_id_of_dataset(id);
    const auto jobs = in_transaction(run.services.database, Access::read, [&](Transaction& transaction) {
      return transaction.query("SELECT state FROM jobs WHERE id = $1", {job_id});
    });
    const auto state = jobs.empty() ? std::nullopt : job_state_from_name(jobs.front().text(0));
    if (state && !is_terminal(*state)) continue;
    if (run.options.repairs) fs::remove_all(entry.path(), failure);
    run.add("dataset_unrecorded", id, run.options.repairs && !failure);
  }
}

/// A complete job has its dataset, and a dataset its complete job.
void check_jobs(Run& run) {
  for (const Row& row : run.rows("SELECT jobs.id, jobs.state, datasets.id FROM jobs LEFT JOIN datasets ON "
                                 "datasets.job_id = jobs.id")) {
    ++run.result.counts["jobs"];
    if ((row.text(1) == "COMPLETE") == row.is_null(2)) run.add("job_and_dataset_differ", row.text(0));
  }
}

}  // namespace

bool FsckResult::is_sound() const { return std::ranges::all_of(problems, &FsckProblem::is_repaired); }

FsckResult fsck(Services& services, const FsckOptions& options) {
  Run run{services, options, {}};
  services.ledger.check_at_start(services.config.data / "ledger");
  run.result.counts["ledger_leaves"] =
      static_cast<std::uint64_t>(run.rows("SELECT size FROM ledger_head").at(0).integer(0));
  check_content(run);
  check_studies(run);
  check_datasets(run);
  check_jobs(run);
  std::ranges::move(differences_from_ledger(services), std::back_inserter(run.result.problems));
  return std::move(run.result);
}

nlohmann::ordered_json to_json(const FsckResult& result) {
  nlohmann::ordered_json json = {{"schema", "naru.fsck/1"}, {"is_sound", result.is_sound()}, {"counts", result.counts}};
  json["problems"] = nlohmann::ordered_json::array();
  for (const FsckProblem& problem : result.problems) {
    json["problems"].push_back(
        {{"code", problem.code}, {"object", problem.object}, {"is_repaired", problem.is_repaired}});
    if (!problem.what.empty()) json["problems"].back()["what"] = problem.what;
  }
  return json;
}

}  // namespace naru::server
