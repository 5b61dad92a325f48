/// Whether the fragments of encapsulated Pixel Data (PS3.5 A.4) lie within their file, from their headers alone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "core/code.h"

namespace naru::dicom {

/// Fills `bytes` with the file's from `offset` on. @return how many there were
using ReadAt = std::function<std::size_t(std::uint64_t offset, std::span<std::byte> bytes)>;

/// How the fragments end. `has_end_mark` is false where the file ends after a whole fragment without the delimiter.
struct FragmentCheck {
  std::optional<Code> problem;  ///< truncated, corrupt; empty when fine
  bool has_end_mark = true;
};

/// Reads 8 bytes a fragment; no file makes it read more often than kMaxFragments times.
/// @param offset of the value of Pixel Data within the file, i.e. of the Basic Offset Table's item
FragmentCheck check_fragments_of_file(const ReadAt& read, std::uint64_t offset, std::uint64_t file_size_bytes);

}  // namespace naru::dicom
