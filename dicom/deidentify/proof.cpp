#include "dicom/deidentify/proof.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "dicom/dcmtk/character_set.h"
#include "dicom/deidentify/descriptor_ids.h"
#include "dicom/deidentify/descriptors.h"
#include "dicom/element_values.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kShortestInText = 3;
constexpr std::size_t kShortestLettersInBinary = 7, kShortestDigitsInBinary = 12;
constexpr std::size_t kShortestWord = 6;

constexpr char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char raise(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return fold(c) >= 'a' && fold(c) <= 'z'; }
bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string folded(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), fold);
  return result;
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    if (end > begin) parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// Pixels seldom look like text: pieces without a word of text hold no pattern of those that `sees` is true for.
/// Words of text stand at multiples of their size: narrow ones have four bytes, all of them from 0x20 to 0xF7 (the
/// upper bytes of small numbers lie below, those of small negative ones above), wide ones four characters of UTF-16,
/// all of them from 0x20 to 0x7F.
class PixelFilter {
 public:
  static constexpr std::size_t kPieceBytes = 4096;

  struct Text {
    bool is_narrow = false, is_wide = false;
  };

  __attribute__((target_clones("avx2", "default"))) static Text may_hold(Bytes piece) {
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

  /// Where the pieces begin that may hold text.
  struct Pieces {
    std::vector<std::size_t> narrow, wide;
  };

  static Pieces pieces(Bytes bytes) {
    Pieces begins;
    for (std::size_t begin = 0; begin < bytes.size(); begin += kPieceBytes) {
      const Text text = may_hold(bytes.subspan(begin, std::min(kPieceBytes, bytes.size() - begin)));
      if (text.is_narrow) begins.narrow.push_back(begin);
      if (text.is_wide) begins.wide.push_back(begin);
    }
    return begins;
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

/// How a pattern is searched for among pixels.
enum class AmongPixels {
  never,       ///< too short to prove anything there, or to be searched for in good time (escapes)
  narrow,      ///< where PixelFilter sees narrow text
  wide,        ///< where it sees wide text
  everywhere,  ///< 16 bytes or more, so that the search leaps
};

struct Pattern {
  std::string bytes;  ///< folded
  std::string text;   ///< of which they are one encoding, folded
  bool is_date = false;
  AmongPixels among_pixels = AmongPixels::never;
  friend auto operator<=>(const Pattern&, const Pattern&) = default;
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
      if (parts.size() >= 2) {
        add_whole(group);
        for (const std::string_view between : {"", " ", ", ", ",", "_", "^", "."}) {
          add_whole(parts[0] + std::string(between) + parts[1]);
          add_whole(parts[1] + std::string(between) + parts[0]);
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

  /// Letters enough that it stands for a person: "Lee" and "Head" alone do not.
  static bool is_strong_name(const std::string& part) {
    if (is_protocol_word(part)) return false;
    constexpr std::size_t kHangulBytes = 3;
    if (!is_ascii(part)) return part.size() >= 2 * kHangulBytes;
    constexpr std::size_t kShortestName = 4;
    return part.size() >= kShortestName && std::ranges::all_of(part, [](char c) { return is_letter(c) || c == '-'; });
  }

  void add_id(const std::string& id) {
    if (is_telling_id(id)) add(id, false);
  }

  void add_phrase(const std::string& text) {
    if (is_telling_phrase(text)) add(text, false);
  }

  void add(const std::string& text, bool is_date) {
    const std::string key = folded(text);
    if (text.size() < kShortestInText || is_placeholder(key)) return;
    if (!is_ascii(text)) {
      for (const std::string& bytes : CharacterSet::all_encodings(text)) {
        push(folded(bytes), key, is_date, bytes.size() >= kShortestLettersInBinary);
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

  static bool is_placeholder(std::string_view key) {
    constexpr std::array<std::string_view, 12> kPlaceholders = {"anon",         "anonymous", "anonymized", "anonymised",
                                                                "unknown",      "none",      "null",       "removed",
                                                                "deidentified", "not given", "unnamed",    "no name"};
    return std::ranges::find(kPlaceholders, key) != kPlaceholders.end();
  }

  std::vector<Pattern> patterns_;
};

/// Wu-Manber, in any case of letters: a window slides over the bytes by as much as its last block allows. Blocks of
/// four bytes tell more apart than those of two, and so leap further where patterns are long.
template <std::size_t kBlockBytes>
class Searcher {
 public:
  using IsUsed = bool (*)(const Pattern&);
  Searcher(const std::vector<Pattern>& patterns, IsUsed is_used) : patterns_(patterns) {
    window_ = SIZE_MAX;
    for (const Pattern& pattern : patterns) {
      if (is_used(pattern)) window_ = std::min(window_, pattern.bytes.size());
    }
    if (window_ == SIZE_MAX) return;
    constexpr std::size_t kLongestShift = 255;
    window_ = std::min(window_, kLongestShift);
    shift_.assign(std::size_t{1} << 16, static_cast<std::uint8_t>(window_ - kBlockBytes + 1));
    for (std::size_t p = 0; p < patterns.size(); ++p) {
      if (is_used(patterns[p])) add(patterns[p].bytes, p);
    }
    std::ranges::sort(ends_);
  }

  bool is_empty() const { return shift_.empty(); }

  std::optional<ProofSearch::Hit> find(Bytes bytes, const AllowedTexts& allowed) const {
    if (shift_.empty() || bytes.size() < window_) return std::nullopt;
    const char* text = reinterpret_cast<const char*>(bytes.data());
    const std::size_t last = bytes.size() - window_;
    for (std::size_t at = 0; at <= last;) {
      const std::uint16_t end = block(text + at + window_ - kBlockBytes);
      // Most blocks are in no pattern: a bit each stays in the nearest cache, where the shifts do not.
      if ((known_[end / 64] >> end % 64 & 1) == 0) {
        at += window_ - kBlockBytes + 1;
        continue;
      }
      const std::uint8_t shift = shift_[end];
      if (shift > 0) {
        at += shift;
        continue;
      }
      if (const auto pattern = match_at(bytes, at, allowed)) return ProofSearch::Hit{at, *pattern};
      ++at;
    }
    return std::nullopt;
  }

 private:
  /// Two bytes as they are, four by a hash (Knuth's multiplier).
  static std::uint16_t block(const char* bytes) {
    std::conditional_t<kBlockBytes == 2, std::uint16_t, std::uint32_t> value;
    static_assert(sizeof value == kBlockBytes);
    std::memcpy(&value, bytes, sizeof value);
    if constexpr (kBlockBytes == 2) return value;
    return static_cast<std::uint16_t>(value * 2654435761U >> 16);
  }

  static std::uint16_t folded_block(const char* bytes) {
    std::array<char, kBlockBytes> letters;
    std::transform(bytes, bytes + kBlockBytes, letters.begin(), fold);
    return block(letters.data());
  }

  void add(const std::string& bytes, std::size_t pattern) {
    for (std::size_t at = 0; at + kBlockBytes <= window_; ++at) {
      const auto distance = static_cast<std::uint8_t>(window_ - kBlockBytes - at);
      for (unsigned raised = 0; raised < 1U << kBlockBytes; ++raised) {
        std::array<char, kBlockBytes> letters;
        bool is_new = true;
        for (std::size_t n = 0; n < kBlockBytes; ++n) {
          const bool is_raised = (raised >> n & 1U) != 0;
          letters[n] = is_raised ? raise(bytes[at + n]) : bytes[at + n];
          is_new = is_new && (!is_raised || letters[n] != bytes[at + n]);  // a digit has one case
        }
        if (!is_new) continue;
        const std::uint16_t found = block(letters.data());
        shift_[found] = std::min(shift_[found], distance);
        known_[found / 64] |= std::uint64_t{1} << found % 64;
      }
    }
    ends_.emplace_back(folded_block(bytes.data() + window_ - kBlockBytes), pattern);
  }

  std::optional<std::size_t> match_at(Bytes bytes, std::size_t at, const AllowedTexts& allowed) const {
    const std::uint16_t end = folded_block(reinterpret_cast<const char*>(bytes.data()) + at + window_ - kBlockBytes);
    for (auto row = std::ranges::lower_bound(ends_, std::pair<std::uint16_t, std::size_t>(end, 0));
         row != ends_.end() && row->first == end; ++row) {
      const Pattern& pattern = patterns_[row->second];
      if (matches(bytes, at, pattern) && !allowed.contains(pattern.text)) return row->second;
    }
    return std::nullopt;
  }

  static bool matches(Bytes bytes, std::size_t at, const Pattern& pattern) {
    if (pattern.bytes.size() > bytes.size() - at) return false;
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const bool is_equal = std::ranges::equal(text.substr(at, pattern.bytes.size()), pattern.bytes, {}, fold);
    return is_equal && stands_alone(text, at, at + pattern.bytes.size(), pattern.is_date);
  }

  /// Not inside a longer word, number or UID.
  static bool stands_alone(std::string_view text, std::size_t begin, std::size_t end, bool is_date) {
    const auto at = [&](std::size_t n) { return n < text.size() ? text[n] : '\0'; };  // n may wrap below zero
    const char first = at(begin), last = at(end - 1), before = at(begin - 1), after = at(end);
    if (is_letter(first) && is_letter(before)) return false;
    if (is_letter(last) && is_letter(after)) return false;
    if (is_digit(first) && (is_digit(before) || (before == '.' && is_digit(at(begin - 2))))) return false;
    if (!is_digit(last)) return true;
    if (is_digit(after)) return is_date && starts_with_time(text.substr(end));
    return !(after == '.' && is_digit(at(end + 1)));
  }

  /// Behind a date: HHMM of a date and time.
  static bool starts_with_time(std::string_view text) {
    constexpr std::size_t kHoursAndMinutes = 4;
    return text.size() >= kHoursAndMinutes && std::ranges::all_of(text.substr(0, kHoursAndMinutes), is_digit) &&
           text.substr(0, 2) < "24" && text[2] < '6';
  }

  const std::vector<Pattern>& patterns_;
  std::size_t window_ = 0;
  std::vector<std::uint8_t> shift_;                          ///< by block
  std::array<std::uint64_t, 1024> known_{};                  ///< a bit for each block that is in a pattern
  std::vector<std::pair<std::uint16_t, std::size_t>> ends_;  ///< last block of each pattern's window
};

}  // namespace

struct ProofSearch::State {
  explicit State(const Identifiers& identifiers)
      : patterns(PatternMaker().make(identifiers)),
        in_text(patterns, [](const Pattern&) { return true; }),
        in_narrow(patterns, [](const Pattern& p) { return p.among_pixels == AmongPixels::narrow; }),
        in_wide(patterns, [](const Pattern& p) { return p.among_pixels == AmongPixels::wide; }),
        everywhere(patterns, [](const Pattern& p) { return p.among_pixels == AmongPixels::everywhere; }) {
    for (const Pattern& pattern : patterns) longest = std::max(longest, pattern.bytes.size());
  }

  std::optional<Hit> find_in_pixels(Bytes bytes, const PixelFilter::Pieces& pieces, const AllowedTexts& allowed) const {
    if (const auto hit = everywhere.find(bytes, allowed)) return hit;
    if (const auto hit = find_in_pieces(in_narrow, bytes, pieces.narrow, allowed)) return hit;
    return find_in_pieces(in_wide, bytes, pieces.wide, allowed);
  }

  /// Neighbours of a piece that may hold text are searched with it, since a pattern may begin or end there.
  template <std::size_t kBlockBytes>
  std::optional<Hit> find_in_pieces(const Searcher<kBlockBytes>& searcher, Bytes bytes,
                                    std::span<const std::size_t> pieces, const AllowedTexts& allowed) const {
    const std::size_t margin = longest + 2;  // with what stands beside a pattern
    for (const std::size_t begin : pieces) {
      const std::size_t end = std::min(begin + PixelFilter::kPieceBytes, bytes.size());
      const std::size_t from = begin - std::min(begin, margin), to = std::min(end + margin, bytes.size());
      if (auto hit = searcher.find(bytes.subspan(from, to - from), allowed)) {
        hit->offset += from;
        return hit;
      }
    }
    return std::nullopt;
  }

  std::vector<Pattern> patterns;
  Searcher<2> in_text, in_narrow;
  Searcher<4> in_wide, everywhere;
  std::size_t longest = 0;
};

AllowedTexts::AllowedTexts(std::span<const std::string> texts) {
  for (const std::string& text : texts) {
    folded_.insert(folded(text));
    for (std::string& word : split(folded(text), " ,;/_-")) folded_.insert(std::move(word));
  }
}

ProofSearch::ProofSearch(const Identifiers& identifiers) : state_(std::make_unique<State>(identifiers)) {}
ProofSearch::~ProofSearch() = default;
ProofSearch::ProofSearch(ProofSearch&&) noexcept = default;
ProofSearch& ProofSearch::operator=(ProofSearch&&) noexcept = default;

std::size_t ProofSearch::pattern_count() const { return state_->patterns.size(); }

std::optional<ProofSearch::Hit> ProofSearch::find(Bytes bytes, Where where, const AllowedTexts& allowed) const {
  const ProofSearch* const self = this;
  return find_any({&self, 1}, bytes, where, allowed);
}

std::optional<ProofSearch::Hit> ProofSearch::find_any(std::span<const ProofSearch* const> searches, Bytes bytes,
                                                      Where where, const AllowedTexts& allowed) {
  const auto pieces = where == Where::binary ? PixelFilter::pieces(bytes) : PixelFilter::Pieces();
  for (const ProofSearch* search : searches) {
    const State& state = *search->state_;
    const auto hit =
        where == Where::text ? state.in_text.find(bytes, allowed) : state.find_in_pixels(bytes, pieces, allowed);
    if (hit) return hit;
  }
  return std::nullopt;
}

}  // namespace naru::dicom
