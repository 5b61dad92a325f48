#include "pipeline/verify_files.h"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <sstream>
#include <vector>

#include "core/receipt.h"

namespace naru {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxDocumentBytes = std::size_t{4} << 30;
constexpr std::int64_t kFilesAtOnce = 16;

bool holds_receipt(const fs::path& file) {
  std::error_code failure;
  if (!fs::is_regular_file(file, failure)) return false;
  const auto text = read_file(file, kMaxReceiptBytes);
  return text && is_receipt(*text);
}

/// The text under `key`; null where there is none, in what is no object too.
const std::string* text_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? nullptr : found->get_ptr<const std::string*>();
}

}  // namespace

Json parse_foreign(std::string_view text) {
  constexpr int kMostNested = 32;
  return Json::parse(
      text, [](int depth, Json::parse_event_t, Json&) { return depth <= kMostNested; }, false);
}

bool leaves_dataset(const std::string& path) { return path.find("..") != std::string::npos || path.starts_with('/'); }

std::string VerifyFiles::document(const std::string& name) const {
  auto text = read_file(dataset_ / name, kMaxDocumentBytes);
  if (!text) throw Error(ErrorCode::dataset_invalid, fmt::format("no readable {}: this is no Naru dataset", name));
  return std::move(*text);
}

void VerifyFiles::differ(std::string_view file, std::string_view what) {
  result.differences.push_back(fmt::format("{}: {}", file, what));
}

void VerifyFiles::read_sums() {
  std::istringstream sums(document("SHA256SUMS"));
  for (std::string line; std::getline(sums, line);) {
    if (line.size() < 67 || line.compare(64, 2, "  ") != 0) {
      differ("SHA256SUMS", "holds a line that is no checksum");
      continue;
    }
    const std::string path = line.substr(66);
    const bool is_new = sums_.emplace(path, line.substr(0, 64)).second;
    // One file, one name: "images/./a.nii" beside "images/a.nii" would count it twice.
    if (!is_new || fs::path(path).lexically_normal().string() != path) {
      differ("SHA256SUMS", "names a file twice, or by a path that is not plain");
    }
  }
}

void VerifyFiles::check_names() {
  read_sums();
  check_no_strangers(dataset_);
}

void VerifyFiles::check_sums(Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) {
  check_names();
  std::vector<const std::string*> paths;
  for (const auto& [path, sha256] : sums_) paths.push_back(&path);
  std::vector<std::optional<FileFacts>> found(paths.size());
  Progress progress{"checking files", 0, paths.size(), "files", 0};
  std::mutex progress_mutex;
  executor.parallel_for(static_cast<std::int64_t>(paths.size()), kFilesAtOnce,
                        [&](std::int64_t begin, std::int64_t end) {
                          std::uint64_t bytes = 0;
                          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
                            cancel.throw_if_canceled();
                            if (!leaves_dataset(*paths[i])) found[i] = hash_file(dataset_ / *paths[i]);
                            if (found[i]) bytes += found[i]->size_bytes;
                          }
                          const std::lock_guard lock(progress_mutex);
                          progress.done += static_cast<std::uint64_t>(end - begin);
                          progress.bytes += bytes;
                          on_progress(progress);
                        });
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (leaves_dataset(*paths[i])) {
      differ("SHA256SUMS", "names a path outside the dataset");
    } else if (!found[i]) {
      differ(*paths[i], "is missing or unreadable");
    } else if (found[i]->sha256 != sums_.at(*paths[i])) {
      differ(*paths[i], "has another SHA-256 than SHA256SUMS says");
    }
    facts_[*paths[i]] = std::move(found[i]);
  }
  result.file_count = paths.size();
}

std::optional<FileFacts> VerifyFiles::facts(const std::string& path) const {
  const auto known = facts_.find(path);
  return known == facts_.end() ? hash_file(dataset_ / path) : known->second;
}

const Json& VerifyFiles::dataset_json() {
  if (!dataset_json_) dataset_json_ = parse_foreign(document("dataset.json"));
  return *dataset_json_;
}

bool VerifyFiles::is_deid_dataset() {
  const std::string* const schema = text_at(dataset_json(), "schema");
  return schema != nullptr && *schema == "naru.deid-dataset/1";
}

std::set<std::string> VerifyFiles::documents() {
  std::set<std::string> names = {"README.md", "dataset.json", "manifest.jsonl"};
  if (!is_deid_dataset()) names.insert("croissant.json");
  return names;
}

void VerifyFiles::check_documents() {
  std::error_code failure;
  for (const std::string& name : documents()) {
    if (!sums_.contains(name) && !fs::exists(dataset_ / name, failure)) differ(name, "is missing");
  }
}

void VerifyFiles::read_manifest(const std::function<void(const Json& line)>& take) {
  std::set<std::string> named = documents();
  const auto add = [&](const std::string* path) {
    if (path != nullptr) named.insert(*path);
  };
  std::istringstream manifest(document("manifest.jsonl"));
  for (std::string text; std::getline(manifest, text);) {
    const Json line = parse_foreign(text);
    add(text_at(line, "file"));  // of de-identified DICOM
    add(text_at(line, "image"));
    if (const auto mask = line.find("redaction"); mask != line.end()) add(text_at(*mask, "image"));
    take(line);
  }
  for (const auto& [file, sha256] : sums_) {
    if (!named.contains(file)) differ(file, "is in SHA256SUMS but not in manifest.jsonl");
  }
}

void VerifyFiles::check_no_strangers(const fs::path& folder) {
  std::error_code failure, ignored;  // an entry whose kind cannot be read counts as a file
  fs::directory_iterator entry(folder, failure);
  if (!failure && entry == fs::directory_iterator()) {
    differ(folder.lexically_relative(dataset_).string(), "is a folder without a file");  // its name may say anything
  }
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    const std::string path = entry->path().lexically_relative(dataset_).string();
    if (entry->is_symlink(ignored)) {
      differ(path, "is a symbolic link, and leads to what is no part of the dataset");
      continue;
    }
    if (entry->is_directory(ignored)) {
      check_no_strangers(entry->path());
      continue;
    }
    if (path == "SHA256SUMS" || sums_.contains(path)) continue;
    if (path == kReceiptFile && holds_receipt(entry->path())) continue;  // of a dataset that a server delivered
    differ(path, "is not in SHA256SUMS");
  }
  if (failure) differ(folder.lexically_relative(dataset_).string(), "is a folder that cannot be listed");
}

void require_unchanged(const fs::path& out, Executor& executor, const CancelToken& cancel,
                       const OnProgress& on_progress) {
  VerifyFiles files(out);
  files.check_sums(executor, cancel, on_progress);
  files.read_manifest([](const Json&) {});
  const std::vector<std::string>& differences = files.result.differences;
  if (differences.empty()) return;
  throw Error(ErrorCode::dataset_invalid,  // without a name: what a file is called may name a patient
              fmt::format("OUT was finished, and changed since ({} differences, which naru verify lists): bring back "
                          "what it was, or make it anew with --force",
                          differences.size()));
}

}  // namespace naru
