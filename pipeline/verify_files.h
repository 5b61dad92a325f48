/// What `naru verify` does for datasets of every kind: each file against SHA256SUMS, no file missing, none added
/// but the receipt of a dataset that a server delivered.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "pipeline/files.h"
#include "pipeline/verify.h"

namespace naru {

/// JSON that anybody may have written. What is nested deeper than anything of ours is left out: whatever goes through
/// it takes one more frame of the stack for each level. Discarded where it is no JSON.
nlohmann::ordered_json parse_foreign(std::string_view text);

/// True for a path that could lead out of the dataset.
bool leaves_dataset(const std::string& path);

/// Collects the differences of one dataset.
class VerifyFiles {
 public:
  explicit VerifyFiles(std::filesystem::path dataset) : dataset_(std::move(dataset)) {}

  const std::filesystem::path& dataset() const { return dataset_; }

  /// The whole text of a document. @throws Error{dataset_invalid} where it cannot be read
  std::string document(const std::string& name) const;

  /// dataset.json, parsed once; discarded where it is no JSON. @throws Error{dataset_invalid} where it cannot be read
  const nlohmann::ordered_json& dataset_json();

  /// True where dataset.json says that it describes de-identified DICOM. @throws as dataset_json
  bool is_deid_dataset();

  void differ(std::string_view file, std::string_view what);

  /// Compares the names in SHA256SUMS with the files that are there. @throws Error{dataset_invalid}
  void check_names();

  /// As check_names, and hashes every file that SHA256SUMS names, in parallel. @throws Error{dataset_invalid, canceled}
  void check_sums(Executor& executor, const CancelToken& cancel, const OnProgress& on_progress);

  /// Names each document that is neither there nor in SHA256SUMS, which the others do not tell of. @pre check_sums.
  /// @throws Error{dataset_invalid}
  void check_documents();

  /// Calls `take` with each line of manifest.jsonl, discarded where it is no JSON. Then names each file of SHA256SUMS
  /// that is no document of such a dataset and that no line names: nobody vouches for it, whatever its sum.
  /// @pre check_names or check_sums. @throws Error{dataset_invalid}, and what `take` throws
  void read_manifest(const std::function<void(const nlohmann::ordered_json& line)>& take);

  /// What SHA256SUMS says, by path; filled by check_sums.
  const std::map<std::string, std::string>& sums() const { return sums_; }

  /// What a file holds, read by check_sums, or now where SHA256SUMS does not name it. Empty where it cannot be read.
  std::optional<FileFacts> facts(const std::string& path) const;

  VerifyResult result;

 private:
  std::set<std::string> documents();  ///< beside SHA256SUMS
  void read_sums();
  void check_no_strangers(const std::filesystem::path& folder);

  std::filesystem::path dataset_;
  std::map<std::string, std::string> sums_;
  std::map<std::string, std::optional<FileFacts>> facts_;  ///< of those that SHA256SUMS names
  std::optional<nlohmann::ordered_json> dataset_json_;
};

/// For --resume where OUT stands already. @throws Error{dataset_invalid} where a file of it is missing, was changed or
/// was added since; Error{canceled}
void require_unchanged(const std::filesystem::path& out, Executor& executor, const CancelToken& cancel,
                       const OnProgress& on_progress);

}  // namespace naru
