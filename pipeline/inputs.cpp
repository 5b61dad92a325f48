#include "pipeline/inputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "dicom/dicomdir.h"
#include "pipeline/files.h"

namespace naru {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxDicomdirBytes = std::size_t{64} << 20;

class Lister {
 public:
  explicit Lister(std::span<const fs::path> excluded) {
    for (const fs::path& path : excluded) excluded_.push_back(fs::weakly_canonical(path));
  }

  /// @param position of the argument, from 1, for messages
  void add_argument(const fs::path& argument, std::size_t position) {
    std::error_code failure;
    const fs::file_status status = fs::status(argument, failure);
    if (failure == std::errc::permission_denied) throw unreadable(position);
    if (!fs::exists(status)) {
      throw Error(ErrorCode::input_missing, fmt::format("INPUT {} does not exist: check its spelling", position));
    }
    if (::access(argument.c_str(), R_OK) != 0) throw unreadable(position);
    if (fs::is_directory(status)) {
      add_folder(argument);
    } else {
      files.push_back({argument, std::nullopt});
      if (is_dicomdir_name(argument)) add_referenced(argument);
    }
  }

  std::vector<InputFile> files;

 private:
  static Error unreadable(std::size_t position) {
    return Error(
        ErrorCode::input_unreadable,
        fmt::format("INPUT {} may not be read: check its permissions (it must be readable for this user)", position));
  }

  static bool is_dicomdir_name(const fs::path& path) { return path.filename() == "DICOMDIR"; }

  bool is_excluded(const fs::path& folder) const {
    if (excluded_.empty()) return false;
    std::error_code failure;
    const fs::path canonical = fs::weakly_canonical(folder, failure);
    return std::ranges::find(excluded_, canonical) != excluded_.end();
  }

  void add_folder(const fs::path& folder) {
    if (is_excluded(folder)) return;
    std::error_code failure;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(folder, failure), end; !failure && it != end; it.increment(failure)) {
      entries.push_back(*it);
    }
    if (failure) {
      files.push_back({folder, Code::unreadable});
      return;
    }
    std::ranges::sort(entries, {}, [](const fs::directory_entry& entry) { return entry.path().native(); });
    for (const fs::directory_entry& entry : entries) add_entry(entry);
  }

  void add_entry(const fs::directory_entry& entry) {
    std::error_code failure;
    const bool is_link = entry.is_symlink(failure);
    if (entry.is_directory(failure)) {
      if (!is_link) add_folder(entry.path());
    } else if (entry.is_regular_file(failure) || is_link) {
      const bool usable = entry.is_regular_file(failure);  // follows the link
      files.push_back({entry.path(), usable ? std::nullopt : std::optional(Code::unreadable)});
    }
  }

  /// A DICOMDIR given by itself stands for the file-set: the files that it references, beside it.
  void add_referenced(const fs::path& dicomdir) {
    const auto bytes = read_file(dicomdir, kMaxDicomdirBytes);
    if (!bytes) return;  // its own line will say so
    const auto references = dicom::referenced_files(std::as_bytes(std::span(*bytes)));
    for (const std::string& reference : references.value_or(std::vector<std::string>{})) {
      const fs::path file = dicomdir.parent_path() / reference;
      std::error_code failure;
      const bool usable = fs::is_regular_file(file, failure) && ::access(file.c_str(), R_OK) == 0;
      files.push_back({file, usable ? std::nullopt : std::optional(Code::unreadable)});
    }
  }

  std::vector<fs::path> excluded_;
};

}  // namespace

std::vector<InputFile> list_inputs(std::span<const std::string> arguments, std::istream& standard_input,
                                   std::span<const fs::path> excluded) {
  Lister lister(excluded);
  std::size_t position = 0;
  for (const std::string& argument : arguments) {
    if (argument != "-") {
      lister.add_argument(argument, ++position);
      continue;
    }
    for (std::string line; std::getline(standard_input, line);) {
      if (!line.empty()) lister.add_argument(line, ++position);
    }
  }
  if (lister.files.empty()) {
    throw Error(ErrorCode::input_empty, "no files in INPUT: give a folder that holds DICOM files");
  }
  return std::move(lister.files);
}

}  // namespace naru
