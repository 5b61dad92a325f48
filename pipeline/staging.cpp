#include "pipeline/staging.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>  // renameat2
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "pipeline/files.h"

namespace naru {

namespace fs = std::filesystem;

namespace {

/// A path without "." or trailing "/", so that it has a name and a parent.
fs::path plain_path(const fs::path& path) {
  fs::path result = fs::absolute(path).lexically_normal();
  return result.has_filename() ? result : result.parent_path();
}

bool is_empty_or_absent(const fs::path& folder) {
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(folder, failure))) return true;
  return fs::is_directory(folder, failure) && !fs::is_symlink(folder, failure) && fs::is_empty(folder, failure) &&
         !failure;
}

void make_folder(const fs::path& folder, mode_t mode) {
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) throw write_error(errno, "the work folder beside OUT");
}

void rename_folder(const fs::path& from, const fs::path& to, unsigned flags = 0) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0) throw write_error(errno, "OUT");
}

/// Replaces whatever a report folder of an earlier run holds; anything else there is not ours to remove.
bool is_replaceable_report(const fs::path& report) {
  return is_empty_or_absent(report) || fs::exists(report / "inputs.jsonl");
}

}  // namespace

fs::path Staging::work_folder(const fs::path& out) {
  const fs::path plain = plain_path(out);
  return plain.parent_path() / fmt::format(".{}.naru-work", plain.filename().string());
}

Staging::Staging(const fs::path& out, const fs::path& report, OnExisting on_existing)
    : final_out_(plain_path(out)),
      final_report_(plain_path(report)),
      work_(work_folder(out)),
      on_existing_(on_existing) {
  if (on_existing != OnExisting::replace && !is_empty_or_absent(final_out_)) {
    throw Error(ErrorCode::output_exists,
                "OUT exists and is not an empty folder: choose another, or replace it with --force");
  }
  if (!is_replaceable_report(final_report_)) {
    throw Error(ErrorCode::output_exists,
                "the report folder exists and holds other files: choose another with --report DIR");
  }
  std::error_code failure;
  fs::create_directories(work_.parent_path(), failure);
  if (failure) throw write_error(failure.value(), "the folder that OUT is to stand in");
  make_folder(work_, 0700);
  lock();
  if (on_existing != OnExisting::resume) {
    for (const fs::path& folder : {this->out(), this->report(), cases()}) fs::remove_all(folder, failure);
  }
  make_folder(this->out(), 0777);  // less the umask: deliverable
  fs::remove_all(this->report(), failure);
  make_folder(this->report(), 0700);
  make_folder(cases(), 0700);
}

Staging::~Staging() {
  // Without a finished case there is nothing to resume, so nothing is left behind.
  std::error_code ignored;
  if (fs::is_empty(cases(), ignored) && !ignored) fs::remove_all(work_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

void Staging::lock() {
  lock_ = ::open(work_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) throw write_error(errno, "the work folder beside OUT");
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw Error(ErrorCode::output_busy, "another run is writing to this OUT: wait for it or choose another");
  }
}

void Staging::move_report() {
  std::error_code failure;
  fs::create_directories(final_report_.parent_path(), failure);
  fs::remove_all(final_report_, failure);
  if (::rename(report().c_str(), final_report_.c_str()) == 0) return;
  if (errno != EXDEV) throw write_error(errno, "the report folder");
  // --report on another file system: a copy beside its place, then the rename.
  const fs::path copy = final_report_.parent_path() / fmt::format(".{}.naru-copy", final_report_.filename().string());
  fs::remove_all(copy, failure);
  fs::copy(report(), copy, fs::copy_options::recursive, failure);
  if (failure) throw write_error(failure.value(), "the report folder");
  fs::permissions(copy, fs::perms::owner_all, failure);
  rename_folder(copy, final_report_);
}

void Staging::move_out() {
  if (is_empty_or_absent(final_out_)) {
    rename_folder(out(), final_out_);  // over an empty folder, or to a free name
  } else if (on_existing_ == OnExisting::replace) {
    rename_folder(out(), final_out_, RENAME_EXCHANGE);  // what was there goes with the work folder
  } else {
    throw Error(ErrorCode::output_exists, "OUT was filled by someone else meanwhile: nothing was published");
  }
}

void Staging::publish() {
  sync_file_system(work_);  // a power cut after the renames must not find empty files
  move_report();
  move_out();
  std::error_code ignored;
  fs::remove_all(work_, ignored);
}

void Staging::publish_report_only() {
  move_report();
  std::error_code ignored;
  fs::remove_all(work_, ignored);
}

}  // namespace naru
