#include "server/backup_service.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/error.h"
#include "core/log.h"
#include "server/audit/ledger.h"
#include "server/auth/accounts.h"
#include "server/backup.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/random_id.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kLook{1};
constexpr std::string_view kPrefix = "backup-", kPartial = ".partial";
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::string_view kColumns =
    "id, state, created_by, created_ms, started_ms, ended_ms, file_count, size_bytes, missing_count, error_code";

BackupRow backup_of(const Row& row) {
  BackupRow backup{row.text(0), row.text(1), row.text(2), row.integer(3), row.integer_if(4), row.integer_if(5)};
  backup.file_count = static_cast<std::uint64_t>(row.integer(6));
  backup.size_bytes = static_cast<std::uint64_t>(row.integer(7));
  backup.missing_count = static_cast<std::uint64_t>(row.integer(8));
  backup.error_code = row.text_if(9);
  return backup;
}

std::vector<BackupRow> in_state(Transaction& transaction, const std::string& state) {
  std::vector<BackupRow> backups;
  for (const Row& row :
       transaction.query(fmt::format("SELECT {} FROM backups WHERE state = $1 ORDER BY id", kColumns), {state})) {
    backups.push_back(backup_of(row));
  }
  return backups;
}

std::string new_id(std::int64_t now_ms) {
  constexpr std::size_t kRandomDigits = 8;
  const std::string random = random_id("").substr(1, kRandomDigits);
  const auto seconds = static_cast<std::time_t>(now_ms / 1000);
  return fmt::format("{}{:%Y%m%dT%H%M%SZ}-{}", kPrefix, fmt::gmtime(seconds), random);
}

void append(Services& services, Transaction& transaction, std::string_view kind, const std::string& actor,
            const std::string& id, nlohmann::ordered_json detail = nlohmann::ordered_json::object()) {
  const Rows rows = transaction.query("SELECT id FROM organisations WHERE kind = 'operator'");
  services.ledger.append(transaction, {kind, rows.empty() ? "" : rows.front().text(0), actor, id, std::move(detail)});
}

fs::path folder_of(const Services& services, const std::string& id) { return services.config.backup.folder / id; }

/// Ends the backup with what came of it.
void end(Services& services, const std::string& id, const BackupFacts& facts) {
  const std::string state = facts.missing_count == 0 ? "complete" : "incomplete";
  in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    transaction.execute(
        "UPDATE backups SET state = $1, ended_ms = $2, file_count = $3, size_bytes = $4, missing_count = $5 "
        "WHERE id = $6",
        {state, services.clock.now_ms(), value_of(facts.file_count), value_of(facts.size_bytes),
         value_of(facts.missing_count), id});
    append(
        services, transaction, "backup.completed", "server", id,
        {{"file_count", facts.file_count}, {"size_bytes", facts.size_bytes}, {"missing_count", facts.missing_count}});
  });
  if (facts.missing_count > 0) {
    log::warning("{} lacks {} files that the database names; run naru admin fsck", Public{id}, facts.missing_count);
  }
}

void end_as_failed(Services& services, const std::string& id, ErrorCode code) {
  in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    transaction.execute("UPDATE backups SET state = 'failed', ended_ms = $1, error_code = $2 WHERE id = $3",
                        {services.clock.now_ms(), std::string(name(code)), id});
    append(services, transaction, "backup.failed", "server", id, {{"code", name(code)}});
  });
  log::warning("{} failed: {}", Public{id}, Public{name(code)});
}

}  // namespace

BackupRow request_backup(Services& services, Transaction& transaction, const std::string& actor) {
  if (services.config.backup.folder.empty()) {
    throw Error(ErrorCode::conflict, "no folder for backups is configured: set [backup] folder and restart");
  }
  const Rows rows = transaction.query("SELECT id FROM backups WHERE state IN ('waiting', 'running')");
  if (!rows.empty()) throw Error(ErrorCode::conflict, fmt::format("{} is under way", rows.front().text(0)));
  const std::int64_t now_ms = services.clock.now_ms();
  BackupRow backup{new_id(now_ms), "waiting", actor, now_ms};
  transaction.execute(
      "INSERT INTO backups (id, state, created_by, created_ms, file_count, size_bytes, missing_count) "
      "VALUES ($1, $2, $3, $4, 0, 0, 0)",
      {backup.id, backup.state, actor, now_ms});
  append(services, transaction, "backup.requested", actor, backup.id);
  return backup;
}

std::optional<BackupRow> find_backup(Transaction& transaction, const std::string& id) {
  const Rows rows = transaction.query(fmt::format("SELECT {} FROM backups WHERE id = $1", kColumns), {id});
  return rows.empty() ? std::nullopt : std::optional(backup_of(rows.front()));
}

std::vector<BackupRow> list_backups(Transaction& transaction, const PageRequest& page) {
  std::vector<BackupRow> backups;
  for (const Row& row :
       transaction.query(fmt::format("SELECT {} FROM backups WHERE id > $1 ORDER BY id LIMIT $2", kColumns),
                         {page.after, page.limit})) {
    backups.push_back(backup_of(row));
  }
  return backups;
}

nlohmann::ordered_json to_json(const BackupRow& backup) {
  nlohmann::ordered_json json = {{"schema", "naru.server-backup/1"},
                                 {"id", backup.id},
                                 {"state", backup.state},
                                 {"created_by", backup.created_by},
                                 {"created_ms", backup.created_ms}};
  if (backup.started_ms) json["started_ms"] = *backup.started_ms;
  if (backup.ended_ms) json["ended_ms"] = *backup.ended_ms;
  if (backup.error_code) json["error_code"] = *backup.error_code;
  json["file_count"] = backup.file_count;
  json["size_bytes"] = backup.size_bytes;
  json["missing_count"] = backup.missing_count;
  return json;
}

BackupService::BackupService(Services& services) : services_(services) {
  recover();
  std::error_code failure;
  for (fs::directory_iterator it(services.config.backup.folder, failure), end; !failure && it != end;
       it.increment(failure)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(kPartial)) continue;
    remove_unfinished_backup(services.config, services.config.backup.folder / it->path().stem());
  }
}

void BackupService::start() {
  thread_ = std::thread([this] { loop(); });
}

BackupService::~BackupService() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  cancel_.cancel();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void BackupService::loop() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kLook, [this] { return is_ending_; })) {
    lock.unlock();
    std::string_view code;
    try {
      work_once();
    } catch (const Error& error) {
      code = name(error.code());
    } catch (const std::exception&) {
      code = name(ErrorCode::internal);
    }
    if (!code.empty() && !has_failed_) log::warning("backups do not work now: {}", Public{code});
    has_failed_ = !code.empty();
    lock.lock();
  }
}

bool BackupService::work_once() {
  recover();
  ask_by_schedule();
  const auto waiting = in_transaction(services_.database, Access::read,
                                      [](Transaction& transaction) { return in_state(transaction, "waiting"); });
  if (waiting.empty()) return false;
  make(waiting.front());
  remove_old();
  return true;
}

/// Rows that say running while nothing runs: of a server that was killed, or of an end that the database missed.
void BackupService::recover() {
  const auto left = in_transaction(services_.database, Access::read,
                                   [](Transaction& transaction) { return in_state(transaction, "running"); });
  for (const BackupRow& backup : left) {
    const fs::path folder = folder_of(services_, backup.id);
    std::error_code failure;
    if (!services_.config.backup.folder.empty() && fs::exists(folder, failure)) {
      end(services_, backup.id, read_backup_facts(folder));
    } else {
      end_as_failed(services_, backup.id, ErrorCode::canceled);
    }
    remove_unfinished_backup(services_.config, folder);
  }
}

void BackupService::ask_by_schedule() {
  const BackupConfig& config = services_.config.backup;
  if (config.every_hours == 0) return;
  const std::int64_t now_ms = services_.clock.now_ms();
  const auto [good_ms, tried_ms] = in_transaction(services_.database, Access::read, [&](Transaction& transaction) {
    // What is of a time to come was made before the clock was set back, and keeps nothing from being made now.
    const Rows rows = transaction.query(
        "SELECT MAX(CASE WHEN state IN ('complete', 'removed') THEN created_ms END), MAX(created_ms) FROM backups "
        "WHERE created_ms <= $1",
        {now_ms});
    return std::pair(rows.at(0).integer_if(0).value_or(0), rows.at(0).integer_if(1).value_or(0));
  });
  // What failed is tried again after an hour.
  if (now_ms < good_ms + config.every_hours * kHourMs || now_ms < tried_ms + kHourMs) return;
  in_transaction(services_.database, Access::write,
                 [&](Transaction& transaction) { request_backup(services_, transaction, "server"); });
}

void BackupService::make(const BackupRow& backup) {
  const auto [is_ours, earlier] = in_transaction(services_.database, Access::write, [&](Transaction& transaction) {
    const auto changed =
        transaction.execute("UPDATE backups SET state = 'running', started_ms = $1 WHERE id = $2 AND state = 'waiting'",
                            {services_.clock.now_ms(), backup.id});
    const auto good = in_state(transaction, "complete");
    return std::pair(changed == 1, good.empty() ? fs::path() : folder_of(services_, good.back().id));
  });
  if (!is_ours) return;
  try {
    const BackupFacts facts = write_backup(services_.config, services_.database, folder_of(services_, backup.id),
                                           services_.clock.now_ms(), {.earlier = earlier}, cancel_);
    end(services_, backup.id, facts);
  } catch (const Error& error) {
    end_as_failed(services_, backup.id, error.code());
  } catch (const std::exception&) {
    end_as_failed(services_, backup.id, ErrorCode::internal);
  }
}

/// Good ones alone are counted: an incomplete one never pushes out the last good one. One of a time to come, which was
/// made before the clock was set back, is older than all that were made since.
void BackupService::remove_old() {
  auto [good, others] = in_transaction(services_.database, Access::read, [](Transaction& transaction) {
    return std::pair(in_state(transaction, "complete"), in_state(transaction, "incomplete"));
  });
  const auto age_key = [now_ms = services_.clock.now_ms()](const BackupRow& backup) {
    return std::pair(backup.created_ms <= now_ms, std::string_view(backup.id));
  };
  std::ranges::sort(good, {}, age_key);
  std::ranges::sort(others, {}, age_key);
  const auto keep = static_cast<std::size_t>(services_.config.backup.keep);
  if (good.size() <= keep) return;
  const BackupRow oldest_kept = good[good.size() - keep];
  for (const auto& backups : {good, others}) {
    for (const BackupRow& backup : backups) {
      if (age_key(backup) >= age_key(oldest_kept)) break;
      std::error_code failure;
      // Renamed first, so that none is ever seen half removed.
      const fs::path folder = folder_of(services_, backup.id), partial = folder.string() + std::string(kPartial);
      fs::rename(folder, partial, failure);
      fs::remove_all(partial, failure);
      if (failure) throw Error(ErrorCode::output_unwritable, "an old backup cannot be removed");
      in_transaction(services_.database, Access::write, [&](Transaction& transaction) {
        transaction.execute("UPDATE backups SET state = 'removed' WHERE id = $1", {backup.id});
        append(services_, transaction, "backup.removed", "server", backup.id);
      });
    }
  }
}

}  // namespace naru::server
