#include "server/ingest/content_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

#include "pipeline/files.h"
#include "server/random_id.h"

namespace naru::server {

namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;
constexpr std::string_view kWhat = "a received file";

void sync_path(const std::filesystem::path& path, int flags) {
  const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!descriptor.is_open() || ::fsync(descriptor.number()) != 0) throw write_error(errno, kWhat);
}

void sync_folder(const std::filesystem::path& folder) { sync_path(folder, O_DIRECTORY); }

void make_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), kFolderMode) == 0 || errno == EEXIST) return;
  throw write_error(errno, "the folder of received files");
}

FileDescriptor lock_folder(const std::filesystem::path& folder) {
  FileDescriptor lock(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!lock.is_open()) throw write_error(errno, "the folder of received files");
  if (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    throw Error(ErrorCode::output_busy, "another server uses the same data folder: stop it or give another --data");
  }
  return lock;
}

bool is_hash(std::string_view name) {
  constexpr std::size_t kDigits = 64;
  return name.size() == kDigits && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

OwnedPath::~OwnedPath() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

void StagedFile::sync() const { sync_path(path.get(), 0); }

StagedWriter::StagedWriter(std::filesystem::path path, std::uint64_t max_bytes)
    : path_(std::move(path)),
      descriptor_(::open(path_.get().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode)),
      max_bytes_(max_bytes) {
  if (!descriptor_.is_open()) throw write_error(errno, kWhat);
  room_.grown_to(0, descriptor_.number());
}

void StagedWriter::append(std::span<const std::byte> bytes) {
  if (bytes.size() > max_bytes_ - size_bytes_) {
    throw Error(
        ErrorCode::body_too_large,
        fmt::format("a file is longer than {} bytes: raise ingest.max_instance_bytes if it is right", max_bytes_));
  }
  room_.grown_to(size_bytes_, descriptor_.number());
  hash_.update(bytes);
  if (!descriptor_.write_all({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) {
    throw write_error(errno, kWhat);
  }
  size_bytes_ += bytes.size();
}

StagedFile StagedWriter::finish() { return {std::move(path_), hash_.finish(), size_bytes_}; }

ContentStore::ContentStore(std::filesystem::path folder, std::uint64_t max_file_bytes)
    : folder_((make_folder(folder), std::move(folder))), max_file_bytes_(max_file_bytes), lock_(lock_folder(folder_)) {
  make_folder(incoming());
  for (int first_byte = 0; first_byte < 256; ++first_byte) make_folder(folder_ / fmt::format("{:02x}", first_byte));
  sync_folder(folder_);
  for (const auto& left : std::filesystem::directory_iterator(incoming())) std::filesystem::remove(left.path());
}

StagedWriter ContentStore::stage() const { return {incoming() / random_id("in"), max_file_bytes_}; }

StagedFile ContentStore::take(const std::filesystem::path& written) const {
  OwnedPath owned(written);
  ::chmod(written.c_str(), kFileMode);
  auto facts = hash_file(written);
  if (!facts) throw Error(ErrorCode::output_unwritable, "a received file cannot be read again: check the disk");
  if (facts->size_bytes > max_file_bytes_) throw Error(ErrorCode::body_too_large, "a received file is too long");
  return {std::move(owned), std::move(facts->sha256), facts->size_bytes};
}

std::filesystem::path ContentStore::path_of(std::string_view sha256) const {
  return folder_ / sha256.substr(0, 2) / sha256;
}

ContentStore::Hold ContentStore::keep(std::span<StagedFile* const> files) {
  std::vector<std::string> hashes;
  for (const StagedFile* file : files) hashes.push_back(file->sha256);
  const std::lock_guard lock(mutex_);
  for (const std::string& hash : hashes) ++held_[hash];
  std::set<std::filesystem::path> changed;
  try {
    for (StagedFile* file : files) {
      const std::filesystem::path path = path_of(file->sha256);
      if (::rename(file->path.get().c_str(), path.c_str()) != 0) throw write_error(errno, kWhat);
      file->path.give_away();
      changed.insert(path.parent_path());
    }
    // Under the lock, so that of two callers with the same bytes none is told before the name is durable.
    for (const auto& folder : changed) sync_folder(folder);
  } catch (...) {
    for (const std::string& hash : hashes) release_locked(hash);
    throw;
  }
  return {*this, std::move(hashes)};
}

ContentStore::Hold::~Hold() {
  if (!hashes_.empty()) store_->release(hashes_);
}

void ContentStore::release(const std::vector<std::string>& hashes) {
  const std::lock_guard lock(mutex_);
  for (const std::string& hash : hashes) release_locked(hash);
}

void ContentStore::release_locked(const std::string& hash) {
  const auto held = held_.find(hash);
  if (--held->second == 0) held_.erase(held);
}

std::vector<std::string> ContentStore::remove(std::vector<std::string> hashes, const Unused& unused) {
  const std::lock_guard lock(mutex_);
  std::erase_if(hashes, [&](const std::string& hash) { return held_.contains(hash); });
  hashes = unused(std::move(hashes));
  std::set<std::filesystem::path> changed;
  for (const std::string& hash : hashes) {
    const std::filesystem::path path = path_of(hash);
    if (::unlink(path.c_str()) == 0)
      changed.insert(path.parent_path());
    else if (errno != ENOENT)
      throw write_error(errno, kWhat);
  }
  for (const auto& folder : changed) sync_folder(folder);
  return hashes;
}

std::vector<std::string> ContentStore::kept_files(std::string_view first_two_digits) const {
  std::vector<std::string> hashes;
  for (const auto& file : std::filesystem::directory_iterator(folder_ / first_two_digits)) {
    std::string name = file.path().filename().string();
    if (is_hash(name)) hashes.push_back(std::move(name));
  }
  return hashes;
}

}  // namespace naru::server
