/// Received files, kept by what they hold: DATA/content/ab/SHA256. Two files of the same bytes are one.
///
/// A file is staged first (a private file in `incoming/`, hashed as it is written), then kept (durable under its final
/// name), and counts once a row of `blobs`, written by the caller, names it. A file has its final name only when its
/// bytes are on the disk, so what stands under one is whole. Folders have the mode 0700, files 0600.
/// (All 256 folders are made at the start, so that a new file never waits for more than one folder to be durable.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "pipeline/file_descriptor.h"
#include "server/disk_room.h"

namespace naru::server {

/// A path whose file goes with the object, unless it was given away.
class OwnedPath {
 public:
  explicit OwnedPath(std::filesystem::path path) : path_(std::move(path)) {}
  ~OwnedPath();
  OwnedPath(OwnedPath&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  OwnedPath& operator=(OwnedPath&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  const std::filesystem::path& get() const { return path_; }
  void give_away() { path_.clear(); }

 private:
  std::filesystem::path path_;
};

/// A whole file in `incoming/`; removed with the object unless it was kept.
struct StagedFile {
  OwnedPath path;
  std::string sha256;
  std::uint64_t size_bytes = 0;

  /// Waits until its bytes are on the disk. @throws Error{disk_full, output_unwritable}
  void sync() const;
};

/// Writes one file into `incoming/`; it is removed again unless it was finished.
class StagedWriter {
 public:
  StagedWriter(std::filesystem::path path, std::uint64_t max_bytes);

  /// @throws Error{disk_full, output_unwritable}; Error{body_too_large} beyond `max_bytes`
  void append(std::span<const std::byte> bytes);
  std::uint64_t size_bytes() const { return size_bytes_; }
  StagedFile finish();

 private:
  OwnedPath path_;
  FileDescriptor descriptor_;
  RoomWatch room_;
  std::uint64_t max_bytes_, size_bytes_ = 0;
  Sha256 hash_;
};

/// Safe to use from any thread, by one process at a time.
class ContentStore {
 public:
  /// Makes the folders and removes what an earlier process left in `incoming/`.
  /// @param max_file_bytes of one file
  /// @throws Error{disk_full, output_unwritable}; Error{output_busy} where another process has it open
  ContentStore(std::filesystem::path folder, std::uint64_t max_file_bytes);

  std::uint64_t max_file_bytes() const { return max_file_bytes_; }

  /// A new file in `incoming/`. @throws Error{disk_full, output_unwritable}
  StagedWriter stage() const;

  /// The folder in which another part may write a file, for `take` to hash it then.
  std::filesystem::path incoming() const { return folder_ / "incoming"; }
  /// @throws Error{output_unwritable} where it cannot be read; Error{body_too_large}. It is removed then
  StagedFile take(const std::filesystem::path& written) const;

  /// Kept files that `remove` leaves alone while this lives.
  class Hold {
   public:
    Hold(ContentStore& store, std::vector<std::string> hashes) : store_(&store), hashes_(std::move(hashes)) {}
    ~Hold();
    Hold(Hold&& other) noexcept : store_(other.store_), hashes_(std::exchange(other.hashes_, {})) {}
    Hold& operator=(Hold&&) = delete;

   private:
    ContentStore* store_;
    std::vector<std::string> hashes_;
  };

  /// Gives the files their final names, all durable on return; many at once cost little more than one. The hold is to
  /// live until their rows are committed.
  /// @pre `sync` of each. @throws Error{disk_full, output_unwritable}; some may have got their names then
  [[nodiscard]] Hold keep(std::span<StagedFile* const> files);

  /// Where the file of a row of `blobs` lies.
  std::filesystem::path path_of(std::string_view sha256) const;

  /// Removes kept files, durably, but for those that are held. Meanwhile no file can be kept.
  /// @param unused of the hashes given to it, those that nothing refers to; it may read the database
  /// @return the hashes of what was removed
  using Unused = std::function<std::vector<std::string>(std::vector<std::string>)>;
  std::vector<std::string> remove(std::vector<std::string> hashes, const Unused& unused);

  /// The hashes of all kept files that begin with these two digits.
  std::vector<std::string> kept_files(std::string_view first_two_digits) const;

 private:
  void release(const std::vector<std::string>& hashes);
  void release_locked(const std::string& hash);

  std::filesystem::path folder_;
  std::uint64_t max_file_bytes_;
  FileDescriptor lock_;
  std::mutex mutex_;  ///< of `held_`, and of names that appear and go
  std::map<std::string, int> held_;
};

}  // namespace naru::server
