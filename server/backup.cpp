#include "server/backup.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "pipeline/files.h"
#include "server/config.h"
#include "server/store/backup.h"
#include "server/store/database.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

/// What is kept beside the database. `content/incoming` holds what is not acknowledged, and stays out.
constexpr std::array<std::string_view, 4> kFolders = {"content", "datasets", "receipts", "reports"};
constexpr std::string_view kIncoming = "incoming";
constexpr std::size_t kMaxJsonBytes = 65536;

void make_private_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) throw write_error(failure.value(), "a folder of the backup");
  fs::permissions(folder, fs::perms::owner_all, failure);
}

/// Links where the file systems allow it and `may_link`, else copies.
void add_file(const fs::path& from, const fs::path& to, bool may_link) {
  std::error_code failure;
  if (fs::exists(to, failure)) return;
  if (may_link) fs::create_hard_link(from, to, failure);
  if (!may_link || failure) {
    failure.clear();
    fs::copy_file(from, to, failure);
  }
  // What was destroyed a moment ago is in the database's copy as destroyed.
  if (failure && failure != std::errc::no_such_file_or_directory) throw write_error(failure.value(), "a backup");
}

void add_tree(const fs::path& from, const fs::path& to, bool may_link, BackupFacts* facts) {
  std::error_code failure;
  if (!fs::is_directory(from, failure)) return;
  make_private_folder(to);
  for (auto entry = fs::recursive_directory_iterator(from, failure); entry != fs::recursive_directory_iterator();
       entry.increment(failure)) {
    const fs::path place = to / entry->path().lexically_relative(from);
    if (entry->is_directory() && entry.depth() == 0 && entry->path().filename() == kIncoming) {
      entry.disable_recursion_pending();
    } else if (entry->is_directory()) {
      make_private_folder(place);
    } else if (entry->is_regular_file()) {
      add_file(entry->path(), place, may_link);
      if (facts != nullptr) ++facts->file_count, facts->size_bytes += entry->file_size(failure);
    }
  }
}

}  // namespace

BackupFacts write_backup(const Config& config, Database& database, const fs::path& out, std::int64_t now_ms) {
  std::error_code failure;
  if (fs::exists(out, failure)) {
    throw Error(ErrorCode::output_exists, fmt::format("{} exists; give a new folder", out.string()));
  }
  const fs::path partial = out.string() + ".partial";
  fs::remove_all(partial, failure);
  make_private_folder(partial);
  // Files first, the database, then files again: every row of the copy then has its file.
  for (const std::string_view folder : kFolders) add_tree(config.data / folder, partial / folder, true, nullptr);
  database.backup((partial / "database").string());
  BackupFacts facts;
  for (const std::string_view folder : kFolders) add_tree(config.data / folder, partial / folder, true, &facts);
  const nlohmann::ordered_json json = {{"schema", "naru.backup/1"},
                                       {"engine", database.engine()},
                                       {"created_ms", now_ms},
                                       {"file_count", facts.file_count},
                                       {"size_bytes", facts.size_bytes}};
  write_file(partial / "backup.json", json_line(json));
  sync_file_system(partial);
  fs::rename(partial, out, failure);
  if (failure) throw write_error(failure.value(), "the backup");
  sync_file_system(out);
  return facts;
}

BackupFacts restore_backup(const Config& config, const fs::path& backup) {
  const auto text = read_file(backup / "backup.json", kMaxJsonBytes);
  const auto json = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!json.is_object() || json.value("schema", "") != "naru.backup/1") {
    throw Error(ErrorCode::dataset_invalid,
                fmt::format("{} is no backup of Naru: backup.json is missing", backup.string()));
  }
  std::error_code failure;
  for (const std::string_view folder : kFolders) {
    if (fs::exists(config.data / folder, failure)) {
      throw Error(ErrorCode::output_exists, "the data folder is not empty; give a new one with --data");
    }
  }
  make_private_folder(config.data);
  BackupFacts facts;
  for (const std::string_view folder : kFolders) add_tree(backup / folder, config.data / folder, false, &facts);
  restore_database(database_url(config), backup / "database", false);
  sync_file_system(config.data);
  return facts;
}

}  // namespace naru::server
