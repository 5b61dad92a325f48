#include "server/delivery/job_records.h"

#include <algorithm>
#include <functional>
#include <mutex>

#include "core/error.h"
#include "core/log.h"
#include "pipeline/files.h"
#include "server/config.h"
#include "server/delivery/dataset_object.h"
#include "server/jobs/job_grant.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20, kDateBytes = 10;
constexpr std::int64_t kKeepRecordMs = std::int64_t{3 * 365 + 1} * 86'400'000;  // three years, one of them a leap year

std::string date_of(std::int64_t time_ms) { return rfc3339(time_ms).substr(0, kDateBytes); }

/// Writes the record anew where `change` changes it. @return false where there is none: the job has not ended yet
bool change_record_now(const fs::path& data, const std::string& job_id, const std::function<void(Json&)>& change) {
  static std::mutex one_at_a_time;  // so that no change is lost
  const std::lock_guard lock(one_at_a_time);
  const fs::path file = data / "reports" / job_id / "record.json";
  const auto text = read_file(file, kMaxRecordBytes);
  const auto before = Json::parse(text.value_or(""), nullptr, false);
  if (!before.is_object()) return false;
  Json json = before;
  change(json);
  if (json != before) write_file(file, json.dump(2) + "\n");
  return true;
}

/// The same, of what database and ledger say as well.
void change_record(const fs::path& data, const std::string& job_id, const std::function<void(Json&)>& change) {
  try {
    change_record_now(data, job_id, change);
  } catch (const std::exception&) {
    log::warning("the record of a job cannot be changed now; database and ledger say what is to stand there");
  }
}

Json entry(std::int64_t approved_ms, std::int64_t expires_ms, std::int64_t decided_ms, const std::string& reviewer) {
  return {{"period", period_text(approved_ms, expires_ms)}, {"decided", date_of(decided_ms)}, {"reviewer", reviewer}};
}

}  // namespace

void note_destruction(const fs::path& data, const std::string& job_id, std::int64_t now_ms) {
  change_record(data, job_id, [&](Json& json) {
    json["destruction_date"] = date_of(now_ms);
    json["keep_until"] = date_of(now_ms + kKeepRecordMs);
  });
}

void note_reidentification(const fs::path& data, const std::string& job_id, const Json& act) {
  const bool is_noted = change_record_now(data, job_id, [&](Json& json) { json["reidentifications"].push_back(act); });
  if (!is_noted) throw Error(ErrorCode::input_missing, "the job's report has no record.json: bring it back first");
}

Json period_history(Transaction& transaction, const std::string& grant_id) {
  Json history = Json::array();
  const Rows grants = transaction.query(
      "SELECT approved_ms, approved_by, expires_ms, revoked_ms, revoked_by FROM grants WHERE id = $1", {grant_id});
  if (grants.empty() || grants[0].is_null(0)) return history;
  const std::int64_t approved_ms = grants[0].integer(0);
  const std::string reviewer = grants[0].text_if(1).value_or("");
  const Rows amendments = transaction.query(
      "SELECT id, expires_ms, expires_ms_before, decided_ms, decided_by FROM grant_amendments WHERE grant_id = $1 AND "
      "state = 'approved' AND expires_ms IS NOT NULL ORDER BY decided_ms, id",
      {grant_id});
  const auto first_end_ms = amendments.empty() ? grants[0].integer(2) : amendments[0].integer_if(2);
  if (first_end_ms) history.push_back(entry(approved_ms, *first_end_ms, approved_ms, reviewer));
  for (const Row& row : amendments) {
    history.push_back(entry(approved_ms, row.integer(1), row.integer(3), row.text(4)));
    history.back()["amendment"] = row.text(0);
  }
  if (const auto revoked_ms = grants[0].integer_if(3)) {
    const std::int64_t end_ms = std::min(*revoked_ms, grants[0].integer(2));
    history.push_back(entry(approved_ms, end_ms, *revoked_ms, grants[0].text(4)));
    history.back()["revoked"] = true;
  }
  return history;
}

void note_period(Services& services, const std::string& grant_id) noexcept {
  try {
    const auto [history, jobs] = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
      return std::pair(period_history(transaction, grant_id),
                       transaction.query("SELECT id FROM jobs WHERE grant_id = $1", {grant_id}));
    });
    if (history.empty()) return;
    for (const Row& job : jobs) {
      change_record(services.config.data, job.text(0), [&](Json& json) {
        json["period"] = history.back()["period"];
        json["period_history"] = history;
      });
    }
  } catch (const std::exception&) {
    log::warning("records of a grant's jobs do not say its new period yet; the next start sees to it");
  }
}

void note_periods(Services& services) {
  for (const Row& row : in_transaction(services.database, Access::read, [](Transaction& transaction) {
         return transaction.query(
             "SELECT grant_id FROM grant_amendments WHERE state = 'approved' AND expires_ms IS NOT NULL UNION "
             "SELECT id FROM grants WHERE approved_ms IS NOT NULL AND revoked_ms IS NOT NULL");
       })) {
    note_period(services, row.text(0));
  }
}

}  // namespace naru::server
