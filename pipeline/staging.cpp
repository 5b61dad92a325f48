#include "pipeline/staging.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>  // renameat2
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "core/error.h"
#include "pipeline/files.h"
#include "pipeline/inputs.h"
#include "pipeline/verify_files.h"

namespace naru {

namespace fs = std::filesystem;

namespace {

/// What a report folder of ours may hold (the contract's names).
constexpr std::array<std::string_view, 10> kReportFiles = {
    "inputs.jsonl",    "series.jsonl", "deid.jsonl",  "pixels.jsonl", "faces.jsonl",
    "decisions.jsonl", "held.json",    "link.sealed", "record.json",  "report.html"};
/// Its folders: records of what is finished, and pictures of text that was found.
constexpr std::string_view kRecords = "finished";
constexpr std::array<std::string_view, 3> kReportFolders = {kRecords, "crops", "sheets"};

bool is_empty_or_absent(const fs::path& folder) {
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(folder, failure))) return true;
  return fs::is_directory(folder, failure) && !fs::is_symlink(folder, failure) && fs::is_empty(folder, failure) &&
         !failure;
}

bool has_files(const fs::path& folder) {
  std::error_code failure;
  return fs::is_directory(folder, failure) && !fs::is_empty(folder, failure);
}

bool is_dataset(const fs::path& folder) {
  std::error_code failure;
  constexpr std::array kDocuments = {"dataset.json", "manifest.jsonl", "SHA256SUMS"};
  return std::ranges::all_of(kDocuments, [&](auto name) { return fs::is_regular_file(folder / name, failure); });
}

/// Nothing is deleted that is no part of a dataset of ours. @throws Error{output_exists}
void require_only_a_dataset(const fs::path& folder) {
  VerifyFiles files(folder);
  const auto& dataset = files.dataset_json();
  const bool is_ours = dataset.is_object() && dataset.contains("schema") && dataset["schema"].is_string() &&
                       dataset["schema"].get<std::string>().starts_with("naru.");
  if (is_ours) {
    files.check_names();
    files.read_manifest([](const auto&) {});
  }
  if (is_ours && files.result.differences.empty()) return;
  // What a file is called may name a patient.
  const std::string found =
      is_ours ? fmt::format("{} differences, which naru verify lists", files.result.differences.size())
              : "dataset.json: is not Naru's";
  throw Error(
      ErrorCode::output_exists,
      fmt::format("OUT holds other things than a Naru dataset, which are not deleted ({}): move them, or choose "
                  "another OUT",
                  found));
}

bool holds_only_a_report(const fs::path& folder) {
  std::error_code failure;
  for (fs::directory_iterator it(folder, failure), end; !failure && it != end; it.increment(failure)) {
    const std::string name = it->path().filename().string();
    const bool is_folder = it->is_directory(failure) && !it->is_symlink(failure);
    if (is_folder && std::ranges::find(kReportFolders, name) != kReportFolders.end()) continue;
    if (std::ranges::find(kReportFiles, name) == kReportFiles.end() || !it->is_regular_file(failure)) return false;
  }
  return !failure && fs::exists(folder / "inputs.jsonl", failure);
}

/// Gives the files below `from` a second name below `to`, which is made, or copies them where that cannot be.
void link_tree(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::create_directories(to, failure);
  for (fs::recursive_directory_iterator it(from, failure), end; !failure && it != end; it.increment(failure)) {
    const fs::path target = to / it->path().lexically_relative(from);
    std::error_code has_no_link;
    if (it->is_directory(failure)) {
      fs::create_directory(target, failure);
    } else if (!failure && !fs::exists(target, failure)) {
      fs::create_hard_link(it->path(), target, has_no_link);
      if (has_no_link) fs::copy_file(it->path(), target, failure);
    }
    if (failure) break;
  }
  if (failure) throw write_error(failure.value(), "the work folder beside OUT");
}

void make_folder(const fs::path& folder, mode_t mode) {
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) throw write_error(errno, "the work folder beside OUT");
}

void remove_tree(const fs::path& folder) {
  std::error_code failure;
  fs::remove_all(folder, failure);
  if (failure) throw write_error(failure.value(), "the work folder beside OUT");
}

/// What an earlier run made may have left folders whose files are gone: their names may be of what is not delivered.
void remove_empty_folders(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code failure;
  for (fs::recursive_directory_iterator it(folder, failure), end; !failure && it != end; it.increment(failure)) {
    if (it->is_directory(failure) && !it->is_symlink(failure)) folders.push_back(it->path());
  }
  std::ranges::reverse(folders);  // what lies in a folder comes before it
  for (const fs::path& one : folders) {
    if (!failure && fs::is_empty(one, failure) && !failure) fs::remove(one, failure);
  }
  if (failure) throw write_error(failure.value(), "the work folder beside OUT");
}

/// Puts `from` in the place of `to` in one step; what stood there lands at `from`.
void swap_folders(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) throw write_error(errno, "OUT");
  // A file system without exchange (NFS): two renames, the old one back if the second fails.
  fs::path aside = from;
  aside += ".old";
  if (::rename(to.c_str(), aside.c_str()) != 0) throw write_error(errno, "OUT");
  if (::rename(from.c_str(), to.c_str()) != 0) {
    const int problem = errno;
    ::rename(aside.c_str(), to.c_str());
    throw write_error(problem, "OUT");
  }
}

void place_folder(const fs::path& from, const fs::path& to) {
  if (!is_empty_or_absent(to)) return swap_folders(from, to);
  if (::rename(from.c_str(), to.c_str()) != 0) throw write_error(errno, "OUT or its report");
}

}  // namespace

fs::path plain_path(const fs::path& path) {
  std::error_code failure;
  fs::path result = fs::absolute(path, failure).lexically_normal();
  if (!result.has_filename()) result = result.parent_path();
  if (path.empty() || failure || !result.has_filename()) {
    throw Error(ErrorCode::usage, "--out and --report must name a folder");
  }
  return result;
}

fs::path Staging::work_folder(const fs::path& out) {
  const fs::path plain = plain_path(out);
  return plain.parent_path() / fmt::format(".{}.naru-work", plain.filename().string());
}

Staging::Staging(const fs::path& out, const fs::path& report, OnExisting on_existing)
    : final_out_(plain_path(out)),
      final_report_(plain_path(report)),
      work_(work_folder(out)),
      on_existing_(on_existing) {
  check_places();
  open_work_folder();
  try {
    lock_report();
    if (on_existing_ == OnExisting::resume) finish_interrupted_publish();
    if (is_finished_) return;
    check_out();
    check_report(final_report_);
    make_parts();
  } catch (...) {
    abandon();
    throw;
  }
}

/// OUT is deliverable and the report is not: neither may hold the other, nor the work folder.
void Staging::check_places() const {
  const std::array<const fs::path*, 3> places = {&final_out_, &final_report_, &work_};
  for (const fs::path* a : places) {
    for (const fs::path* b : places) {
      if (a == b || !is_inside(*a, *b)) continue;
      throw Error(ErrorCode::usage, "OUT and the report folder must lie apart: neither may be or hold the other");
    }
  }
}

void Staging::open_work_folder() {
  std::error_code failure;
  fs::create_directories(work_.parent_path(), failure);
  if (failure) throw write_error(failure.value(), "the folder that OUT is to stand in");
  fs::create_directories(final_report_.parent_path(), failure);
  if (failure) throw write_error(failure.value(), "the folder that the report is to stand in");
  make_folder(work_, 0700);
  lock_ = ::open(work_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat status {};
  const bool is_ours =
      lock_ >= 0 && ::fstat(lock_, &status) == 0 && status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
  if (!is_ours) {
    if (lock_ >= 0) ::close(std::exchange(lock_, -1));
    throw Error(ErrorCode::output_unwritable,
                "the work folder beside OUT belongs to someone else or is open to others: choose another OUT");
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const bool is_held = errno == EWOULDBLOCK;
    ::close(std::exchange(lock_, -1));
    if (is_held)
      throw Error(ErrorCode::output_busy, "another run is writing to this OUT: wait for it or choose another");
    throw Error(ErrorCode::output_unwritable, "the work folder beside OUT cannot be locked: choose another OUT");
  }
}

/// Nobody decides while a run reads decisions and replaces the report that holds them (see append_decisions).
void Staging::lock_report() {
  report_lock_ = ::open(final_report_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (report_lock_ < 0 || ::flock(report_lock_, LOCK_EX | LOCK_NB) == 0) return;
  throw Error(ErrorCode::output_busy, "somebody is deciding about this report, or another run replaces it: try again");
}

/// A run that was killed between its last renames left OUT whole and, perhaps, the report in the work folder.
void Staging::finish_interrupted_publish() {
  std::error_code failure;
  const bool was_replacing = fs::exists(work_ / "replacing", failure);
  // A run that applied decisions: the job sees first whether it is the same, and then reopens as before.
  is_finished_ =
      fs::exists(work_ / "reopened", failure) && !fs::exists(work_ / "published", failure) && is_dataset(final_out_);
  if (is_finished_) return;
  if (was_replacing) on_existing_ = OnExisting::replace;  // a --force run is resumed as one
  if (is_empty_or_absent(final_out_) || !is_dataset(final_out_)) return;
  const bool out_is_placed = fs::exists(work_ / "published", failure) || !was_replacing;
  if (!out_is_placed) return;
  if (fs::exists(report() / "report.html", failure)) {
    check_report(final_report_);
    move_report(final_report_);
  }
  remove_work_folder();
  is_finished_ = true;
}

void Staging::check_out() const {
  struct stat parent {
  }, out{};
  const bool is_mount =
      ::stat(final_out_.c_str(), &out) == 0 && ::stat(work_.c_str(), &parent) == 0 && out.st_dev != parent.st_dev;
  if (is_mount) {
    throw Error(ErrorCode::output_unwritable, "OUT is a mount point, which no rename can fill: name a folder below it");
  }
  if (is_empty_or_absent(final_out_)) return;
  if (on_existing_ != OnExisting::replace) {
    throw Error(ErrorCode::output_exists,
                "OUT exists and is not an empty folder: choose another, or replace a dataset with --force");
  }
  if (!is_dataset(final_out_) || fs::is_symlink(final_out_)) {
    throw Error(ErrorCode::output_exists, "OUT holds other things than a Naru dataset: --force does not delete those");
  }
  require_only_a_dataset(final_out_);
}

/// A report that goes with a delivered dataset holds the only way back to the patients (link.sealed).
void Staging::check_report(const fs::path& folder) const {
  if (is_empty_or_absent(folder)) return;
  if (!holds_only_a_report(folder)) {
    throw Error(ErrorCode::output_exists,
                "the report folder exists and holds other files: choose another with --report DIR");
  }
  if (fs::exists(folder / "link.sealed") && on_existing_ != OnExisting::replace) {
    throw Error(ErrorCode::output_exists,
                "the report folder holds the report of another dataset: choose another with --report DIR, or --force");
  }
}

void Staging::make_parts() {
  std::error_code failure;
  if (!has_files(cases())) ::rename((report() / kRecords).c_str(), cases().c_str());  // a run that was about to publish
  if (on_existing_ == OnExisting::refuse) {
    for (const fs::path& folder : {out(), cases()}) remove_tree(folder);
  }
  remove_tree(report());
  make_folder(out(), 0777);  // less the umask: deliverable
  make_folder(report(), 0700);
  make_folder(cases(), 0700);
  if (on_existing_ == OnExisting::resume) take_records();
  if (on_existing_ == OnExisting::replace) {
    write_file(work_ / "replacing", "");
    fs::remove(work_ / "reopened", failure);  // --force: by whatever job
  }
}

/// Copies, since records are appended to.
void Staging::take_records() {
  if (!has_files(final_report_ / kRecords) || has_files(cases())) return;
  std::error_code failure;
  fs::copy(final_report_ / kRecords, cases(), fs::copy_options::recursive, failure);
  if (failure) throw write_error(failure.value(), "the work folder beside OUT");
}

void Staging::reopen() {
  require_only_a_dataset(final_out_);
  std::error_code failure;
  if (!fs::exists(work_ / "reopened", failure)) {
    ::close(std::exchange(lock_, -1));  // of the work folder that is gone
    open_work_folder();
    write_file(work_ / "reopened", "");
  }
  is_reopened_ = true;
  is_finished_ = false;
  make_parts();
  link_tree(final_out_, out());
  on_existing_ = OnExisting::replace;
  write_file(work_ / "replacing", "");
}

void Staging::keep_records() {
  if (::rename(cases().c_str(), (report() / kRecords).c_str()) != 0) throw write_error(errno, "the report folder");
}

Staging::~Staging() { abandon(); }

/// Without a finished case there is nothing to resume, so nothing is left behind.
void Staging::abandon() {
  if (!is_finished_ && !has_files(cases()) && !has_files(report() / kRecords)) remove_work_folder();
  ::close(lock_);
  if (report_lock_ >= 0) ::close(report_lock_);
}

void Staging::move_out() {
  check_out();  // someone may have filled it meanwhile
  place_folder(out(), final_out_);
  write_file(work_ / "published", "");
}

fs::path Staging::report_beside(const fs::path& to) {
  struct stat here {
  }, there{};
  const bool same_disk = ::stat(report().c_str(), &here) == 0 && ::stat(to.parent_path().c_str(), &there) == 0 &&
                         here.st_dev == there.st_dev;
  if (same_disk) return report();
  // --report on another file system: a copy beside its place, then the rename.
  const fs::path copy = to.parent_path() / fmt::format(".{}.naru-copy-{}", to.filename().string(), ::getpid());
  if (::mkdir(copy.c_str(), 0700) != 0) throw write_error(errno, "the report folder");
  std::error_code failure, ignored;
  fs::copy(report(), copy, fs::copy_options::recursive, failure);
  if (!failure) return copy;
  constexpr std::uintmax_t kFull = 4096;  // a copy that finds no room may be told as an error of the device
  const bool is_full = fs::space(copy, ignored).available < kFull;
  fs::remove_all(copy, ignored);
  throw write_error(is_full ? ENOSPC : failure.value(), "the report folder (--report)");
}

void Staging::place_report(const fs::path& ready, const fs::path& to) {
  place_folder(ready, to);
  std::error_code ignored;
  if (ready != report()) fs::remove_all(ready, ignored);  // an older report that stood there
}

void Staging::move_report(const fs::path& to) { place_report(report_beside(to), to); }

void Staging::remove_work_folder() {
  std::error_code ignored;
  fs::remove_all(work_, ignored);
}

void Staging::sync() const {
  remove_empty_folders(out());
  sync_tree(out());
  sync_tree(report());
}

void Staging::publish() {
  sync();
  publish_synced();
}

void Staging::publish_synced() {
  check_report(final_report_);
  const fs::path ready = report_beside(final_report_);  // what can fail for want of room comes before OUT
  try {
    move_out();
  } catch (...) {
    std::error_code ignored;
    if (ready != report()) fs::remove_all(ready, ignored);
    throw;
  }
  place_report(ready, final_report_);
  remove_work_folder();
  is_finished_ = true;
}

fs::path Staging::publish_report_only() {
  fs::path to = final_report_;
  const bool is_withdrawn = withdraws_out();
  if (!is_withdrawn && !is_empty_or_absent(final_out_)) to += ".failed";
  check_report(to);
  if (is_withdrawn) check_out();  // someone may have put other things there meanwhile
  const fs::path ready = report_beside(to);
  if (is_withdrawn && ::rename(final_out_.c_str(), (work_ / "withdrawn").c_str()) != 0) throw write_error(errno, "OUT");
  place_report(ready, to);
  remove_work_folder();
  is_finished_ = true;
  return to;
}

}  // namespace naru
