#include "pipeline/key_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "pipeline/files.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFirstBytes = R"({"schema":"naru.key-log/1")";

Error log_error(const std::filesystem::path& file, std::string_view problem) {
  return Error(ErrorCode::output_unwritable,
               fmt::format("key log {}: {}; nothing was done", valid_utf8(file.string()), problem));
}

/// The account that runs this program: its name, or "uid N" where it has none, as in many containers.
std::string user_name() {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  const uid_t user = ::getuid();
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return valid_utf8(found->pw_name);
  }
  return fmt::format("uid {}", user);
}

FileDescriptor open_log(const std::filesystem::path& file) {
  std::error_code failure;
  if (std::filesystem::create_directories(file.parent_path(), failure)) {
    std::filesystem::permissions(file.parent_path(), std::filesystem::perms::owner_all, failure);
  }
  FileDescriptor opened(::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!opened.is_open()) throw log_error(file, "cannot be opened; check the folder's permissions or give --key-file");
  return opened;
}

void lock(const FileDescriptor& opened, const std::filesystem::path& file) {
  while (::flock(opened.number(), LOCK_EX) != 0) {
    if (errno != EINTR) throw log_error(file, "cannot be locked");
  }
}

/// The length of the log once it was seen to be one: a folder with a key may hold another program's log.jsonl.
off_t checked_length(const FileDescriptor& opened, const std::filesystem::path& file) {
  struct stat status {};
  if (::fstat(opened.number(), &status) != 0 || !S_ISREG(status.st_mode)) throw log_error(file, "is no regular file");
  if ((status.st_mode & 077) != 0) throw log_error(file, "is open to others; run chmod 600 on it");
  std::array<char, kFirstBytes.size()> first{};
  const ssize_t count = ::pread(opened.number(), first.data(), first.size(), 0);
  const std::string_view read(first.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count < 0 || !kFirstBytes.starts_with(read)) throw log_error(file, "was not written by naru; move it away");
  if (read == kFirstBytes) return status.st_size;
  // Empty, or what a run that was cut off left of the first line.
  if (::ftruncate(opened.number(), 0) != 0) throw log_error(file, "cannot be written");
  return 0;
}

}  // namespace

KeyLog::KeyLog(const std::filesystem::path& folder) : file_(folder / kFileName), opened_(open_log(file_)) {
  lock(opened_, file_);
  checked_length(opened_, file_);
}

void KeyLog::append(std::string_view act, const Json& facts) {
  const off_t length = checked_length(opened_, file_);
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  Json line = {{"schema", "naru.key-log/1"},
               {"time", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now))},
               {"user", user_name()},
               {"act", act}};
  line.update(facts);
  std::string text = json_line(line);
  char last = '\n';
  if (length > 0 && ::pread(opened_.number(), &last, 1, length - 1) != 1) throw log_error(file_, "cannot be read");
  // What a run that was cut off left stays readable as a line of its own.
  if (last != '\n') text.insert(text.begin(), '\n');
  if (opened_.write_all(text) && ::fsync(opened_.number()) == 0) return;
  const bool is_full = errno == ENOSPC || errno == EDQUOT;
  const bool is_undone = ::ftruncate(opened_.number(), length) == 0;
  if (is_full) {
    throw Error(ErrorCode::disk_full, "no space left for the key log: free some; nothing was done");
  }
  throw log_error(file_, is_undone ? "cannot be written" : "cannot be written and ends in half a line");
}

}  // namespace naru
