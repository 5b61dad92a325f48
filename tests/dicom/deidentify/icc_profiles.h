/// ICC profiles written byte by byte.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/dicom/deidentify/pixel_streams.h"

namespace naru::test {

struct ProfileTag {
  std::string signature, data;
};

inline std::string icc_date(std::initializer_list<std::uint32_t> numbers) {
  std::string bytes;
  for (const std::uint32_t number : numbers) bytes += big_endian(number, 2);
  return bytes;
}
inline const std::string kPublishedDate = icc_date({1998, 2, 9, 6, 49, 0});
inline const std::string kScanDate = icc_date({2021, 3, 14, 9, 26, 53});

/// Header, tag table and data, each of these padded to four bytes.
inline std::string icc_profile(const std::vector<ProfileTag>& tags, const std::string& date = kPublishedDate) {
  std::string table = big_endian(static_cast<std::uint32_t>(tags.size()), 4), data;
  const std::size_t first = 128 + 4 + 12 * tags.size();
  for (const ProfileTag& tag : tags) {
    table += tag.signature + big_endian(static_cast<std::uint32_t>(first + data.size()), 4) +
             big_endian(static_cast<std::uint32_t>(tag.data.size()), 4);
    data += tag.data;
    data.resize((data.size() + 3) / 4 * 4);
  }
  std::string header = big_endian(static_cast<std::uint32_t>(first + data.size()), 4) + "lcms";
  header += std::string("\x02\x10\0\0mntrRGB XYZ ", 16) + date + "acsp";
  header.resize(128);
  return header + table + data;
}

inline std::string icc_text(const std::string& text) { return std::string("text\0\0\0\0", 8) + text + '\0'; }

inline std::string utf16(const std::string& text) {
  std::string bytes;
  for (const char c : text) bytes += {'\0', c};
  return bytes;
}

/// Version 2's description, in all its three forms.
inline std::string icc_desc(const std::string& text) {
  const auto count = static_cast<std::uint32_t>(text.size() + 1);
  std::string bytes = std::string("desc\0\0\0\0", 8) + big_endian(count, 4) + text + '\0';
  bytes += big_endian(0, 4) + big_endian(count, 4) + utf16(text) + big_endian(0, 2);
  std::string script = text;
  script.resize(67);
  return bytes + big_endian(0, 2) + big_endian(count, 1) + script;
}

inline std::string icc_mluc(const std::vector<std::pair<std::string, std::string>>& texts) {
  std::string bytes =
      std::string("mluc\0\0\0\0", 8) + big_endian(static_cast<std::uint32_t>(texts.size()), 4) + big_endian(12, 4);
  std::string strings;
  for (const auto& [language, text] : texts) {
    bytes += language + big_endian(static_cast<std::uint32_t>(text.size()), 4) +
             big_endian(static_cast<std::uint32_t>(16 + 12 * texts.size() + strings.size()), 4);
    strings += text;
  }
  return bytes + strings;
}

inline std::string icc_curve() {
  std::string bytes = std::string("curv\0\0\0\0", 8) + big_endian(4, 4);
  for (const std::uint32_t value : {0U, 0x4142U, 0x5343U, 0xFFFFU}) bytes += big_endian(value, 2);
  return bytes;
}

/// sRGB as it is published: its curves, colours and texts.
inline std::vector<ProfileTag> published_tags() {
  const std::string xyz =
      std::string("XYZ \0\0\0\0", 8) + big_endian(0x6FA2, 4) + big_endian(0x38F5, 4) + big_endian(0x390, 4);
  return {{"cprt", icc_text("Copyright (c) 1998 Hewlett-Packard Company")},
          {"desc", icc_desc("sRGB IEC61966-2.1")},
          {"rXYZ", xyz},
          {"dmnd", icc_desc("IEC http://www.iec.ch")},
          {"rTRC", icc_curve()}};
}

}  // namespace naru::test
