#include "server/jobs/cohort.h"

#include <fmt/format.h>

#include <set>

#include "core/digest.h"
#include "core/error.h"
#include "server/jobs/job_row.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

/// Of the first `count` instances of a study, sorted.
std::vector<std::string> hashes_of_study(Transaction& transaction, const std::string& study_id, std::int64_t count) {
  std::vector<std::string> hashes;
  for (const Row& row : transaction.query(
           "SELECT sha256 FROM instances WHERE study_id = $1 AND number <= $2 ORDER BY sha256", {study_id, count})) {
    hashes.push_back(row.text(0));
  }
  return hashes;
}

std::string hash_of_list(const std::vector<std::string>& hashes) {
  std::string lines;
  for (const std::string& hash : hashes) lines += hash + '\n';
  return sha256_hex(lines);
}

void require_none_destroyed(Transaction& transaction, const std::string& job_id) {
  const Rows destroyed = transaction.query(
      "SELECT COUNT(*) FROM job_studies j, studies s WHERE j.job_id = $1 AND s.id = j.study_id AND s.state = "
      "'destroyed'",
      {job_id});
  if (const std::int64_t count = destroyed.front().integer(0); count > 0) {
    throw Error(ErrorCode::gone, fmt::format("{} of the studies were destroyed meanwhile", count));
  }
}

std::vector<std::string> all_inputs(Transaction& transaction, const std::string& job_id) {
  std::vector<std::string> hashes;
  for (const Row& row :
       transaction.query("SELECT DISTINCT i.sha256 FROM job_studies j, instances i WHERE j.job_id = $1 "
                         "AND i.study_id = j.study_id ORDER BY i.sha256",
                         {job_id})) {
    hashes.push_back(row.text(0));
  }
  return hashes;
}

JobInputs granted_inputs(Transaction& transaction, const std::string& job_id, const std::string& grant_id) {
  std::set<std::string> inputs;
  std::int64_t left_out_count = 0, changed_count = 0;
  for (const Row& row : transaction.query(
           "SELECT g.study_id, g.instance_count, g.instances_sha256, (SELECT COUNT(*) FROM instances i WHERE "
           "i.study_id = g.study_id) FROM job_studies j, grant_studies g WHERE j.job_id = $1 AND g.grant_id = $2 AND "
           "g.study_id = j.study_id",
           {job_id, grant_id})) {
    const std::int64_t count = row.integer(1);
    const auto hashes = hashes_of_study(transaction, row.text(0), count);
    const bool is_bound = !row.text(2).empty();
    if (static_cast<std::int64_t>(hashes.size()) != count || (is_bound && hash_of_list(hashes) != row.text(2))) {
      ++changed_count;
    }
    left_out_count += row.integer(3) - static_cast<std::int64_t>(hashes.size());
    inputs.insert(hashes.begin(), hashes.end());
  }
  if (changed_count > 0) {
    throw Error(ErrorCode::conflict,
                fmt::format("{} of the studies no longer hold the files that were approved: run naru admin fsck, and "
                            "propose a new grant",
                            changed_count));
  }
  return {{inputs.begin(), inputs.end()}, left_out_count};
}

std::vector<StudyCohort> cohort_of(const Rows& rows) {
  std::vector<StudyCohort> cohort;
  for (const Row& row : rows) cohort.push_back({row.text(0), row.integer(1), row.text(2)});
  return cohort;
}

}  // namespace

StudyCohort cohort_of_study(Transaction& transaction, const std::string& study_id, std::int64_t instance_count) {
  return {study_id, instance_count, hash_of_list(hashes_of_study(transaction, study_id, instance_count))};
}

StudyCohort cohort_now(Transaction& transaction, const std::string& organisation_id, const std::string& study_id) {
  const auto found = transaction.query(
      "SELECT state, (SELECT COUNT(*) FROM instances i WHERE i.study_id = s.id) FROM studies s WHERE s.id "
      "= $1 AND s.organisation_id = $2" +
          std::string(transaction.for_update()),
      {study_id, organisation_id});
  if (found.empty()) throw Error(ErrorCode::not_found, "a study of \"study_ids\" is not there");
  const std::string& state = found.front().text(0);
  if (state == "destroyed") throw Error(ErrorCode::gone, "a study of \"study_ids\" was destroyed");
  if (state != "closed") {
    throw Error(ErrorCode::conflict, "a study is open: more may come, and would not be covered; close it first");
  }
  return cohort_of_study(transaction, study_id, found.front().integer(1));
}

std::vector<StudyCohort> cohort_of_grant(Transaction& transaction, const std::string& grant_id) {
  return cohort_of(
      transaction.query("SELECT study_id, instance_count, instances_sha256 FROM grant_studies WHERE "
                        "grant_id = $1 ORDER BY study_id",
                        {grant_id}));
}

std::vector<StudyCohort> cohort_of_amendment(Transaction& transaction, const std::string& amendment_id) {
  return cohort_of(
      transaction.query("SELECT study_id, instance_count, instances_sha256 FROM amendment_studies WHERE "
                        "amendment_id = $1 ORDER BY study_id",
                        {amendment_id}));
}

std::string cohort_sha256(std::span<const StudyCohort> cohort) {
  std::string lines;
  for (const StudyCohort& study : cohort) {
    lines += fmt::format("{} {} {}\n", study.study_id, study.instance_count, study.instances_sha256);
  }
  return sha256_hex(lines);
}

std::int64_t instance_count(std::span<const StudyCohort> cohort) {
  std::int64_t count = 0;
  for (const StudyCohort& study : cohort) count += study.instance_count;
  return count;
}

std::int64_t later_count(Transaction& transaction, const std::string& grant_id) {
  return transaction
      .query(
          "SELECT COUNT(*) FROM grant_studies g, instances i WHERE g.grant_id = $1 AND i.study_id = g.study_id AND "
          "i.number > g.instance_count",
          {grant_id})
      .front()
      .integer(0);
}

JobInputs inputs_of_job(Transaction& transaction, const std::string& job_id, const std::string& grant_id) {
  require_none_destroyed(transaction, job_id);
  JobInputs inputs =
      grant_id.empty() ? JobInputs{all_inputs(transaction, job_id), 0} : granted_inputs(transaction, job_id, grant_id);
  if (inputs.sha256.empty()) throw Error(ErrorCode::input_empty, "the studies hold no file");
  return inputs;
}

}  // namespace naru::server
