#include "server/ingest/studies.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/clock.h"
#include "server/ingest/content_store.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::int64_t kMsPerDay = 24 * 3600 * kMsPerSecond;
constexpr std::int64_t kPageRows = 1000;

struct StudyRow {
  std::string state;
  std::int64_t instance_count = 0, size_bytes = 0;
};

/// Locks the study's row. @throws Error{not_found, gone}
StudyRow lock_study(Transaction& transaction, const StudyChange& change) {
  const Rows rows =
      transaction.query("SELECT state, instance_count, size_bytes FROM studies WHERE id = $1 AND organisation_id = $2" +
                            std::string(transaction.for_update()),
                        {change.study_id, change.organisation_id});
  if (rows.empty()) throw Error(ErrorCode::not_found, "no such study: see GET /api/v1/studies");
  if (rows[0].text(0) == "destroyed") throw Error(ErrorCode::gone, "the study was destroyed; its record remains");
  return {rows[0].text(0), rows[0].integer(1), rows[0].integer(2)};
}

void append_leaf(Transaction& transaction, Ledger& ledger, std::string_view kind, const StudyChange& change,
                 const StudyRow& study) {
  ledger.append(transaction, {kind,
                              change.organisation_id,
                              change.actor,
                              change.study_id,
                              {{"instances", study.instance_count}, {"bytes", study.size_bytes}}});
}

bool is_worked_on(Transaction& transaction, const std::string& study_id) {
  return !transaction
              .query(
                  "SELECT 1 FROM job_studies s JOIN jobs j ON j.id = s.job_id WHERE s.study_id = $1 AND j.state IN "
                  "('QUEUED', 'INITIALIZING', 'RUNNING', 'PAUSED') LIMIT 1",
                  {study_id})
              .empty();
}

Rows read(Database& database, std::string_view sql, std::initializer_list<Value> values) {
  return in_transaction(database, Access::read, [&](Transaction& t) { return t.query(sql, values); });
}

/// Studies, an (id, organisation_id) a row, each changed in a transaction of its own.
template <class Change>
int change_each(Database& database, const Clock& clock, const Rows& rows, Change change) {
  int count = 0;
  for (const Row& row : rows) {
    const StudyChange asked{row.text(0), row.text(1), "server", clock.now_ms()};
    count += in_transaction(database, Access::write, [&](Transaction& t) { return change(t, asked); }) ? 1 : 0;
  }
  return count;
}

/// An instance that came later than now came before the clock was set back. It counts as of now, or its study would
/// stay open for as long as the clock was moved.
void bring_to_now(Database& database, std::int64_t now_ms) {
  constexpr std::int64_t kToleranceMs = 10 * kMsPerSecond;
  const Rows later = in_transaction(database, Access::read, [&](Transaction& t) {
    return t.query("SELECT 1 FROM studies WHERE state = 'open' AND received_ms > $1 LIMIT 1", {now_ms + kToleranceMs});
  });
  if (later.empty()) return;
  in_transaction(database, Access::write, [&](Transaction& t) {
    t.execute("UPDATE studies SET received_ms = $1 WHERE state = 'open' AND received_ms > $2",
              {now_ms, now_ms + kToleranceMs});
  });
}

/// Of the rows of `blobs` behind `last`, so many that others need not wait long for the database.
struct BlobPage {
  std::vector<std::string> unreferenced;
  std::string last;  ///< empty: there are no more
};

BlobPage next_page(Database& database, const std::string& last) {
  const Rows rows = in_transaction(database, Access::read, [&](Transaction& t) {
    return t.query(
        "SELECT sha256, EXISTS (SELECT 1 FROM instances WHERE instances.sha256 = blobs.sha256) FROM blobs WHERE sha256 "
        "> $1 ORDER BY sha256 LIMIT $2",
        {last, kPageRows});
  });
  BlobPage page;
  for (const Row& row : rows) {
    if (row.integer(1) == 0) page.unreferenced.push_back(row.text(0));
    page.last = row.text(0);
  }
  return page;
}

/// Those of `hashes` of which `sql` gives no row.
std::vector<std::string> without_row(Database& database, std::vector<std::string> hashes, std::string_view sql) {
  in_transaction(database, Access::read, [&](Transaction& t) {
    std::erase_if(hashes, [&](const std::string& hash) { return !t.query(sql, {hash}).empty(); });
  });
  return hashes;
}

/// Those of one page: meanwhile nothing is received.
int remove_page(Database& database, ContentStore& content, std::vector<std::string> hashes) {
  const auto unused = [&](std::vector<std::string> unheld) {
    return without_row(database, std::move(unheld), "SELECT 1 FROM instances WHERE sha256 = $1 LIMIT 1");
  };
  // The file goes first: should this process die, the row still says what is left to do.
  const std::vector<std::string> removed = content.remove(std::move(hashes), unused);
  in_transaction(database, Access::write, [&](Transaction& t) {
    for (const std::string& hash : removed) {
      t.execute(
          "DELETE FROM blobs WHERE sha256 = $1 AND NOT EXISTS (SELECT 1 FROM instances WHERE instances.sha256 = $2)",
          {hash, hash});
    }
  });
  return static_cast<int>(removed.size());
}

}  // namespace

int close_quiet_studies(Database& database, Ledger& ledger, const Clock& clock, int quiet_s) {
  bring_to_now(database, clock.now_ms());
  const std::int64_t until_ms = clock.now_ms() - quiet_s * kMsPerSecond;
  const Rows rows = read(database,
                         "SELECT id, organisation_id FROM studies WHERE state = 'open' AND received_ms <= $1 ORDER BY "
                         "received_ms LIMIT 1000",
                         {until_ms});
  return change_each(database, clock, rows, [&](Transaction& transaction, const StudyChange& change) {
    const Rows still = transaction.query("SELECT 1 FROM studies WHERE id = $1 AND state = 'open' AND received_ms <= $2",
                                         {change.study_id, until_ms});
    if (!still.empty()) close_study(transaction, ledger, change);
    return !still.empty();
  });
}

void close_study(Transaction& transaction, Ledger& ledger, const StudyChange& change) {
  const StudyRow study = lock_study(transaction, change);
  if (study.state == "closed") return;
  transaction.execute("UPDATE studies SET state = 'closed', closed_ms = $1 WHERE id = $2",
                      {change.now_ms, change.study_id});
  append_leaf(transaction, ledger, "study.closed", change, study);
}

std::vector<std::string> destroy_study(Transaction& transaction, Ledger& ledger, const StudyChange& change) {
  const StudyRow study = lock_study(transaction, change);
  if (is_worked_on(transaction, change.study_id)) {
    throw Error(ErrorCode::conflict, "a job works on the study: cancel the job, or wait for its end");
  }
  std::vector<std::string> hashes;
  for (const Row& row :
       transaction.query("SELECT DISTINCT sha256 FROM instances WHERE study_id = $1", {change.study_id})) {
    hashes.push_back(row.text(0));
  }
  transaction.execute("DELETE FROM instances WHERE study_id = $1", {change.study_id});
  transaction.execute("UPDATE studies SET state = 'destroyed', study_uid = $1, destroyed_ms = $2 WHERE id = $3",
                      {"destroyed " + change.study_id, change.now_ms, change.study_id});
  append_leaf(transaction, ledger, "study.destroyed", change, study);
  return hashes;
}

int destroy_expired_studies(Database& database, Ledger& ledger, const Clock& clock, int days) {
  const std::int64_t until_ms = clock.now_ms() - days * kMsPerDay;
  const auto destroy = [&](Transaction& transaction, const StudyChange& change) {
    const Rows still = transaction.query("SELECT 1 FROM studies WHERE id = $1 AND state = 'closed'", {change.study_id});
    if (still.empty() || is_worked_on(transaction, change.study_id)) return false;
    destroy_study(transaction, ledger, change);
    return true;
  };
  // Page by page to the end: those that jobs work on stay, and do not keep the others from it.
  const auto page_behind = [&](const std::string& id) {
    return read(database,
                "SELECT id, organisation_id FROM studies WHERE state = 'closed' AND closed_ms <= $1 AND id > $2 ORDER "
                "BY id LIMIT 1000",
                {until_ms, id});
  };
  int count = 0;
  for (Rows rows = page_behind(""); !rows.empty(); rows = page_behind(rows.back().text(0))) {
    count += change_each(database, clock, rows, destroy);
  }
  return count;
}

int remove_unreferenced_content(Database& database, ContentStore& content, const std::vector<std::string>& hashes) {
  int count = 0;
  for (auto page = hashes.begin(); page != hashes.end();) {
    const auto end = page + std::min<std::ptrdiff_t>(kPageRows, hashes.end() - page);
    count += remove_page(database, content, {page, end});
    page = end;
  }
  return count;
}

int remove_unreferenced_content(Database& database, ContentStore& content) {
  int count = 0;
  for (BlobPage page = next_page(database, ""); !page.last.empty(); page = next_page(database, page.last)) {
    if (page.unreferenced.empty()) continue;
    count += remove_page(database, content, std::move(page.unreferenced));
  }
  return count;
}

int remove_unrecorded_content(Database& database, ContentStore& content) {
  int count = 0;
  for (int first_byte = 0; first_byte < 256; ++first_byte) {
    std::vector<std::string> hashes = content.kept_files(fmt::format("{:02x}", first_byte));
    const auto unused = [&](std::vector<std::string> unheld) {
      return without_row(database, std::move(unheld), "SELECT 1 FROM blobs WHERE sha256 = $1");
    };
    hashes = unused(std::move(hashes));
    if (!hashes.empty()) count += static_cast<int>(content.remove(std::move(hashes), unused).size());
  }
  return count;
}

}  // namespace naru::server
