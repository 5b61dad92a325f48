#include "server/backup.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "pipeline/files.h"
#include "server/backup_check.h"
#include "server/config.h"
#include "server/crash_point.h"
#include "server/store/backup.h"
#include "server/store/copied_rows.h"
#include "server/store/database.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

/// What is kept beside the database. Rows name the files of the first two; `content/incoming` holds what is not
/// acknowledged, and stays out.
constexpr std::array<std::string_view, 2> kNamedFolders = {"content", "datasets"};
constexpr std::array<std::string_view, 2> kOtherFolders = {"receipts", "reports"};
constexpr std::array<std::string_view, 4> kFolders = {kNamedFolders[0], kNamedFolders[1], kOtherFolders[0],
                                                      kOtherFolders[1]};
constexpr std::string_view kIncoming = "incoming", kHold = "backup-hold";
/// The folder in the data folder that a restore fills, laid out as a backup is. What stands beside it is not touched.
constexpr std::string_view kRestoring = "restore.unfinished";
/// In it: the database was empty, so what is there now is the restore's; all is there, and is only to be moved.
constexpr std::string_view kOwnsDatabase = "owns-database", kMoving = "moving";
constexpr std::string_view kUnfinished = "backup.unfinished";  ///< in X.partial, until backup.json is there
constexpr std::size_t kMaxJsonBytes = 65536;
constexpr int kMaxRuns = 3;

void make_private_folder(const fs::path& folder) {
  std::error_code failure;
  if (!fs::create_directories(folder, failure) && !failure) return;
  if (failure) throw write_error(failure.value(), "a folder of the backup");
  fs::permissions(folder, fs::perms::owner_all, failure);
}

enum class Way { link, copy, link_or_copy };

/// @return false where there is no `from`, or it cannot be linked. @throws Error{disk_full, output_unwritable}
bool bring(const fs::path& from, const fs::path& to, Way way) {
  std::error_code failure;
  if (way != Way::copy) {
    fs::create_hard_link(from, to, failure);
    if (!failure || failure == std::errc::file_exists) return true;
    if (way == Way::link || failure == std::errc::no_such_file_or_directory) return false;
  }
  failure.clear();
  fs::copy_file(from, to, failure);
  if (!failure || failure == std::errc::file_exists) return true;
  if (failure == std::errc::no_such_file_or_directory) return false;
  throw write_error(failure.value(), "a backup");
}

/// Files and folders may go while they are read: what is gone is left out.
void bring_tree(const fs::path& from, const fs::path& to, Way way, const CancelToken& cancel, BackupFacts* facts) {
  std::error_code failure;
  fs::directory_iterator entry(from, failure), end;
  if (failure) return;
  make_private_folder(to);
  for (; !failure && entry != end; entry.increment(failure)) {
    cancel.throw_if_canceled();
    std::error_code gone;
    const fs::path name = entry->path().filename();
    if (entry->is_directory(gone)) {
      if (name != kIncoming) bring_tree(entry->path(), to / name, way, cancel, facts);
    } else if (entry->is_regular_file(gone) && bring(entry->path(), to / name, way) && facts != nullptr) {
      ++facts->file_count, facts->size_bytes += fs::file_size(to / name, gone);
    }
  }
}

/// Brings the files that the rows of a copied database name into the backup.
class NamedFiles {
 public:
  NamedFiles(fs::path data, fs::path backup, fs::path earlier, const CancelToken& cancel, BackupFacts& facts)
      : data_(std::move(data)),
        backup_(std::move(backup)),
        earlier_(std::move(earlier)),
        cancel_(cancel),
        facts_(facts) {}

  void bring_all(std::string_view engine) {
    const fs::path copy = backup_ / "database";
    for (std::string_view folder : kNamedFolders) make_private_folder(backup_ / folder);
    each_copied_row(engine, copy, "blobs", {"sha256", "size_bytes"},
                    [this](CopiedRow row) { add(fs::path("content") / row[0].substr(0, 2) / row[0], row[1]); });
    std::map<std::string, bool, std::less<>> is_published;
    each_copied_row(engine, copy, "datasets", {"id", "state"},
                    [&](CopiedRow row) { is_published[row[0]] = row[1] == "published"; });
    each_copied_row(engine, copy, "dataset_files", {"object_id", "dataset_id", "path", "size_bytes"},
                    [&](CopiedRow row) {
                      if (is_published[row[1]]) add(fs::path("datasets") / row[1] / row[2], row[3]);
                    });
  }

 private:
  void add(const fs::path& name, const std::string& size_text) {
    cancel_.throw_if_canceled();
    std::uintmax_t size_bytes = 0;
    std::from_chars(size_text.data(), size_text.data() + size_text.size(), size_bytes);
    const fs::path to = backup_ / name;
    make_private_folder(to.parent_path());
    if (!bring_from_somewhere(name, to, size_bytes) || !has_size(to, size_bytes)) {
      ++facts_.missing_count;
      return;
    }
    ++facts_.file_count, facts_.size_bytes += size_bytes;
  }

  bool bring_from_somewhere(const fs::path& name, const fs::path& to, std::uintmax_t size_bytes) {
    const fs::path live = data_ / name, held = data_ / kHold / name;
    if (bring(live, to, Way::link) || bring(held, to, Way::link)) return true;
    if (!earlier_.empty() && has_size(earlier_ / name, size_bytes) && bring(earlier_ / name, to, Way::link))
      return true;
    return bring(live, to, Way::copy) || bring(held, to, Way::copy);
  }

  static bool has_size(const fs::path& file, std::uintmax_t size_bytes) {
    std::error_code failure;
    return fs::file_size(file, failure) == size_bytes && !failure;
  }

  fs::path data_, backup_, earlier_;
  const CancelToken& cancel_;
  BackupFacts& facts_;
};

BackupFacts fill(const Config& config, Database& database, const fs::path& partial, const BackupOptions& options,
                 const CancelToken& cancel) {
  BackupFacts facts;
  make_private_folder(partial);
  write_file(partial / kUnfinished, "");
  for (std::string_view folder : kNamedFolders) {
    bring_tree(config.data / folder, config.data / kHold / folder, Way::link, cancel, nullptr);
  }
  crash_point("backup.held");
  database.backup((partial / "database").string());
  crash_point("backup.database");
  NamedFiles(config.data, partial, options.earlier, cancel, facts).bring_all(database.engine());
  for (std::string_view folder : kOtherFolders) {
    bring_tree(config.data / folder, partial / folder, Way::link_or_copy, cancel, &facts);
  }
  return facts;
}

fs::path partial_of(const fs::path& out) { return out.string() + ".partial"; }

/// A folder of this name may be anybody's: one of an unfinished backup is empty, or says what it is.
void require_no_foreign(const fs::path& partial) {
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(partial, failure))) return;
  const bool is_ours = fs::is_directory(fs::symlink_status(partial, failure)) &&
                       (fs::is_empty(partial, failure) || fs::exists(partial / kUnfinished, failure) ||
                        fs::exists(partial / "backup.json", failure));
  if (is_ours) return;
  throw Error(ErrorCode::output_exists,
              fmt::format("{} is no unfinished backup: move it away, or give another name", partial.string()));
}

void require_nothing_restored(const fs::path& data) {
  std::error_code failure;
  for (std::string_view folder : {kFolders[0], kFolders[1], kFolders[2], kFolders[3], std::string_view("ledger")}) {
    if (fs::exists(data / folder, failure)) {
      throw Error(ErrorCode::output_exists, "the data folder is not empty; give a new one with --data");
    }
  }
}

/// Copies the backup beside the data, and reads the copy through. @throws Error{dataset_invalid} where it lacks more
/// than backup.json says, or holds other bytes than its database
void stage(const fs::path& backup, const fs::path& staged, const BackupFacts& told) {
  const CancelToken never;
  for (std::string_view folder : kFolders) bring_tree(backup / folder, staged / folder, Way::copy, never, nullptr);
  for (const char* file : {"backup.json", "database"}) {
    if (!bring(backup / file, staged / file, Way::copy))
      throw Error(ErrorCode::input_missing, fmt::format("the backup lacks its {}", file));
  }
  sync_file_system(staged);
  const std::size_t problem_count = check_backup(staged, true).problems.size();
  if (problem_count <= told.missing_count) return;
  throw Error(ErrorCode::dataset_invalid,
              fmt::format("{} things of the backup are missing or changed: naru admin fsck --backup --read names them; "
                          "nothing was restored",
                          problem_count));
}

/// The last step, which one that was killed may have begun.
void move_staged(const fs::path& staged, const fs::path& data) {
  std::error_code failure;
  for (std::string_view folder : kFolders) {
    if (!fs::exists(staged / folder, failure)) continue;
    fs::rename(staged / folder, data / folder, failure);
    if (failure) throw write_error(failure.value(), "a folder of the data");
  }
  sync_file_system(data);
  fs::remove_all(staged, failure);
  if (failure) throw write_error(failure.value(), "the data folder");
}

}  // namespace

BackupFacts write_backup(const Config& config, Database& database, const fs::path& out, std::int64_t now_ms,
                         const BackupOptions& options, const CancelToken& cancel) {
  std::error_code failure;
  if (fs::exists(out, failure)) {
    throw Error(ErrorCode::output_exists, fmt::format("{} exists; give a new folder", out.string()));
  }
  require_no_foreign(partial_of(out));
  BackupFacts facts;
  try {
    for (int run = 1; run == 1 || (facts.missing_count > 0 && run <= kMaxRuns); ++run) {
      remove_unfinished_backup(config, out);
      facts = fill(config, database, partial_of(out), options, cancel);
    }
    const nlohmann::ordered_json json = {{"schema", "naru.backup/1"},      {"engine", database.engine()},
                                         {"created_ms", now_ms},           {"file_count", facts.file_count},
                                         {"size_bytes", facts.size_bytes}, {"missing_count", facts.missing_count}};
    write_file(partial_of(out) / "backup.json", json_line(json));
    fs::remove(partial_of(out) / kUnfinished, failure);
    sync_file_system(partial_of(out));
    crash_point("backup.before_rename");
    fs::rename(partial_of(out), out, failure);
    if (failure) throw write_error(failure.value(), "the backup");
    sync_file_system(out);
    crash_point("backup.after_rename");
  } catch (...) {
    remove_unfinished_backup(config, out);
    throw;
  }
  remove_unfinished_backup(config, out);
  return facts;
}

BackupFacts read_backup_facts(const fs::path& backup) {
  const auto text = read_file(backup / "backup.json", kMaxJsonBytes);
  const auto json = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!json.is_object() || json.value("schema", "") != "naru.backup/1") {
    throw Error(ErrorCode::dataset_invalid,
                fmt::format("{} is no backup of Naru: backup.json is missing", backup.string()));
  }
  const auto count = [&](const char* name) { return json.value(name, std::uint64_t{0}); };
  return {count("file_count"), count("size_bytes"), count("missing_count"), json.value("engine", "sqlite")};
}

void remove_unfinished_backup(const Config& config, const fs::path& out) {
  std::error_code ignored;
  fs::remove_all(partial_of(out), ignored);
  fs::remove_all(config.data / kHold, ignored);
}

bool is_restore_unfinished(const Config& config) {
  std::error_code failure;
  return fs::exists(config.data / kRestoring, failure);
}

BackupFacts restore_backup(const Config& config, const fs::path& backup) {
  const BackupFacts told = read_backup_facts(backup);
  const std::string url = database_url(config), name = fs::absolute(backup).lexically_normal().string();
  if ((told.engine == "sqlite") != url.starts_with("sqlite:")) {
    throw Error(ErrorCode::config_invalid, fmt::format("the backup is one of {}: see database", told.engine));
  }
  const fs::path staged = config.data / kRestoring;
  std::error_code failure;
  if (fs::exists(staged, failure) && !fs::is_directory(fs::symlink_status(staged, failure))) {
    throw Error(ErrorCode::output_exists,
                "restore.unfinished in the data folder is not of a restore; give a new folder");
  }
  if (const auto moving = read_file(staged / kMoving, kMaxJsonBytes)) {
    if (*moving != name) throw Error(ErrorCode::output_exists, fmt::format("finish the restore of {} first", *moving));
    move_staged(staged, config.data);
    return told;
  }
  require_nothing_restored(config.data);
  const bool owns_database = fs::exists(staged / kOwnsDatabase, failure);
  if (!owns_database) require_no_database(url);
  try {
    make_private_folder(staged);
    for (const auto& entry : fs::directory_iterator(staged)) {
      if (entry.path().filename() != kOwnsDatabase) fs::remove_all(entry.path(), failure);
    }
    stage(backup, staged, told);
    write_file(staged / kOwnsDatabase, "");
    sync_file_system(config.data);
    restore_database(url, staged / "database", owns_database);
  } catch (...) {
    // Without it nobody would know, after one that was killed, whose database it is.
    if (!owns_database) fs::remove_all(staged, failure);
    throw;
  }
  write_file(staged / kMoving, name);
  sync_file_system(config.data);
  move_staged(staged, config.data);
  return told;
}

}  // namespace naru::server
