#include "server/backup.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "pipeline/files.h"
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
/// There while a restore is under way: what lies beside it then is of the backup alone.
constexpr std::string_view kRestoring = "restore.unfinished";
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

void remove_restored(const Config& config) {
  std::error_code failure;
  for (std::string_view folder : kFolders) fs::remove_all(config.data / folder, failure);
}

}  // namespace

BackupFacts write_backup(const Config& config, Database& database, const fs::path& out, std::int64_t now_ms,
                         const BackupOptions& options, const CancelToken& cancel) {
  std::error_code failure;
  if (fs::exists(out, failure)) {
    throw Error(ErrorCode::output_exists, fmt::format("{} exists; give a new folder", out.string()));
  }
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
  read_backup_facts(backup);
  const bool was_killed = is_restore_unfinished(config);
  if (was_killed) remove_restored(config);
  std::error_code failure;
  for (std::string_view folder : kFolders) {
    if (fs::exists(config.data / folder, failure)) {
      throw Error(ErrorCode::output_exists, "the data folder is not empty; give a new one with --data");
    }
  }
  if (!was_killed) require_no_database(database_url(config));  // so that the next try may replace what there is then
  make_private_folder(config.data);
  write_file(config.data / kRestoring, "");
  sync_file_system(config.data);
  BackupFacts facts;
  const CancelToken never;
  try {
    for (std::string_view folder : kFolders) {
      bring_tree(backup / folder, config.data / folder, Way::copy, never, &facts);
    }
    restore_database(database_url(config), backup / "database", was_killed);
    sync_file_system(config.data);
  } catch (...) {  // all of them were made above: what is left would keep the next try from it
    remove_restored(config);
    fs::remove(config.data / kRestoring, failure);
    throw;
  }
  fs::remove(config.data / kRestoring, failure);
  if (failure) throw write_error(failure.value(), "the data folder");
  return facts;
}

}  // namespace naru::server
