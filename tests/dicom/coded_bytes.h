/// Encapsulated Pixel Data written byte by byte (PS3.5 A.4).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace naru::test {

inline std::string little_endian(std::uint32_t number) {
  std::string bytes;
  for (const int shift : {0, 8, 16, 24}) bytes += static_cast<char>(number >> shift & 0xFF);
  return bytes;
}

inline std::string item(const std::string& value) {
  return std::string("\xFE\xFF\0\xE0", 4) + little_endian(static_cast<std::uint32_t>(value.size())) + value;
}

/// A Basic Offset Table.
inline std::string offsets(std::initializer_list<std::uint32_t> values) {
  std::string bytes;
  for (const std::uint32_t value : values) bytes += little_endian(value);
  return item(bytes);
}

/// A frame of RLE (PS3.5 annex G) whose segments are runs of up to 128 bytes as they are.
inline std::string rle_frame(const std::vector<std::string>& segments) {
  std::string header = little_endian(static_cast<std::uint32_t>(segments.size())), coded;
  for (const std::string& segment : segments) {
    header += little_endian(static_cast<std::uint32_t>(64 + coded.size()));
    for (std::size_t n = 0; n < segment.size(); n += 128) {
      const std::string run = segment.substr(n, 128);
      coded += static_cast<char>(run.size() - 1) + run;
    }
    if (coded.size() % 2 != 0) coded += '\x80';  // no run
  }
  header.resize(64, '\0');
  return header + coded;
}

inline const std::string kEndMark("\xFE\xFF\xDD\xE0\0\0\0\0", 8);

}  // namespace naru::test
