#include "server/backup_check.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "pipeline/files.h"
#include "server/backup.h"
#include "server/store/copied_rows.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

enum class State { whole, missing, differs };

State state_of(const fs::path& file, const std::string& sha256, const std::string& size_bytes, bool reads_bytes) {
  std::error_code failure;
  const auto size = fs::file_size(file, failure);
  if (failure || std::to_string(size) != size_bytes) return State::missing;
  if (!reads_bytes) return State::whole;
  const auto facts = hash_file(file);
  return facts && facts->sha256 == sha256 ? State::whole : State::differs;
}

}  // namespace

FsckResult check_backup(const fs::path& backup, bool reads_bytes) {
  const std::string engine = read_backup_facts(backup).engine;
  const fs::path copy = backup / "database";
  FsckResult result;
  each_copied_row(engine, copy, "blobs", {"sha256", "size_bytes"}, [&](CopiedRow row) {
    ++result.counts["instances"];
    const fs::path file = backup / "content" / row[0].substr(0, 2) / row[0];
    const State state = state_of(file, row[0], row[1], reads_bytes);
    if (state == State::missing) result.problems.push_back({"content_missing", row[0]});
    if (state == State::differs) result.problems.push_back({"content_differs", row[0]});
  });
  std::map<std::string, State, std::less<>> published;
  each_copied_row(engine, copy, "datasets", {"id", "state"}, [&](CopiedRow row) {
    if (row[1] == "published") published.emplace(row[0], State::whole);
  });
  each_copied_row(engine, copy, "dataset_files", {"object_id", "dataset_id", "path", "sha256", "size_bytes"},
                  [&](CopiedRow row) {
                    const auto dataset = published.find(row[1]);
                    if (dataset == published.end()) return;
                    const State state = state_of(backup / "datasets" / row[1] / row[2], row[3], row[4], reads_bytes);
                    if (state != State::whole && dataset->second != State::missing) dataset->second = state;
                  });
  result.counts["datasets"] = published.size();
  for (const auto& [id, state] : published) {
    if (state == State::missing) result.problems.push_back({"dataset_not_whole", id});
    if (state == State::differs) result.problems.push_back({"dataset_differs", id});
  }
  return result;
}

}  // namespace naru::server
