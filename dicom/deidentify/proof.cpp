#include "dicom/deidentify/proof.h"

#include <algorithm>
#include <array>
#include <set>

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
constexpr auto kFolded = [] {
  std::array<std::uint8_t, 256> table{};
  for (int n = 0; n < 256; ++n) table[static_cast<std::size_t>(n)] = static_cast<std::uint8_t>(n);
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = static_cast<std::uint8_t>(c - 'A' + 'a');
  return table;
}();

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

struct Pattern {
  std::string bytes;  ///< folded
  bool is_date = false;
  bool is_for_binary = false;  ///< long enough to prove something among pixels
  friend auto operator<=>(const Pattern&, const Pattern&) = default;
};

/// Turns identifiers into the byte strings that prove something.
class PatternMaker {
 public:
  explicit PatternMaker(std::span<const std::string> allowed) {
    for (const std::string& text : allowed) {
      allowed_.insert(folded(text));
      for (const std::string& word : split(text, " ,;/_-")) allowed_.insert(folded(word));
    }
  }

  std::vector<Pattern> make(const Identifiers& identifiers) {
    for (const std::string& name : identifiers.person_names) add_name(name);
    for (const std::string& id : identifiers.ids) add_id(id);
    for (const std::string& place : identifiers.places) add_phrase(place);
    for (const std::string& other : identifiers.others) add_phrase(other);
    for (const std::string& date : identifiers.dates) add(date, true);
    for (const std::string& uid : identifiers.uids) {
      if (uid.size() >= kShortestWord) add(uid, false);
    }
    return {patterns_.begin(), patterns_.end()};
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
    if (text.size() < kShortestInText || allowed_.contains(key) || is_placeholder(key)) return;
    if (!is_ascii(text)) {
      for (const std::string& bytes : CharacterSet::all_encodings(text)) {
        patterns_.insert({folded(bytes), is_date, bytes.size() >= kShortestLettersInBinary});
      }
      return;
    }
    const bool is_for_binary = proves_in_binary(text);
    patterns_.insert({key, is_date, is_for_binary});
    std::string little, big;
    for (const char c : key) {
      little += {c, '\0'};
      big += {'\0', c};
    }
    patterns_.insert({little, false, is_for_binary});
    patterns_.insert({big, false, is_for_binary});
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

  std::set<std::string> allowed_;
  std::set<Pattern> patterns_;
};

/// Wu-Manber with blocks of two bytes.
class Searcher {
 public:
  Searcher(const std::vector<Pattern>& patterns, ProofSearch::Where where) : patterns_(patterns) {
    const auto is_used = [&](const Pattern& pattern) {
      return where == ProofSearch::Where::text || pattern.is_for_binary;
    };
    window_ = SIZE_MAX;
    for (const Pattern& pattern : patterns) {
      if (is_used(pattern)) window_ = std::min(window_, pattern.bytes.size());
    }
    if (window_ == SIZE_MAX) return;
    constexpr std::size_t kLongestShift = 255;
    window_ = std::min(window_, kLongestShift);
    shift_.assign(std::size_t{1} << 16, static_cast<std::uint8_t>(window_ - 1));
    for (std::size_t p = 0; p < patterns.size(); ++p) {
      const std::string& bytes = patterns[p].bytes;
      if (!is_used(patterns[p])) continue;
      for (std::size_t at = 0; at + 2 <= window_; ++at) {
        auto& shift = shift_[block(bytes.data() + at)];
        shift = std::min(shift, static_cast<std::uint8_t>(window_ - 2 - at));
      }
      ends_.emplace_back(block(bytes.data() + window_ - 2), p);
    }
    std::ranges::sort(ends_);
  }

  std::optional<ProofSearch::Hit> find(Bytes bytes) const {
    if (shift_.empty() || bytes.size() < window_) return std::nullopt;
    const char* text = reinterpret_cast<const char*>(bytes.data());
    for (std::size_t at = 0; at + window_ <= bytes.size();) {
      const std::uint16_t end = block(text + at + window_ - 2);
      if (shift_[end] > 0) {
        at += shift_[end];
        continue;
      }
      for (auto row = std::ranges::lower_bound(ends_, std::pair<std::uint16_t, std::size_t>(end, 0));
           row != ends_.end() && row->first == end; ++row) {
        if (matches(bytes, at, patterns_[row->second])) return ProofSearch::Hit{at, row->second};
      }
      ++at;
    }
    return std::nullopt;
  }

 private:
  static std::uint16_t block(const char* two) {
    const unsigned first = kFolded[static_cast<unsigned char>(two[0])];
    const unsigned second = kFolded[static_cast<unsigned char>(two[1])];
    return static_cast<std::uint16_t>(first | second << 8);
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
  std::vector<std::uint8_t> shift_;
  std::vector<std::pair<std::uint16_t, std::size_t>> ends_;  ///< last block of each pattern's window
};

}  // namespace

struct ProofSearch::State {
  State(const Identifiers& identifiers, std::span<const std::string> allowed)
      : patterns(PatternMaker(allowed).make(identifiers)),
        in_text(patterns, Where::text),
        in_binary(patterns, Where::binary) {}
  std::vector<Pattern> patterns;
  Searcher in_text, in_binary;
};

ProofSearch::ProofSearch(const Identifiers& identifiers, std::span<const std::string> allowed)
    : state_(std::make_unique<State>(identifiers, allowed)) {}
ProofSearch::~ProofSearch() = default;
ProofSearch::ProofSearch(ProofSearch&&) noexcept = default;
ProofSearch& ProofSearch::operator=(ProofSearch&&) noexcept = default;

std::size_t ProofSearch::pattern_count() const { return state_->patterns.size(); }

std::optional<ProofSearch::Hit> ProofSearch::find(Bytes bytes, Where where) const {
  return (where == Where::text ? state_->in_text : state_->in_binary).find(bytes);
}

}  // namespace naru::dicom
