#include "server/ingest/watched_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <utility>

#include "core/error.h"
#include "pipeline/archive.h"
#include "pipeline/file_descriptor.h"
#include "server/config.h"
#include "server/crash_point.h"
#include "server/ingest/content_store.h"
#include "server/ingest/organisation.h"
#include "server/random_id.h"
#include "server/services.h"
#include "server/trouble_log.h"

namespace naru::server {

namespace {

constexpr std::string_view kRejected = "rejected";
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

constexpr int kMaxDepth = 64;

// Who may write into a watched folder may change what stands under a name at any time. So names are looked up one by
// one, each in the open folder that it lies in, and no link is ever followed.

FileDescriptor open_folder(const FileDescriptor& parent, const std::string& name) {
  return FileDescriptor(::openat(parent.number(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// The watched folder itself, by the path that the configuration gives. Not open where it is not there.
FileDescriptor open_root(const std::filesystem::path& folder) {
  return FileDescriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// A folder at or below `root`. Not open where something on the way is no folder.
FileDescriptor open_below(FileDescriptor root, const std::filesystem::path& relative) {
  for (const auto& name : relative) {
    if (!root.is_open()) break;
    root = open_folder(root, name.string());
  }
  return root;
}

/// Opened without following a link, and a regular file; its state is in `status`.
FileDescriptor open_regular(const FileDescriptor& folder, const std::string& name, struct stat& status) {
  FileDescriptor descriptor(::openat(folder.number(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor.is_open() && ::fstat(descriptor.number(), &status) == 0 && S_ISREG(status.st_mode)) return descriptor;
  return FileDescriptor(-1);
}

/// What a folder holds, hidden things left out.
std::vector<std::string> names_in(const FileDescriptor& folder) {
  std::vector<std::string> names;
  DIR* const entries = ::fdopendir(::openat(folder.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (entries == nullptr) return names;
  while (const dirent* entry = ::readdir(entries)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  ::closedir(entries);
  return names;
}

/// A copy of the file in `incoming/`; empty where it cannot be read. @throws as StagedWriter::append
std::optional<StagedFile> copy(const FileDescriptor& file, const ContentStore& content) {
  StagedWriter writer = content.stage();
  std::vector<std::byte> piece(kPieceBytes);
  for (;;) {
    const ssize_t count = ::read(file.number(), piece.data(), piece.size());
    if (count < 0) return std::nullopt;
    if (count == 0) return writer.finish();
    writer.append(std::span(piece).first(static_cast<std::size_t>(count)));
  }
}

/// What one file holds. @throws as Receiver::receive
IngestCounts ingest_file(const std::filesystem::path& path, const FileDescriptor& file, const Services& services,
                         const Origin& origin, const CancelToken& cancel) {
  IngestCounts counts;
  if (is_archive_name(path)) {
    // By the descriptor: what stands under the name may be another file by now.
    ingest_archive(fmt::format("/proc/self/fd/{}", file.number()), services.receiver, services.content, origin, cancel,
                   counts);
    return counts;
  }
  try {
    auto staged = copy(file, services.content);
    if (staged)
      counts.add(services.receiver.receive(origin, std::move(*staged)));
    else
      counts.add_rejected(Code::unreadable);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::body_too_large) throw;
    counts.add_rejected(Code::too_large);
  }
  return counts;
}

void add(IngestCounts& sum, IngestCounts counts) {
  sum.stored += counts.stored;
  sum.duplicate += counts.duplicate;
  sum.rejected += counts.rejected;
  sum.conflicting += counts.conflicting;
  for (const auto& [code, count] : counts.rejected_by_code) sum.rejected_by_code[code] += count;
  sum.study_ids.merge(counts.study_ids);
}

}  // namespace

WatchedFolder::WatchedFolder(std::filesystem::path folder, std::string organisation_id, const Services& services)
    : folder_(std::move(folder)), organisation_id_(std::move(organisation_id)), services_(services) {}

IngestCounts WatchedFolder::look(const CancelToken& cancel) {
  IngestCounts counts;
  for (const std::filesystem::path& file : ready_files()) {
    cancel.throw_if_canceled();
    try {
      take(file, cancel, counts);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::canceled) throw;
      warn_at_times(fmt::format("watched folder: a file cannot be stored now: {}", name(error.code())));
    }
  }
  return counts;
}

/// Those that are as they were at the last look, relative to the watched folder.
std::vector<std::filesystem::path> WatchedFolder::ready_files() {
  const FileDescriptor root = open_root(folder_);
  if (!root.is_open()) throw Error(ErrorCode::input_unreadable, "a watched folder cannot be read: see ingest.folders");
  std::map<std::filesystem::path, Seen> now;
  look_into(root, {}, 0, now);
  std::vector<std::filesystem::path> ready;
  for (const auto& [path, seen] : now) {
    const auto before = seen_.find(path);
    if (before != seen_.end() && before->second == seen) ready.push_back(path);
  }
  seen_ = std::move(now);
  return ready;
}

void WatchedFolder::look_into(const FileDescriptor& folder, const std::filesystem::path& relative, int depth,
                              std::map<std::filesystem::path, Seen>& now) {
  for (const std::string& name : names_in(folder)) {
    if (depth == 0 && name == kRejected) continue;
    struct stat status {};
    if (::fstatat(folder.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISDIR(status.st_mode) && depth < kMaxDepth) {
      const FileDescriptor below = open_folder(folder, name);
      if (below.is_open()) look_into(below, relative / name, depth + 1, now);
    }
    if (!S_ISREG(status.st_mode)) continue;
    constexpr std::int64_t kNsPerSecond = 1'000'000'000;
    now.emplace(relative / name, Seen{static_cast<std::uint64_t>(status.st_size),
                                      status.st_mtim.tv_sec * kNsPerSecond + status.st_mtim.tv_nsec});
  }
}

void WatchedFolder::take(const std::filesystem::path& path, const CancelToken& cancel, IngestCounts& sum) {
  struct stat before {
  }, after{};
  const FileDescriptor folder = open_below(open_root(folder_), path.parent_path());
  const std::string name = path.filename().string();
  const FileDescriptor file = open_regular(folder, name, before);
  if (!file.is_open()) return;
  const Origin origin{organisation_id_, "server", "folder"};
  const IngestCounts counts = ingest_file(path, file, services_, origin, cancel);
  // Written to meanwhile: what was stored stays, and the file is looked at again.
  const bool is_same = ::fstatat(folder.number(), name.c_str(), &after, AT_SYMLINK_NOFOLLOW) == 0 &&
                       after.st_dev == before.st_dev && after.st_ino == before.st_ino &&
                       after.st_size == before.st_size && after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
                       after.st_mtim.tv_nsec == before.st_mtim.tv_nsec;
  if (!is_same) return;
  crash_point("folder.stored");
  if (counts.rejected > 0) {
    if (!put_aside(folder, name)) return;
  } else if (::unlinkat(folder.number(), name.c_str(), 0) != 0 && errno != ENOENT) {
    throw Error(ErrorCode::output_unwritable, "a file that was stored cannot be removed from its watched folder");
  }
  crash_point("folder.removed");
  add(sum, counts);
}

/// Never over another file. Where it cannot be moved it stays, and is looked at again.
bool WatchedFolder::put_aside(const FileDescriptor& folder, const std::string& name) const {
  const FileDescriptor root = open_root(folder_);
  const std::string rejected_name(kRejected);
  ::mkdirat(root.number(), rejected_name.c_str(), 0700);
  const FileDescriptor rejected = open_folder(root, rejected_name);
  if (!rejected.is_open()) {
    warn_at_times("watched folder: rejected is no folder, or a link: what was rejected stays where it is");
    return false;
  }
  for (std::string to = name;; to = random_id("again") + "-" + name) {
    if (::renameat2(folder.number(), name.c_str(), rejected.number(), to.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno != EEXIST) throw Error(ErrorCode::output_unwritable, "a rejected file cannot be moved to rejected/");
  }
}

WatchedFolders::WatchedFolders(const Services& services) {
  for (const FolderConfig& folder : services.config.ingest.folders) {
    folders_.emplace_back(folder.path, organisation_id(services.database, folder.organisation, "ingest.folders"),
                          services);
  }
  if (folders_.empty()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    constexpr auto kPeriod = std::chrono::seconds(2);
    constexpr auto kNap = std::chrono::milliseconds(100);
    for (auto due = std::chrono::steady_clock::now(); !stop.stop_requested(); std::this_thread::sleep_for(kNap)) {
      if (std::chrono::steady_clock::now() < due) continue;
      for (WatchedFolder& folder : folders_) {
        try {
          folder.look(cancel_);
        } catch (const Error& error) {
          if (error.code() == ErrorCode::canceled) return;
          warn_at_times(fmt::format("watched folder: {}", name(error.code())));
        } catch (const std::exception&) {
          warn_at_times("watched folder: internal");  // what it says may quote a file
        }
      }
      due = std::chrono::steady_clock::now() + kPeriod;
    }
  });
}

WatchedFolders::~WatchedFolders() { cancel_.cancel(); }

}  // namespace naru::server
