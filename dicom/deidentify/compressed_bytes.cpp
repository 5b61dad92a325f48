#include "dicom/deidentify/compressed_bytes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "dicom/inflate.h"

namespace naru::dicom {

namespace {

using namespace std::string_view_literals;
constexpr std::array kBeginnings = {"\x1F\x8B\x08"sv, "PK\x03\x04"sv, "\xFD\x37zXZ\0"sv, "\x28\xB5\x2F\xFD"sv};

/// The digit says how large a block is; behind it stands the first block's mark.
bool is_bzip2(std::string_view bytes) {
  constexpr std::size_t kMark = 4;
  return bytes.starts_with("BZh") && bytes.substr(kMark).starts_with("1AY&SY");
}

/// Two bytes of header are found among numbers by chance: the deflate stream behind them must come to its end.
bool is_zlib(Bytes value) {
  constexpr std::size_t kHeaderBytes = 2, kMostBytes = std::size_t{1} << 20;  // what inflates so far is no chance
  const auto method = std::to_integer<unsigned>(value[0]), flags = std::to_integer<unsigned>(value[1]);
  constexpr unsigned kDeflate = 8, kLargestWindow = 7, kCheck = 31, kDictionary = 0x20;
  const bool is_deflate = (method & 0xF) == kDeflate && method >> 4 <= kLargestWindow;
  if (!is_deflate || (method << 8 | flags) % kCheck != 0 || (flags & kDictionary) != 0) return false;
  Inflater inflater([rest = value.subspan(kHeaderBytes)]() mutable { return std::exchange(rest, {}); });
  std::array<std::byte, 16384> room;
  std::size_t expanded = 0, count = room.size();
  while (count == room.size() && expanded < kMostBytes) expanded += count = inflater.read(room);
  return inflater.has_ended() || expanded >= kMostBytes;
}

}  // namespace

bool are_compressed(Bytes value) {
  constexpr std::size_t kSmallest = 16;  // of what could hold a name
  if (value.size() < kSmallest) return false;
  const std::string_view bytes(reinterpret_cast<const char*>(value.data()), value.size());
  return std::ranges::any_of(kBeginnings, [&](std::string_view begin) { return bytes.starts_with(begin); }) ||
         is_bzip2(bytes) || is_zlib(value);
}

}  // namespace naru::dicom
