/// Reads parts of one file by offset, from the disk or from memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/digest.h"

namespace naru::dicom {

/// For a file that could not be opened to be read. Nothing that the file can help: not to be told from others by it.
/// @param error_number errno
/// @throws Error{input_unreadable} where it says that too many files are open
void throw_if_too_many_are_open(int error_number);

/// An open file, closed on destruction; or a file's bytes, which must outlive it. Several threads may read at once.
class FileReader {
 public:
  /// @throws Error{input_unreadable} where too many files are open
  explicit FileReader(const std::filesystem::path& path);
  explicit FileReader(std::span<const std::byte> file) : size_bytes_(file.size()), bytes_(file) {}
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  bool is_open() const { return descriptor_ >= 0 || bytes_.data() != nullptr; }
  std::uint64_t size_bytes() const { return size_bytes_; }

  /// Fills `out` from `offset` on. @return the count of bytes read: fewer at the end of the file or on an error
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  int descriptor_ = -1;
  std::uint64_t size_bytes_ = 0;
  std::span<const std::byte> bytes_;  ///< in memory
};

/// Takes the SHA-256 of a whole file from reads that go forward, so that its bytes come from the disk once.
class FileDigest {
 public:
  explicit FileDigest(const FileReader& file) : file_(file) {}

  /// `bytes` are the file's from `offset` on: what lies between them and what was taken before is read now.
  void take(std::uint64_t offset, std::span<const std::byte> bytes);

  /// Reads the rest. @return 64 lower-case hexadecimal digits; the object may not be used afterwards
  std::string finish();

 private:
  void take_up_to(std::uint64_t offset);

  const FileReader& file_;
  Sha256 sha256_;
  std::uint64_t taken_bytes_ = 0;
};

}  // namespace naru::dicom
