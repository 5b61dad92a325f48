#include "dicom/deidentify/proof_patterns.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "dicom/dcmtk/character_set.h"
#include "dicom/deidentify/descriptor_ids.h"
#include "dicom/deidentify/descriptors.h"
#include "dicom/deidentify/values.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kShortestInText = 3;
constexpr std::size_t kShortestLettersInBinary = 7, kShortestDigitsInBinary = 12;
constexpr std::size_t kShortestWord = 6;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Pixels seldom look like text: pieces without a word of text hold no pattern of those that `sees` is true for.
/// Words of text stand at multiples of their size: narrow ones have four bytes, all of them from 0x20 to 0xF7 (the
/// upper bytes of small numbers lie below, those of small negative ones above), wide ones four characters of UTF-16,
/// all of them from 0x20 to 0x7F.
class PixelFilter {
 public:
  struct Text {
    bool is_narrow = false, is_wide = false;
  };

  NARU_AVX2_CLONE static Text may_hold(Bytes piece) {
    constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
    std::uint64_t no_narrow = kSign, no_wide = kSign;
    std::size_t at = 0;
    for (; at + 8 <= piece.size(); at += 8) {  // without a way out, so that the compiler takes many words at a time
      std::uint64_t x;
      std::memcpy(&x, piece.data() + at, sizeof x);
      const std::uint64_t no_text = ~is_text(x) & kHigh;
      no_narrow &= unless_zero(no_text << 32) & unless_zero(no_text >> 32);
      no_wide &= unless_zero(no_characters(x)) & unless_zero(no_characters(x >> 8) | (x & kLowBytes));
    }
    const bool has_rest = at < piece.size();
    return {no_narrow == 0 || has_rest, no_wide == 0 || has_rest};
  }

  /// What a pattern has wherever it stands, whatever surrounds it.
  static Text sees(const std::string& pattern) {
    constexpr char kNeither = '\1';
    Text always{true, true};
    for (std::size_t before = 0; before < 8; ++before) {
      std::string piece = std::string(before, kNeither) + pattern;
      piece.resize((piece.size() + 7) / 8 * 8, kNeither);
      const Text found = may_hold(std::as_bytes(std::span(piece)));
      always = {always.is_narrow && found.is_narrow, always.is_wide && found.is_wide};
    }
    return always;
  }

 private:
  static constexpr std::uint64_t kHigh = 0x8080808080808080, kLow = ~kHigh, kLowBytes = 0x00FF00FF00FF00FF;

  /// The high bit of each byte that is zero.
  static std::uint64_t zeros(std::uint64_t x) { return ~(((x & kLow) + kLow) | x) & kHigh; }

  /// The high bit of each byte that is 0x20 or more, and not 0xF8 or more.
  static std::uint64_t is_text(std::uint64_t x) {
    return (((x & kLow) + 0x6060606060606060) | x) & kHigh & ~zeros(~x & 0xF8F8F8F8F8F8F8F8);
  }

  /// Zero where the low bytes are characters from 0x20 to 0x7F and the high bytes are zero.
  static std::uint64_t no_characters(std::uint64_t x) {
    return (x & 0xFF80FF80FF80FF80) | (~(x >> 5 | x >> 6) & 0x0001000100010001);
  }

  /// The high bit, unless `x` is zero.
  static std::uint64_t unless_zero(std::uint64_t x) { return x | (0 - x); }
};

/// Turns identifiers into the byte strings that prove something.
class PatternMaker {
 public:
  std::vector<Pattern> make(const Identifiers& identifiers) {
    for (const std::string& name : identifiers.person_names) add_name(name);
    for (const std::string& id : identifiers.ids) add_id(id);
    for (const std::string& place : identifiers.places) add_phrase(place);
    for (const std::string& other : identifiers.others) add_phrase(other);
    for (const std::string& date : identifiers.dates) add(date, true);
    for (const std::string& uid : identifiers.uids) {
      if (uid.size() >= kShortestWord) add(uid, false);
    }
    std::ranges::sort(patterns_);
    patterns_.erase(std::ranges::unique(patterns_).begin(), patterns_.end());
    return std::move(patterns_);
  }

 private:
  /// A name as it stands, its components in usual orders, and each component that is no common word.
  void add_name(const std::string& name) {
    for (const std::string& group : split(name, "=")) {
      const auto parts = split(group, "^ ");
      if (parts.size() >= 2 && !is_test_patient(parts)) {
        add_whole(group);
        for (const std::string_view between : {"", " ", ", ", ",", "_", "^", "."}) {
          add_whole(parts[0] + std::string(between) + parts[1]);
          // A word with a particle is no name: "지연이" ("the delay") of 이^지연.
          const bool is_word = between.empty() && !is_ascii(parts[1]) && is_protocol_word(parts[1]);
          if (!is_word) add_whole(parts[1] + std::string(between) + parts[0]);
        }
      }
      for (const std::string& part : parts) {
        if (is_strong_name(part)) add(part, false);
      }
    }
  }

  void add_whole(const std::string& text) {
    const bool is_long = is_ascii(text) ? text.size() >= kShortestWord : text.size() >= 2 * kShortestInText;
    if (is_long) add(text, false);
  }

  /// "Head^Phantom", "QC^Water": words that nobody is called, and that stay in texts.
  static bool is_test_patient(const std::vector<std::string>& parts) {
    constexpr std::array<std::string_view, 8> kTests = {"phantom", "test",   "qc",    "qa",
                                                        "demo",    "sample", "dummy", "example"};
    const auto is_test = [&](const std::string& part) {
      return std::ranges::find(kTests, in_small_letters(part)) != kTests.end();
    };
    return std::ranges::any_of(parts, is_test) &&
           std::ranges::all_of(parts, [&](const std::string& part) { return is_test(part) || is_protocol_word(part); });
  }

  /// Letters enough that it stands for a person: "Lee" and "Head" alone do not.
  static bool is_strong_name(const std::string& part) {
    if (is_protocol_word(part)) return false;
    constexpr std::size_t kHangulBytes = 3;
    if (!is_ascii(part)) return part.size() >= 2 * kHangulBytes;
    constexpr std::size_t kShortestName = 4;
    return part.size() >= kShortestName &&
           std::ranges::all_of(part, [](char c) { return is_letter(c) || c == '-' || c == '\''; });
  }

  void add_id(const std::string& id) {
    if (is_telling_id(id)) add(id, false);
  }

  void add_phrase(const std::string& text) {
    if (is_telling_phrase(text)) add(text, false);
  }

  void add(const std::string& text, bool is_date) {
    const std::string key = in_small_letters(text);
    if (text.size() < kShortestInText || is_placeholder_name(key)) return;
    if (!is_ascii(text)) {
      for (const std::string& bytes : CharacterSet::all_encodings(text)) {
        push(in_small_letters(bytes), key, is_date, bytes.size() >= kShortestLettersInBinary);
      }
      return;
    }
    const bool is_for_binary = proves_in_binary(text);
    push(key, key, is_date, is_for_binary);
    std::string little, big;
    for (const char c : key) {
      little += {c, '\0'};
      big += {'\0', c};
    }
    push(little, key, false, is_for_binary);
    push(big, key, false, is_for_binary);
  }

  void push(const std::string& bytes, const std::string& key, bool is_date, bool is_for_pixels) {
    patterns_.push_back({bytes, key, is_date, is_for_pixels ? among_pixels(bytes) : AmongPixels::never});
  }

  static AmongPixels among_pixels(const std::string& bytes) {
    constexpr std::size_t kShortestLeap = 16;
    const PixelFilter::Text text = PixelFilter::sees(bytes);
    if (text.is_narrow) return AmongPixels::narrow;
    if (text.is_wide) return AmongPixels::wide;
    return bytes.size() >= kShortestLeap ? AmongPixels::everywhere : AmongPixels::never;
  }

  /// Pixels take the values of a few digits in a row by chance: a flat region of an 8-bit image lies within ten values
  /// as digits do. Letters spread over more.
  static bool proves_in_binary(std::string_view text) {
    const bool has_letters = std::ranges::any_of(text, is_letter);
    return text.size() >= (has_letters ? kShortestLettersInBinary : kShortestDigitsInBinary);
  }

  std::vector<Pattern> patterns_;
};

}  // namespace

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    if (end > begin) parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

TextPieces text_pieces(Bytes pixels) {
  TextPieces begins;
  for (std::size_t begin = 0; begin < pixels.size(); begin += TextPieces::kBytes) {
    const auto text = PixelFilter::may_hold(pixels.subspan(begin, std::min(TextPieces::kBytes, pixels.size() - begin)));
    if (text.is_narrow) begins.narrow.push_back(begin);
    if (text.is_wide) begins.wide.push_back(begin);
  }
  return begins;
}

std::vector<Pattern> make_patterns(const Identifiers& identifiers) { return PatternMaker().make(identifiers); }

}  // namespace naru::dicom
