#include "dicom/file_layout.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dicom/element_values.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kPreambleBytes = 128;
constexpr std::string_view kMagic = "DICM";
constexpr std::uint16_t kMetaGroup = 0x0002, kIdentifyingGroup = 0x0008;
constexpr Tag kMediaStorageSopClassUid = 0x00020002, kTransferSyntaxUid = 0x00020010;
constexpr Encoding kMetaEncoding{true, false};

constexpr std::string_view kImplicitLittle = "1.2.840.10008.1.2", kExplicitLittle = "1.2.840.10008.1.2.1",
                           kExplicitBig = "1.2.840.10008.1.2.2";

bool has_magic(Bytes prefix) {
  if (prefix.size() < kPreambleBytes + kMagic.size()) return false;
  const Bytes magic = prefix.subspan(kPreambleBytes, kMagic.size());
  return std::ranges::equal(magic, kMagic, [](std::byte byte, char letter) { return byte == std::byte(letter); });
}

/// The encoding that makes the bytes at `offset` an element of group 0008, as its transfer syntax UID; or empty.
std::string_view guessed_syntax(Bytes prefix, std::size_t offset) {
  for (const auto& [uid, encoding] :
       {std::pair{kExplicitLittle, Encoding{true, false}}, std::pair{kExplicitBig, Encoding{true, true}},
        std::pair{kImplicitLittle, Encoding{false, false}}}) {
    const auto header = read_element_header(prefix, offset, encoding);
    if (!header || group_of(header->tag) != kIdentifyingGroup) continue;
    const auto is_letter = [](int c) { return c >= 'A' && c <= 'Z'; };
    const Vr letters = header->value_representation;
    if (!encoding.is_explicit_vr || (is_letter(letters >> 8) && is_letter(letters & 0xFF))) return uid;
  }
  return {};
}

/// Reads elements of group 0002 from `offset` on; leaves the offset of the first other element in the layout.
void read_meta(Bytes prefix, std::size_t offset, FileLayout& layout) {
  while (const auto header = read_element_header(prefix, offset, kMetaEncoding)) {
    if (group_of(header->tag) != kMetaGroup) break;
    layout.has_meta = true;
    layout.is_cut = header->length > prefix.size() - header->value_offset;
    if (layout.is_cut) break;
    const std::string_view value = text_of(prefix.subspan(header->value_offset, header->length));
    if (header->tag == kTransferSyntaxUid) layout.transfer_syntax_uid = value;
    if (header->tag == kMediaStorageSopClassUid) layout.media_storage_sop_class_uid = value;
    offset = header->value_offset + header->length;
  }
  layout.data_set_offset = offset;
  constexpr std::size_t kLeastElementBytes = 8;
  layout.is_cut = layout.is_cut || (layout.has_magic && prefix.size() - offset < kLeastElementBytes);
}

/// True where the first elements are such as begin a data set: a group of 0008, ascending tags, VRs that exist, lengths
/// that end within the bytes. How many are asked for is a matter of certainty: four do not occur by chance.
bool fits(Bytes bytes, std::size_t offset, Encoding encoding) {
  constexpr int kElements = 4;
  Tag previous = 0;
  for (int n = 0; n < kElements; ++n) {
    const auto header = read_element_header(bytes, offset, encoding);
    if (!header || header->tag <= previous || (n == 0 && group_of(header->tag) != kIdentifyingGroup)) return false;
    if (encoding.is_explicit_vr && !is_known_vr(header->value_representation)) return false;
    if (header->length > bytes.size() - header->value_offset) return false;
    previous = header->tag;
    offset = header->value_offset + header->length;
  }
  return true;
}

}  // namespace

std::optional<Encoding> contradicting_encoding(Bytes bytes, std::size_t offset, Encoding stated) {
  if (fits(bytes, offset, stated)) return std::nullopt;
  for (const Encoding other : {Encoding{true, false}, Encoding{false, false}, Encoding{true, true}}) {
    const bool is_other = other.is_explicit_vr != stated.is_explicit_vr || other.is_big_endian != stated.is_big_endian;
    if (is_other && fits(bytes, offset, other)) return other;
  }
  return std::nullopt;
}

bool is_cms_envelope(Bytes prefix) {
  constexpr std::uint8_t kSequence = 0x30, kLongLength = 0x80;
  // The content type 1.2.840.113549.1.7.x with its tag and length.
  constexpr std::array<std::uint8_t, 10> kPkcs7{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07};
  constexpr std::array<std::uint8_t, 3> kEnveloped{3, 4, 6};
  if (prefix.size() < 2 || prefix[0] != std::byte{kSequence}) return false;
  const auto length = std::to_integer<std::uint8_t>(prefix[1]);
  const std::size_t offset = 2 + (length > kLongLength ? length - kLongLength : 0U);
  if (prefix.size() <= offset + kPkcs7.size()) return false;
  const auto is_same = [](std::byte byte, std::uint8_t number) { return byte == std::byte{number}; };
  return std::ranges::equal(prefix.subspan(offset, kPkcs7.size()), kPkcs7, is_same) &&
         std::ranges::find(kEnveloped, std::to_integer<std::uint8_t>(prefix[offset + kPkcs7.size()])) !=
             kEnveloped.end();
}

std::optional<FileLayout> read_layout(Bytes prefix) {
  FileLayout layout;
  layout.has_magic = has_magic(prefix);
  read_meta(prefix, layout.has_magic ? kPreambleBytes + kMagic.size() : 0, layout);
  if (!layout.transfer_syntax_uid.empty()) return layout;
  layout.transfer_syntax_uid = guessed_syntax(prefix, layout.data_set_offset);
  if (layout.transfer_syntax_uid.empty() && !layout.has_magic) return std::nullopt;
  return layout;
}

}  // namespace naru::dicom
