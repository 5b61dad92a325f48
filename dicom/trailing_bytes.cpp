#include "dicom/trailing_bytes.h"

#include <array>

#include "dicom/element_walk.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

bool has_trailing_bytes(const ReadAt& read, const PixelFormat& pixels, std::uint64_t file_size_bytes) {
  constexpr int kMostElements = 1000;  // signatures and padding stand there, a handful
  constexpr std::size_t kLongestHeaderBytes = 12;
  const SyntaxInfo* const syntax = find_syntax(pixels.transfer_syntax_uid);
  if (syntax == nullptr || syntax->is_encapsulated || syntax->is_deflated) return false;
  std::uint64_t at = pixels.offset_bytes + pixels.length_bytes;
  for (int n = 0; n < kMostElements && at < file_size_bytes; ++n) {
    std::array<std::byte, kLongestHeaderBytes> bytes{};
    const std::size_t count = read(at, bytes);
    const auto header = read_element_header(Bytes(bytes).first(count), 0, syntax->encoding);
    if (!header || header->tag <= kPixelData) return true;
    if (header->length == kUndefinedLength) return false;
    at += header->value_offset + header->length;
  }
  return at > file_size_bytes;
}

}  // namespace naru::dicom
