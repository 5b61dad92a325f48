/// The character sets of DICOM, their conversion by iconv, and the escape sequences that switch between them.
/// Source: PS3.3 C.12.1.1.2 (Specific Character Set), PS3.5 6.1.2, ISO/IEC 2022.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace naru::dicom {

/// What bytes can mean. The order is that of the table of sets.
enum class Set : std::uint8_t {
  ascii,
  latin1,
  latin2,
  latin3,
  latin4,
  cyrillic,
  arabic,
  greek,
  hebrew,
  latin5,
  latin9,
  thai,
  katakana,
  ks_x_1001,
  gb2312,
  jis_x_0208,
  jis_x_0212,
  gb18030,
  uhc,
  windows1252,
  windows1250,
  windows1251,
  windows1253,
  windows1254,
  windows1255,
  windows1256,
  windows1257,
  koi8_r,
  utf8,
  utf16_le,
  utf16_be,
  shift_jis,
  iso_2022_jp,
};

struct SetInfo {
  Set set;
  const char* iconv_name;
  char prefix = 0;              ///< stands before each character in the iconv form: SS2 or SS3 of EUC-JP
  int bytes_per_char = 1;       ///< in ISO 2022
  bool is_latin = false;        ///< its high half holds letters that stand between ASCII letters
  const char* wider = nullptr;  ///< vendors' superset of it, tried where the standard one fails
};
const SetInfo& info(Set set);

/// Which half of the code table an escape sequence fills: G0 is 0x21-0x7E, G1 0xA1-0xFE.
enum class Half : std::uint8_t { g0, g1 };

/// An escape sequence without its ESC byte.
struct Designation {
  std::string_view code;
  Half half;
  Set set;
};
/// The escape sequence that `bytes` begin with (its ESC byte is not part of them), or nullptr.
const Designation* designation_at(std::string_view bytes);

/// The set that one value of (0008,0005) names. Spelling is taken loosely: "ISO-IR 100", "ISO IR 100", "utf-8".
std::optional<Set> set_of_term(std::string_view term);

/// Appends `bytes` as UTF-8; false, with `out` as it was, where they are not of that set.
bool append_as_utf8(Set set, std::string_view bytes, std::string& out);

/// Appends a text in that set; false, with `out` as it was, where the set does not hold it.
bool append_from_utf8(Set set, std::string_view utf8, std::string& out);

}  // namespace naru::dicom
