#include "server/ingest/receiver.h"

#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/clock.h"
#include "server/crash_point.h"
#include "server/random_id.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

/// How many batches one transaction takes at most, so that none waits for long.
constexpr std::size_t kMaxBatches = 64;

/// What the instances of one call add to a study.
struct Addition {
  std::string id, state;
  std::set<std::string> modalities;
  std::int64_t before_count = 0, count = 0, size_bytes = 0;
};

std::set<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::set<std::string> found;
  for (std::string word; stream >> word;) found.insert(word);
  return found;
}

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// A long body, an association or a watched folder may outlive the account or the organisation that it is for.
/// @throws Error{forbidden}
void require_enabled(Transaction& transaction, const Origin& origin) {
  const Rows disabled = transaction.query(
      "SELECT 1 FROM organisations WHERE id = $1 AND disabled_ms IS NOT NULL UNION ALL "
      "SELECT 1 FROM users WHERE id = $2 AND disabled_ms IS NOT NULL",
      {origin.organisation_id, origin.actor});
  if (!disabled.empty()) throw Error(ErrorCode::forbidden, "the account or its organisation was disabled meanwhile");
}

/// Finds the study's row and locks it, or makes it.
Addition open_study(Transaction& transaction, const Origin& origin, const std::string& study_uid, std::int64_t now_ms) {
  const std::string id = random_id("study");
  transaction.execute(
      "INSERT INTO studies (id, organisation_id, study_uid, state, instance_count, size_bytes, modalities, created_ms, "
      "received_ms) VALUES ($1, $2, $3, 'open', 0, 0, '', $4, $5) ON CONFLICT DO NOTHING",
      {id, origin.organisation_id, study_uid, now_ms, now_ms});
  const Rows rows = transaction.query(
      "SELECT id, state, modalities, instance_count FROM studies WHERE organisation_id = $1 AND study_uid = $2" +
          std::string(transaction.for_update()),
      {origin.organisation_id, study_uid});
  const bool is_new = rows.at(0).text(0) == id;
  return {rows[0].text(0), is_new ? "new" : rows[0].text(1), words(rows[0].text(2)), rows[0].integer(3)};
}

/// @return whether it was not there
bool add_instance(Transaction& transaction, const Addition& study, const Arrival& arrival, std::string_view source,
                  std::int64_t now_ms) {
  const InstanceFacts& facts = arrival.facts;
  transaction.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                      {arrival.file.sha256, static_cast<std::int64_t>(arrival.file.size_bytes), now_ms});
  return transaction.execute(
             "INSERT INTO instances (study_id, sop_instance_uid, sha256, series_uid, sop_class_uid, "
             "transfer_syntax_uid, modality, source, received_ms, number) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
             "$10) "
             "ON CONFLICT DO NOTHING",
             {study.id, facts.sop_instance_uid, arrival.file.sha256, facts.series_uid, facts.sop_class_uid,
              facts.transfer_syntax_uid, facts.modality, std::string(source), now_ms,
              study.before_count + study.count + 1}) == 1;
}

bool has_other_bytes(Transaction& transaction, const std::string& study_id, const Arrival& arrival) {
  return !transaction
              .query("SELECT 1 FROM instances WHERE study_id = $1 AND sop_instance_uid = $2 AND sha256 <> $3 LIMIT 1",
                     {study_id, arrival.facts.sop_instance_uid, arrival.file.sha256})
              .empty();
}

void update_study(Transaction& transaction, const Addition& study, std::int64_t now_ms) {
  transaction.execute(
      "UPDATE studies SET state = 'open', closed_ms = NULL, instance_count = instance_count + $1, "
      "size_bytes = size_bytes + $2, modalities = $3, received_ms = $4 WHERE id = $5",
      {study.count, study.size_bytes, joined(study.modalities), now_ms, study.id});
}

}  // namespace

Checked check_instance(StagedFile file) {
  InstanceCheck check = read_instance_facts(file.path.get());
  if (check.reason)
    return {std::nullopt, Received{Received::Kind::rejected, check.reason, std::move(check.facts), {}, {}}};
  return {Arrival{std::move(file), std::move(check.facts)}, {}};
}

void Receiver::require_open(const Origin& origin) const {
  in_transaction(database_, Access::read, [&](Transaction& transaction) { require_enabled(transaction, origin); });
}

Received Receiver::receive(const Origin& origin, StagedFile file) {
  Checked checked = check_instance(std::move(file));
  if (!checked.arrival) return std::move(checked.rejection);
  std::vector<Arrival> one;
  one.push_back(std::move(*checked.arrival));
  return std::move(store(origin, std::move(one)).at(0));
}

std::vector<Received> Receiver::store(const Origin& origin, std::vector<Arrival> arrivals) {
  if (arrivals.empty()) return {};
  for (const Arrival& arrival : arrivals) arrival.file.sync();  // side by side with the other callers
  Batch batch{origin, arrivals};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&batch);
  while (!batch.is_done) {
    if (is_committing_) {
      finished_.wait(lock);
      continue;
    }
    // Whoever finds nobody at work does it for all that wait.
    is_committing_ = true;
    const std::size_t count = std::min(kMaxBatches, waiting_.size());
    const std::vector<Batch*> taken(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    lock.unlock();
    commit_together(taken);
    lock.lock();
    for (Batch* done : taken) done->is_done = true;
    is_committing_ = false;
    finished_.notify_all();
  }
  lock.unlock();
  if (batch.error) std::rethrow_exception(batch.error);
  return std::move(batch.results);
}

std::size_t Receiver::waiting_count() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void Receiver::commit_together(const std::vector<Batch*>& batches) {
  try {
    std::vector<StagedFile*> files;
    for (const Batch* batch : batches) {
      for (Arrival& arrival : batch->arrivals) files.push_back(&arrival.file);
    }
    crash_point("receive.staged");
    const ContentStore::Hold hold = content_.keep(files);
    crash_point("receive.kept");
    if (batches.size() > 1 && commit(batches)) return;
    for (Batch* batch : batches) commit({batch});  // one that cannot be stored does not take the others with it
  } catch (...) {
    for (Batch* batch : batches) batch->error = std::current_exception();
  }
}

bool Receiver::commit(const std::vector<Batch*>& batches) {
  try {
    in_transaction(database_, Access::write, [&](Transaction& transaction) {
      for (Batch* batch : batches) write_rows(transaction, *batch);
      crash_point("receive.before_commit");
    });
    crash_point("receive.after_commit");
    return true;
  } catch (...) {
    if (batches.size() == 1) batches[0]->error = std::current_exception();
    return false;
  }
}

void Receiver::write_rows(Transaction& transaction, Batch& batch) {
  require_enabled(transaction, batch.origin);
  const std::int64_t now_ms = clock_.now_ms();
  std::map<std::string, Addition> studies;  // by UID, so that all transactions lock them in one order
  for (const Arrival& arrival : batch.arrivals) studies.emplace(arrival.facts.study_uid, Addition{});
  for (auto& [uid, study] : studies) study = open_study(transaction, batch.origin, uid, now_ms);
  batch.results.clear();
  for (const Arrival& arrival : batch.arrivals) {
    Addition& study = studies.at(arrival.facts.study_uid);
    const bool is_new = add_instance(transaction, study, arrival, batch.origin.source, now_ms);
    batch.results.push_back({is_new ? Received::Kind::stored : Received::Kind::duplicate,
                             {},
                             arrival.facts,
                             study.id,
                             has_other_bytes(transaction, study.id, arrival)});
    if (!is_new) continue;
    study.count += 1;
    study.size_bytes += static_cast<std::int64_t>(arrival.file.size_bytes);
    if (!arrival.facts.modality.empty()) study.modalities.insert(arrival.facts.modality);
  }
  for (const auto& [uid, study] : studies) {
    if (study.count == 0) continue;
    update_study(transaction, study, now_ms);
    const std::string_view kind = study.state == "new" ? "study.opened" : "study.reopened";
    if (study.state != "open") {
      ledger_.append(
          transaction,
          {kind, batch.origin.organisation_id, batch.origin.actor, study.id, {{"source", batch.origin.source}}});
    }
  }
}

}  // namespace naru::server
