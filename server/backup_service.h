/// Backups that the running server makes: when somebody asks for one, and by a schedule.
///
///   waiting --> running --> complete | incomplete | failed;   complete, incomplete --keep--> removed
///
/// `incomplete` is a backup that holds all there is, while the database names files that are not there: `naru admin
/// fsck` says which. Every end writes a leaf of the ledger. A row outlives its folder.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/cancel.h"

namespace naru::server {

struct PageRequest;
struct Services;
class Transaction;

struct BackupRow {
  std::string id;  ///< "backup-20261126T164500Z-..." names its folder too, and sorts by time
  std::string state, created_by;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> started_ms{}, ended_ms{};
  std::uint64_t file_count = 0, size_bytes = 0, missing_count = 0;
  std::optional<std::string> error_code{};
};

/// A new row in state waiting, with its leaf. @param actor a user's id, or "server"
/// @throws Error{conflict} without a folder in the configuration, or while another waits or runs
BackupRow request_backup(Services& services, Transaction& transaction, const std::string& actor);

std::optional<BackupRow> find_backup(Transaction& transaction, const std::string& id);
/// The oldest first.
std::vector<BackupRow> list_backups(Transaction& transaction, const PageRequest& page);
nlohmann::ordered_json to_json(const BackupRow& backup);

/// Works on one backup at a time.
class BackupService {
 public:
  /// What a killed server left is cleared away; a backup that it had published counts.
  explicit BackupService(Services& services);
  ~BackupService();  ///< breaks off a backup that is under way; it counts as failed
  BackupService(const BackupService&) = delete;

  void start();  ///< from now on it looks for work once a second, on a thread of its own

  /// Does what is to be done now: asks for a backup where the schedule says so, and makes the one that waits. Not
  /// beside `start`.
  /// @return whether one was made
  bool work_once();

 private:
  void loop();
  void recover();
  void ask_by_schedule();
  void make(const BackupRow& backup);
  void remove_old();

  Services& services_;
  CancelToken cancel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false, has_failed_ = false;
  std::thread thread_;
};

}  // namespace naru::server
