#include "dicom/dcmtk/character_guess.h"

#include <utf8proc.h>

#include <algorithm>

namespace naru::dicom {

namespace {

bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }
unsigned byte(char c) { return static_cast<unsigned char>(c); }

/// Characters of valid UTF-8, or empty. `longest` is the most bytes that one takes.
struct Utf8Shape {
  bool is_valid = false;
  int longest = 1;
  bool is_east_asian = true;  ///< all of three bytes or more are Hangul, Han, Kana or full width
};
Utf8Shape utf8_shape(std::string_view bytes) {
  Utf8Shape shape;
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data());
  for (std::size_t i = 0; i < bytes.size();) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(data + i, static_cast<utf8proc_ssize_t>(bytes.size() - i), &code);
    if (length <= 0) return {};
    shape.longest = std::max(shape.longest, static_cast<int>(length));
    if (length >= 3 && (code < 0x1100 || (code >= 0x1200 && code < 0x3000))) shape.is_east_asian = false;
    i += static_cast<std::size_t>(length);
  }
  shape.is_valid = true;
  return shape;
}

/// Calls `f` with each run of bytes from 0x80 on; stops and returns false where `f` does.
template <typename F>
bool for_each_high_run(std::string_view bytes, F f) {
  for (std::size_t i = 0; i < bytes.size();) {
    if (!is_high(bytes[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < bytes.size() && is_high(bytes[end])) ++end;
    if (!f(bytes.substr(i, end - i))) return false;
    i = end;
  }
  return true;
}

/// True where every run of high bytes is a row of KS X 1001 pairs, Hangul or Hanja.
struct KoreanShape {
  bool is_possible = false;
  int pairs = 0, hangul = 0;
  bool has_sign = false;  ///< a byte that in Latin sets is no letter: then Latin text is out of the question
};
KoreanShape korean_shape(std::string_view bytes) {
  KoreanShape shape;
  shape.is_possible = for_each_high_run(bytes, [&](std::string_view run) {
    if (run.size() % 2 != 0) return false;
    for (std::size_t i = 0; i < run.size(); i += 2) {
      const unsigned lead = byte(run[i]), trail = byte(run[i + 1]);
      const bool is_hangul = lead >= 0xB0 && lead <= 0xC8;
      if (!(is_hangul || (lead >= 0xCA && lead <= 0xFD)) || trail < 0xA1 || trail == 0xFF) return false;
      ++shape.pairs;
      shape.hangul += is_hangul ? 1 : 0;
      if (lead < 0xC0 || trail < 0xC0) shape.has_sign = true;
    }
    return true;
  });
  return shape;
}

/// True where each high byte stands alone and is a letter of Western Europe or a sign that measures: then it is
/// Windows-1252 and not half of a wide character.
bool looks_western(std::string_view bytes) {
  return for_each_high_run(bytes, [](std::string_view run) {
    constexpr std::string_view kSigns = "\x91\x92\x93\x94\x96\xA9\xAE\xB0\xB1\xB2\xB3\xB5\xB9\xBD";
    return run.size() == 1 && (byte(run[0]) >= 0xC0 || kSigns.find(run[0]) != std::string_view::npos);
  });
}

}  // namespace

bool is_utf8(std::string_view bytes) { return utf8_shape(bytes).is_valid; }

std::optional<std::string> whole_as_utf8(Set set, std::string_view bytes) {
  std::string text;
  if (!append_as_utf8(set, bytes, text)) return {};
  return text;
}

std::string without_escapes(std::string_view bytes) {
  std::string left;
  for (std::size_t i = 0; i < bytes.size();) {
    const bool has_escape = bytes[i] == kEscape;
    const Designation* row = has_escape ? designation_at(bytes.substr(i + 1)) : nullptr;
    if (bytes.substr(i).starts_with("$)C")) {
      i += 3;
    } else if (row != nullptr) {
      i += row->code.size() + 1;
    } else {
      left += bytes[i++];
    }
  }
  return left;
}

std::optional<std::string> guessed_utf8(std::string_view bytes, bool is_korean, bool is_japanese) {
  // An escape that no table knows: what follows could mean anything.
  if (bytes.find(kEscape) != std::string_view::npos) return {};
  const Utf8Shape shape = utf8_shape(bytes);
  const KoreanShape korean = korean_shape(bytes);
  // "홍" in KS X 1001 is also one Latin letter in UTF-8: where Korean was stated, it is Korean.
  if (shape.is_valid && !(is_korean && shape.longest == 2 && korean.is_possible)) return std::string(bytes);
  // Japanese devices write Shift_JIS whatever they state.
  if (is_japanese) {
    if (auto text = whole_as_utf8(Set::shift_jis, bytes)) return text;
  }
  if (auto text = whole_as_utf8(Set::ks_x_1001, bytes); text && korean.is_possible) return text;
  if (!is_korean && looks_western(bytes)) return whole_as_utf8(Set::windows1252, bytes);
  if (auto text = whole_as_utf8(Set::uhc, bytes)) return text;
  return whole_as_utf8(Set::gb18030, bytes);
}

std::optional<std::string> contradicting_utf8(Set stated, std::string_view bytes, Vr value_representation) {
  const Utf8Shape shape = utf8_shape(bytes);
  if (shape.is_valid && shape.longest > 1) {
    if (info(stated).is_latin || (shape.longest > 2 && (stated != Set::gb18030 || shape.is_east_asian))) {
      return std::string(bytes);
    }
  }
  // Of the Latin sets only these have signs, not letters, where Hangul has most of its first bytes.
  if (stated != Set::latin1 && stated != Set::latin5 && stated != Set::latin9) return {};
  const KoreanShape korean = korean_shape(bytes);
  const bool is_enough = korean.pairs >= 2 || value_representation == vr("PN");
  if (!korean.is_possible || !korean.has_sign || !is_enough || 2 * korean.hangul < korean.pairs) return {};
  return whole_as_utf8(Set::ks_x_1001, bytes);
}

}  // namespace naru::dicom
