#include "dicom/fragment_check.h"

#include <array>

#include "dicom/fragments.h"

namespace naru::dicom {

FragmentCheck check_fragments_of_file(const ReadAt& read, std::uint64_t offset, std::uint64_t file_size_bytes) {
  std::array<std::byte, kItemHeaderBytes> bytes;
  for (std::size_t count = 0; count < kMaxFragments; ++count) {
    const bool is_end = offset == file_size_bytes && count > 1;
    if (is_end) return {{}, false};
    if (read(offset, bytes) < bytes.size()) return {Code::truncated};
    const auto header = read_element_header(bytes, 0, kEncapsulated);
    if (!header) return {Code::corrupt};
    if (header->tag == kSequenceEnd) return {count > 1 ? std::nullopt : std::optional(Code::corrupt)};
    if (header->tag != kItem || header->length == kUndefinedLength) return {Code::corrupt};
    offset += kItemHeaderBytes;
    if (header->length > file_size_bytes - offset) return {Code::truncated};
    offset += header->length;
  }
  return {Code::too_large};
}

}  // namespace naru::dicom
