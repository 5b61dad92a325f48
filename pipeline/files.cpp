#include "pipeline/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/trace.h"
#include "pipeline/open_file.h"

namespace naru {

namespace {

void check(int problem) {
  if (problem != 0) throw write_error(problem, "a file of the dataset");
}

/// From this size on, hashing and writing run side by side.
constexpr std::size_t kParallelHashBytes = std::size_t{4} << 20;
/// So often what was written is taken to the disk and out of the disk's cache, beside the writing, so that little is
/// left to wait for at the end. Told only to begin, a disk with a cache of its own still leaves most of the wait.
constexpr std::uint64_t kFlushBytes = std::uint64_t{16} << 20;

/// Smaller files are written together at the end: a request to the disk for each costs more than it saves.
constexpr std::uint64_t kLargeBytes = std::uint64_t{128} << 10;

void write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw write_error(errno, "a file of the dataset");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

/// To wait for each of more files than these takes longer than to wait for all that anybody wrote, as a rule.
constexpr std::size_t kMostFilesSynced = 64;
/// They only wait, and a file system takes many files that wait at once to its disk together.
constexpr std::size_t kSyncThreads = 8;

void sync(const std::filesystem::path& path, int flags, int (*to_disk)(int)) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (descriptor < 0) throw write_error(errno, "a file of the dataset");
  const int synced = to_disk(descriptor);
  const int problem = errno;
  ::close(descriptor);
  if (synced != 0) throw write_error(problem, "the dataset to its disk");
}

}  // namespace

Error write_error(int error_number, std::string_view what) {
  if (error_number == ENOSPC || error_number == EDQUOT) {
    return Error(ErrorCode::disk_full,
                 fmt::format("no space left while writing {}: free some or choose another OUT", what));
  }
  if (error_number == EMFILE || error_number == ENFILE) {
    return Error(ErrorCode::output_unwritable,
                 fmt::format("cannot write {}: too many files are open; raise the limit (ulimit -n)", what));
  }
  if (error_number == EFBIG) {
    return Error(ErrorCode::output_unwritable,
                 fmt::format("{} is larger than a file may be here: choose an OUT on another file system, or raise the "
                             "limit (ulimit -f)",
                             what));
  }
  return Error(ErrorCode::output_unwritable,
               fmt::format("cannot write {} ({}): check the permissions of OUT", what, std::strerror(error_number)));
}

DiskFlush::~DiskFlush() {
  if (flush_.valid()) flush_.wait();
}

void DiskFlush::add(int descriptor, std::uint64_t bytes) {
  using namespace std::chrono_literals;
  const std::lock_guard lock(mutex_);
  waiting_bytes_ += bytes;
  if (waiting_bytes_ < kFlushBytes) return;
  if (flush_.valid()) {
    if (flush_.wait_for(0s) != std::future_status::ready) return;  // a slow disk is not asked twice
    check(flush_.get());
  }
  const int ours = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);  // the file may be closed before the disk has it
  if (ours < 0) throw write_error(errno, "a file of the dataset");
  waiting_bytes_ = 0;
  flush_ = std::async(std::launch::async, [ours] {
    const int problem = ::fdatasync(ours) == 0 ? 0 : errno;
    ::close(ours);
    return problem;
  });
}

/// A failure is told to one fsync alone: who waits for the whole tree would not hear of it.
void DiskFlush::end() {
  const std::lock_guard lock(mutex_);
  if (flush_.valid()) check(flush_.get());
}

FileWriter::FileWriter(std::filesystem::path path, DiskFlush* shared) : path_(std::move(path)), shared_(shared) {
  struct stat status {};
  // A file with a second name stands in a published OUT as well: there it must stay as it is.
  if (::lstat(path_.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink > 1) ::unlink(path_.c_str());
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw write_error(errno, "a file of the dataset");
}

FileWriter::~FileWriter() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void FileWriter::append(std::span<const std::byte> bytes) {
  const Span span(Stage::write, "file", {{}, bytes.size()});
  size_bytes_ += bytes.size();
  if (bytes.size() < kParallelHashBytes) {
    hash_.update(bytes);
    write_all(descriptor_, bytes);
  } else {
    auto hashing = std::async(std::launch::async, [&] { hash_.update(bytes); });
    write_all(descriptor_, bytes);  // if this throws, the future's destructor waits for the hash
    hashing.get();
  }
  (shared_ != nullptr ? *shared_ : own_).add(descriptor_, bytes.size());
}

FileFacts FileWriter::finish() {
  const Span span(Stage::write, "close");
  own_.end();
  // The disk may begin now; `sync_tree` waits for it, before anything is published.
  if (size_bytes_ >= kLargeBytes) ::sync_file_range(descriptor_, 0, 0, SYNC_FILE_RANGE_WRITE);
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) throw write_error(errno, "a file of the dataset");
  return {hash_.finish(), size_bytes_};
}

FileFacts write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  FileWriter writer(temporary);
  writer.append(std::as_bytes(std::span(text)));
  FileFacts facts = writer.finish();
  std::error_code failure;
  std::filesystem::rename(temporary, path, failure);
  if (failure) throw write_error(failure.value(), "a file of the dataset");
  return facts;
}

std::optional<std::string> read_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  const OpenFile file(path);
  if (!file.is_open() || file.size_bytes() > limit_bytes) return std::nullopt;
  std::string text(file.size_bytes(), '\0');
  if (file.read_at(0, std::as_writable_bytes(std::span(text))) != text.size()) return std::nullopt;
  return text;
}

std::optional<FileFacts> hash_file(const std::filesystem::path& path) {
  const OpenFile file(path);
  if (!file.is_open()) return std::nullopt;
  constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 18;  // stays in the cache while it is hashed
  const auto length = static_cast<std::size_t>(std::clamp<std::uint64_t>(file.size_bytes(), 1, kPieceBytes));
  const auto piece = std::make_unique_for_overwrite<std::byte[]>(length);
  Sha256 hash;
  FileFacts facts;
  std::optional<std::size_t> count;
  while ((count = file.read_at(facts.size_bytes, {piece.get(), length})) && *count > 0) {
    hash.update({piece.get(), *count});
    facts.size_bytes += *count;
  }
  if (!count) return std::nullopt;
  facts.sha256 = hash.finish();
  return facts;
}

std::string json_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void sync_file_system(const std::filesystem::path& folder) { sync(folder, O_DIRECTORY, ::syncfs); }

void sync_tree(const std::filesystem::path& folder) {
  const Span span(Stage::write, "sync");
  std::vector<std::filesystem::path> files, folders = {folder};
  std::error_code failure;
  for (std::filesystem::recursive_directory_iterator entry(folder, failure), end; entry != end;
       entry.increment(failure)) {
    (entry->is_directory() ? folders : files).push_back(entry->path());
  }
  if (failure) throw write_error(failure.value(), "the dataset to its disk");
  if (files.size() > kMostFilesSynced) return sync_file_system(folder);
  std::atomic<std::size_t> next = 0;
  std::vector<std::future<void>> waiting;
  for (std::size_t thread = 0; thread < std::min(kSyncThreads, files.size()); ++thread) {
    waiting.push_back(std::async(std::launch::async, [&] {
      for (std::size_t n = next++; n < files.size(); n = next++) sync(files[n], O_NOFOLLOW, ::fsync);
    }));
  }
  for (auto& one : waiting) one.get();
  for (const auto& one : folders) sync(one, O_DIRECTORY | O_NOFOLLOW, ::fsync);
}

}  // namespace naru
