/// Reads parts of one file by offset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace naru::dicom {

/// An open file; closed on destruction.
class FileReader {
 public:
  explicit FileReader(const std::filesystem::path& path);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  std::uint64_t size_bytes() const { return size_bytes_; }

  /// Fills `out` from `offset` on. @return the count of bytes read: fewer at the end of the file or on an error
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  int descriptor_ = -1;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace naru::dicom
