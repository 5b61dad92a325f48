/// One input file that is open for reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace naru {

class OpenFile {
 public:
  /// Opens a regular file; see `is_open`. Waits for no writer of a pipe. @throws Error{input_unreadable} where too many
  /// files are open
  explicit OpenFile(const std::filesystem::path& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  /// Size, times of change in ns and inode as one text: it changes when the file does, wherever its path leads.
  const std::string& identity() const { return identity_; }

  /// Only what is asked for will be read: no reading ahead.
  void expect_few_reads() const;

  /// Fills `bytes` from `offset` on, as far as the file goes; empty on a read error.
  std::optional<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const;

 private:
  int descriptor_ = -1;
  std::uint64_t size_bytes_ = 0;
  std::string identity_;
};

}  // namespace naru
