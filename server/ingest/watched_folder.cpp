#include "server/ingest/watched_folder.h"

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

/// Opened without following a link, and a regular file; its state is in `status`.
FileDescriptor open_regular(const std::filesystem::path& file, struct stat& status) {
  FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor.is_open() && ::fstat(descriptor.number(), &status) == 0 && S_ISREG(status.st_mode)) return descriptor;
  return FileDescriptor(-1);
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
IngestCounts ingest(const std::filesystem::path& path, const FileDescriptor& file, const Services& services,
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

/// Those that are as they were at the last look.
std::vector<std::filesystem::path> WatchedFolder::ready_files() {
  std::map<std::filesystem::path, Seen> now;
  std::vector<std::filesystem::path> ready;
  std::error_code failure;
  auto entry = std::filesystem::recursive_directory_iterator(
      folder_, std::filesystem::directory_options::skip_permission_denied, failure);
  if (failure) throw Error(ErrorCode::input_unreadable, "a watched folder cannot be read: see ingest.folders");
  for (; entry != std::filesystem::end(entry); entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    const bool is_ours = entry.depth() == 0 && name == kRejected;
    if (name.starts_with('.') || is_ours) {
      entry.disable_recursion_pending();
      continue;
    }
    struct stat status {};
    if (::lstat(entry->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    constexpr std::int64_t kNsPerSecond = 1'000'000'000;
    const Seen seen{static_cast<std::uint64_t>(status.st_size),
                    status.st_mtim.tv_sec * kNsPerSecond + status.st_mtim.tv_nsec};
    const auto before = seen_.find(entry->path());
    if (before != seen_.end() && before->second == seen) ready.push_back(entry->path());
    now.emplace(entry->path(), seen);
  }
  seen_ = std::move(now);
  return ready;
}

void WatchedFolder::take(const std::filesystem::path& path, const CancelToken& cancel, IngestCounts& sum) {
  struct stat before {
  }, after{};
  const FileDescriptor file = open_regular(path, before);
  if (!file.is_open()) return;
  const Origin origin{organisation_id_, "server", "folder"};
  const IngestCounts counts = ingest(path, file, services_, origin, cancel);
  // Written to meanwhile: what was stored stays, and the file is looked at again.
  const bool is_same = ::lstat(path.c_str(), &after) == 0 && after.st_ino == before.st_ino &&
                       after.st_size == before.st_size && after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
                       after.st_mtim.tv_nsec == before.st_mtim.tv_nsec;
  if (!is_same) return;
  crash_point("folder.stored");
  if (counts.rejected > 0)
    put_aside(path);
  else if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    throw Error(ErrorCode::output_unwritable, "a file that was stored cannot be removed from its watched folder");
  crash_point("folder.removed");
  add(sum, counts);
}

/// Never over another file. Where it cannot be moved it stays, and is looked at again.
void WatchedFolder::put_aside(const std::filesystem::path& file) const {
  const std::filesystem::path rejected = folder_ / kRejected;
  ::mkdir(rejected.c_str(), 0700);
  for (std::filesystem::path to = rejected / file.filename();;
       to = rejected / (random_id("again") + "-" + file.filename().string())) {
    if (::renameat2(AT_FDCWD, file.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
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
