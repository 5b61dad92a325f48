/// Members of .zip, .tar and .tar.gz files, read as a stream: nothing is unpacked to disk.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/cancel.h"

struct archive;  // libarchive

namespace naru {

/// What an archive may grow to, so that a small file cannot keep us busy for ever: this many times its own size, and in
/// any case kMinExpandedBytes; each entry counts as kEntryBytes more than its data. (Deflate reaches 1,032 times at
/// most; DICOM seldom 10.)
inline constexpr std::uint64_t kMaxExpansion = 200;
inline constexpr std::uint64_t kMinExpandedBytes = std::uint64_t{256} << 20;
inline constexpr std::uint64_t kEntryBytes = 4096;  ///< about what a line of the report and its record take

/// True for names that end in .zip, .tar, .tar.gz or .tgz, in any case.
bool is_archive_name(const std::filesystem::path& path);

/// One regular file in an archive, or a link, pipe or device, which is empty. Names may hold patient names: they go to
/// the report only. They are UTF-8; where the archive does not say so and they are not, they are read as CP949,
/// which Korean programs write, and what is neither stays as it is.
struct ArchiveMember {
  std::size_t index = 0;         ///< 0-based among all that are no folders
  std::uint64_t size_bytes = 0;  ///< as stated; 0 where nothing is
  bool has_size = false;         ///< a size is stated
  std::string name;
  bool is_encrypted = false;
};

class GzipStream;

class ArchiveReader {
 public:
  /// @throws Error{input_unreadable} where too many files are open
  explicit ArchiveReader(const std::filesystem::path& path);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  /// Moves to the next member; empty at the end, or where `state()` is no longer good. What was not read of a
  /// member is stepped over without inflating it where the archive lets us.
  /// @throws Error{canceled}
  std::optional<ArchiveMember> next(const CancelToken& cancel);

  /// Fills `bytes` as far as the current member goes; empty where it cannot be read, also where its last bytes are read
  /// and its checksum says that they are others.
  std::optional<std::size_t> read(std::span<std::byte> bytes);

  enum class State { good, unreadable, corrupt, too_large };
  State state() const { return state_; }

  /// Whether the members are what was packed is known at its end alone, by the checksum there: .tar.gz.
  bool is_proven_at_end() const { return gzip_ != nullptr; }
  /// Where `next` came to its end: that checksum says that bytes were changed, or stands beyond the bound. Any of the
  /// members, also those before, may be another.
  bool is_unproven() const;

 private:
  struct Close {
    void operator()(::archive* a) const;
  };
  static ssize_t inflate_some(::archive* a, void* reader, const void** bytes);
  void open();
  void inflate_to_end(const CancelToken& cancel);
  void pass_end(const CancelToken& cancel);
  void count_expanded(std::uint64_t bytes);
  void pass_rest(const CancelToken& cancel);

  std::filesystem::path path_;
  std::unique_ptr<GzipStream> gzip_;  ///< of a .tar.gz: libarchive looks at no checksum itself
  std::vector<std::byte> block_;      ///< what was inflated of it last
  std::unique_ptr<::archive, Close> archive_;
  std::size_t next_index_ = 0;
  bool must_inflate_rest_ = false;           ///< of the current member
  std::optional<std::uint64_t> left_bytes_;  ///< of the current member, where its size is stated
  std::uint64_t expanded_bytes_ = 0, max_expanded_bytes_ = 0;
  State state_ = State::good;
};

/// A file in memory alone, with a path that this process can open: what needs a path can read an archive's member.
class MemoryFile {
 public:
  /// @throws Error{memory_exceeded}
  explicit MemoryFile(std::span<const std::byte> bytes);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::filesystem::path path() const;

 private:
  int descriptor_ = -1;
};

}  // namespace naru
