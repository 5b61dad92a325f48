/// Bytes that may not fit into memory: an unnamed file in the work folder, mapped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace naru {

/// The pages belong to the file: the system writes them out when memory is short, so they are no working memory of this
/// process. The file has no name, so that nothing is left behind however the process ends; its space is reserved at
/// once, so that a full disk is an error here and not a crash later.
class ScratchFile {
 public:
  /// @param folder where the file lies. @throws Error{disk_full, output_unwritable}
  ScratchFile(const std::filesystem::path& folder, std::uint64_t size_bytes);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  std::span<std::byte> bytes() const { return bytes_; }

  /// Lets the pages go that were written so far; their contents stay in the file.
  void release_pages() const;

 private:
  std::span<std::byte> bytes_;
};

}  // namespace naru
