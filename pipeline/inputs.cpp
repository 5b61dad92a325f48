#include "pipeline/inputs.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/ascii_case.h"
#include "core/error.h"
#include "core/log.h"
#include "dicom/dicomdir.h"
#include "pipeline/files.h"

namespace naru {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxDicomdirBytes = std::size_t{64} << 20;

bool is_readable(const fs::path& path) { return ::access(path.c_str(), R_OK) == 0; }

class Lister {
 public:
  explicit Lister(std::span<const fs::path> ours) : ours_(ours) {}

  /// @param position of the argument, from 1, for messages
  /// @param is_listed it is one of many paths on standard input: a missing one is a line, not the end
  void add_argument(const fs::path& argument, std::size_t position, bool is_listed) {
    std::error_code failure;
    const fs::file_status status = fs::status(argument, failure);
    const bool exists = fs::exists(status);
    if (!exists && !is_listed && failure != std::errc::permission_denied) {
      throw Error(ErrorCode::input_missing, fmt::format("INPUT {} does not exist: check its spelling", position));
    }
    const bool is_ours =
        exists && std::ranges::any_of(ours_, [&](const fs::path& f) { return is_inside(argument, f); });
    if (is_ours) {
      throw Error(ErrorCode::usage,
                  fmt::format("INPUT {} lies inside OUT or its report: choose an OUT apart from the inputs", position));
    }
    if (!exists || !is_readable(argument)) {
      files.push_back({argument, Code::unreadable});
    } else if (fs::is_directory(status)) {
      warn_of_ours_inside(argument);
      add_folder(argument);
    } else {
      files.push_back({argument, std::nullopt});
      if (is_equal_but_for_case(argument.filename().native(), "DICOMDIR")) add_referenced(argument);
    }
  }

  std::vector<InputFile> files;

 private:
  void warn_of_ours_inside(const fs::path& argument) {
    const bool holds_ours = std::ranges::any_of(ours_, [&](const fs::path& own) { return is_inside(own, argument); });
    if (!holds_ours || std::exchange(has_warned_, true)) return;
    log::warning(
        "OUT or its report lies inside an INPUT: this run leaves it out, but another OUT's run would read its files "
        "as those of other patients; choose an OUT apart from the inputs");
  }

  /// Links may lead to a folder twice, or round in circles: each is listed once.
  bool is_new(const fs::path& folder) {
    struct stat status {};
    return ::stat(folder.c_str(), &status) != 0 || visited_.insert({status.st_dev, status.st_ino}).second;
  }

  void add_folder(const fs::path& folder) {
    if (std::ranges::any_of(ours_, [&](const fs::path& f) { return is_inside(folder, f); }) || !is_new(folder)) return;
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
    if (entry.is_directory(failure)) {
      add_folder(entry.path());
    } else {
      const bool usable = entry.is_regular_file(failure);  // follows the link
      files.push_back({entry.path(), usable ? std::nullopt : std::optional(Code::unreadable)});
    }
  }

  /// A DICOMDIR given by itself stands for the file-set: the files that it references, beside it.
  void add_referenced(const fs::path& dicomdir) {
    const auto bytes = read_file(dicomdir, kMaxDicomdirBytes);
    if (!bytes) return;  // its own line will say so
    const auto references = dicom::referenced_files(std::as_bytes(std::span(*bytes)));
    if (!references) {
      const bool is_cut = dicom::is_dicomdir(std::as_bytes(std::span(*bytes)));
      if (is_cut) files.back().reason = Code::truncated;  // the files that it names beyond would have no line
      return;
    }
    if (references->left_out_count > 0) {
      log::warning("a DICOMDIR names {} files outside of its folder: they are not read; give them as INPUT",
                   references->left_out_count);
    }
    for (const std::string& reference : references->paths) {
      const fs::path file = beside(dicomdir, reference);
      std::error_code failure;
      const bool usable = fs::is_regular_file(file, failure) && is_readable(file);
      files.push_back({file, usable ? std::nullopt : std::optional(Code::unreadable)});
    }
  }

  /// A medium's names are of capitals (PS3.10 8.5); systems may show them, and copies have them, in small letters.
  fs::path beside(const fs::path& dicomdir, const fs::path& reference) {
    std::error_code failure;
    const fs::path stated = dicomdir.parent_path() / reference;
    if (fs::exists(stated, failure)) return stated;
    fs::path found = dicomdir.parent_path();
    for (const fs::path& part : reference) {
      const auto& names = names_in(found);
      const auto name = names.find(in_small_letters(part.native()));
      if (name == names.end() || name->second.empty()) return stated;
      found /= name->second;
    }
    return found;
  }

  /// The names in a folder by their small letters; empty where two differ in their case alone.
  const std::map<std::string, fs::path>& names_in(const fs::path& folder) {
    const auto [listed, is_new_folder] = names_.try_emplace(folder);
    if (!is_new_folder) return listed->second;
    std::error_code failure;
    for (fs::directory_iterator it(folder.empty() ? "." : folder, failure), end; !failure && it != end;
         it.increment(failure)) {
      const fs::path name = it->path().filename();
      const auto [entry, is_first] = listed->second.try_emplace(in_small_letters(name.native()), name);
      if (!is_first) entry->second.clear();
    }
    return listed->second;
  }

  std::span<const fs::path> ours_;
  bool has_warned_ = false;
  std::set<std::pair<dev_t, ino_t>> visited_;
  std::map<fs::path, std::map<std::string, fs::path>> names_;
};

}  // namespace

bool is_inside(const fs::path& path, const fs::path& folder) {
  // A relative path that is not there yet stays relative, unless it is made absolute first.
  const auto real = [](const fs::path& any) {
    std::error_code failure;
    const fs::path whole = fs::absolute(any, failure);
    const fs::path found = failure ? fs::path() : fs::weakly_canonical(whole, failure);
    return failure ? fs::path() : found;
  };
  const fs::path inner = real(path), outer = real(folder);
  const auto [in_outer, in_inner] = std::ranges::mismatch(outer, inner);
  return !outer.empty() && in_outer == outer.end();
}

std::vector<InputFile> list_inputs(std::span<const std::string> arguments, std::istream& standard_input,
                                   std::span<const fs::path> ours) {
  Lister lister(ours);
  std::size_t position = 0;
  for (const std::string& argument : arguments) {
    if (argument != "-") {
      lister.add_argument(argument, ++position, false);
      continue;
    }
    for (std::string line; std::getline(standard_input, line);) {
      if (line.ends_with('\r')) line.pop_back();  // lists made on Windows
      if (!line.empty()) lister.add_argument(line, ++position, true);
    }
  }
  if (lister.files.empty()) {
    throw Error(ErrorCode::input_empty, "no files in INPUT: give a folder that holds DICOM files");
  }
  const bool has_readable =
      std::ranges::any_of(lister.files, [](const InputFile& f) { return f.reason != Code::unreadable; });
  if (!has_readable) {
    throw Error(ErrorCode::input_unreadable, "nothing in INPUT may be read: check its permissions for this user");
  }
  return std::move(lister.files);
}

}  // namespace naru
