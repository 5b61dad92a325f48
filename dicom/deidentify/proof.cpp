#include "dicom/deidentify/proof.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "dicom/deidentify/proof_patterns.h"

namespace naru::dicom {

namespace {

/// Behind a date: HHMM of a date and time.
bool starts_with_time(std::string_view text) {
  constexpr std::size_t kHoursAndMinutes = 4;
  return text.size() >= kHoursAndMinutes && std::ranges::all_of(text.substr(0, kHoursAndMinutes), is_digit) &&
         text.substr(0, 2) < "24" && text[2] < '6';
}

/// Not inside a longer word, number or UID.
bool stands_alone(std::string_view text, std::size_t begin, std::size_t end, bool is_date) {
  const auto at = [&](std::size_t n) { return n < text.size() ? text[n] : '\0'; };  // n may wrap below zero
  const char first = at(begin), last = at(end - 1), before = at(begin - 1), after = at(end);
  if (is_letter(first) && is_letter(before)) return false;
  if (is_letter(last) && is_letter(after)) return false;
  if (is_digit(first) && (is_digit(before) || (before == '.' && is_digit(at(begin - 2))))) return false;
  if (!is_digit(last)) return true;
  if (is_digit(after)) return is_date && starts_with_time(text.substr(end));
  return !(after == '.' && is_digit(at(end + 1)));
}

/// @param at where it begins
bool matches(Bytes bytes, std::size_t at, const Pattern& pattern) {
  if (pattern.bytes.size() > bytes.size() - at) return false;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const bool is_equal = std::ranges::equal(text.substr(at, pattern.bytes.size()), pattern.bytes, {}, small_letter);
  return is_equal && stands_alone(text, at, at + pattern.bytes.size(), pattern.is_date);
}

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
    std::transform(bytes, bytes + kBlockBytes, letters.begin(), small_letter);
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

  const std::vector<Pattern>& patterns_;
  std::size_t window_ = 0;
  std::vector<std::uint8_t> shift_;                          ///< by block
  std::array<std::uint64_t, 1024> known_{};                  ///< a bit for each block that is in a pattern
  std::vector<std::pair<std::uint16_t, std::size_t>> ends_;  ///< last block of each pattern's window
};

/// Wide patterns among pixels: each has 15 bytes or more, and so, wherever it stands, a word of eight bytes at a
/// multiple of eight. Most words of pixels are in no pattern, which a bit tells.
class WordProbe {
 public:
  static constexpr std::size_t kWordBytes = 8;

  void add(const std::vector<Pattern>& patterns) {
    for (std::size_t p = 0; p < patterns.size(); ++p) {
      if (patterns[p].among_pixels != AmongPixels::wide) continue;
      for (std::size_t offset = 0; offset < kWordBytes && offset + kWordBytes <= patterns[p].bytes.size(); ++offset) {
        const std::uint64_t word = folded_word(patterns[p].bytes.data() + offset);
        rows_.push_back({word, &patterns[p], p, offset});
        bits_[hash(word) / 32] |= std::uint32_t{1} << hash(word) % 32;
      }
    }
    std::ranges::sort(rows_, {}, &Row::word);
  }

  /// Lets `this` tell also of the words of `other`, which `find` does not know.
  void join_bits(const WordProbe& other) {
    for (std::size_t n = 0; n < bits_.size(); ++n) bits_[n] |= other.bits_[n];
  }

  /// The words from `begin` to `end` that may be of a pattern, by their offsets.
  void collect(Bytes bytes, std::size_t begin, std::size_t end, std::vector<std::size_t>& words) const {
    constexpr std::size_t kGroupBytes = 16 * kWordBytes;
    for (std::size_t group = begin; group < end; group += kGroupBytes) {
      const std::size_t stop = std::min({group + kGroupBytes, end, bytes.size() / kWordBytes * kWordBytes});
      if (group >= stop || !knows_any(bits_.data(), bytes.subspan(group, stop - group))) continue;
      for (std::size_t at = group; at < stop; at += kWordBytes) {
        const std::uint32_t found = hash(folded_word(reinterpret_cast<const char*>(bytes.data()) + at));
        if ((bits_[found / 32] >> found % 32 & 1) != 0) words.push_back(at);
      }
    }
  }

  /// The pattern that one of the words is of. @param words from `collect`
  std::optional<ProofSearch::Hit> find(Bytes bytes, std::span<const std::size_t> words,
                                       const AllowedTexts& allowed) const {
    for (const std::size_t at : words) {
      const std::uint64_t word = folded_word(reinterpret_cast<const char*>(bytes.data()) + at);
      for (const Row& row : std::ranges::equal_range(rows_, word, {}, &Row::word)) {
        if (row.offset > at || !matches(bytes, at - row.offset, *row.pattern)) continue;
        if (!allowed.contains(row.pattern->text)) return ProofSearch::Hit{at - row.offset, row.index};
      }
    }
    return std::nullopt;
  }

 private:
  struct Row {
    std::uint64_t word = 0;
    const Pattern* pattern = nullptr;
    std::size_t index = 0, offset = 0;
  };
  static constexpr unsigned kHashBits = 17;

  /// Letters become small ones, and what differs from another by that bit alone becomes the same.
  static std::uint64_t folded(std::uint64_t word) { return word | (word & 0x4040404040404040) >> 1; }
  static std::uint64_t folded_word(const char* bytes) {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return folded(word);
  }
  /// Of a folded word (Knuth's multiplier, and another odd one).
  static std::uint32_t hash(std::uint64_t word) {
    return (static_cast<std::uint32_t>(word) * 2654435761U + static_cast<std::uint32_t>(word >> 32) * 2246822519U) >>
           (32 - kHashBits);
  }

  /// Without a way out, so that the compiler takes many words at a time.
  NARU_AVX2_CLONE static bool knows_any(const std::uint32_t* bits, Bytes words) {
    std::uint32_t known = 0;
    for (std::size_t at = 0; at + kWordBytes <= words.size(); at += kWordBytes) {
      std::uint64_t word;
      std::memcpy(&word, words.data() + at, sizeof word);
      const std::uint32_t found = hash(folded(word));
      known |= bits[found / 32] >> found % 32;
    }
    return (known & 1) != 0;
  }

  std::array<std::uint32_t, (std::size_t{1} << kHashBits) / 32> bits_{};
  std::vector<Row> rows_;  ///< by word
};

}  // namespace

struct ProofSearch::State {
  explicit State(const Identifiers& identifiers)
      : patterns(make_patterns(identifiers)),
        in_text(patterns, [](const Pattern&) { return true; }),
        in_narrow(patterns, [](const Pattern& p) { return p.among_pixels == AmongPixels::narrow; }),
        everywhere(patterns, [](const Pattern& p) { return p.among_pixels == AmongPixels::everywhere; }) {
    for (const Pattern& pattern : patterns) longest = std::max(longest, pattern.bytes.size());
    in_wide.add(patterns);
  }
  State(const State&) = delete;  // `in_wide` refers to `patterns`
  State& operator=(const State&) = delete;

  /// @param wide_words those of WordProbe
  std::optional<Hit> find_in_pixels(Bytes bytes, std::span<const std::size_t> narrow_pieces,
                                    std::span<const std::size_t> wide_words, const AllowedTexts& allowed) const {
    if (const auto hit = everywhere.find(bytes, allowed)) return hit;
    if (const auto hit = find_in_pieces(narrow_pieces, bytes, allowed)) return hit;
    return in_wide.find(bytes, wide_words, allowed);
  }

  /// Neighbours of a piece that may hold text are searched with it, since a pattern may begin or end there.
  std::optional<Hit> find_in_pieces(std::span<const std::size_t> pieces, Bytes bytes,
                                    const AllowedTexts& allowed) const {
    const std::size_t margin = longest + 2;  // with what stands beside a pattern
    for (const std::size_t begin : pieces) {
      const std::size_t end = std::min(begin + TextPieces::kBytes, bytes.size());
      const std::size_t from = begin - std::min(begin, margin), to = std::min(end + margin, bytes.size());
      if (auto hit = in_narrow.find(bytes.subspan(from, to - from), allowed)) {
        hit->offset += from;
        return hit;
      }
    }
    return std::nullopt;
  }

  std::vector<Pattern> patterns;
  Searcher<2> in_text, in_narrow;
  Searcher<4> everywhere;
  WordProbe in_wide;
  std::size_t longest = 0;
};

AllowedTexts::AllowedTexts(std::span<const std::string> texts) {
  for (const std::string& text : texts) {
    folded_.insert(in_small_letters(text));
    for (std::string& word : split(in_small_letters(text), " ,;/_-")) folded_.insert(std::move(word));
  }
}

void AllowedTexts::allow(std::string_view text) { folded_.insert(in_small_letters(text)); }

ProofSearch::ProofSearch(const Identifiers& identifiers) : state_(std::make_unique<State>(identifiers)) {}
ProofSearch::~ProofSearch() = default;
ProofSearch::ProofSearch(ProofSearch&&) noexcept = default;
ProofSearch& ProofSearch::operator=(ProofSearch&&) noexcept = default;

std::size_t ProofSearch::pattern_count() const { return state_->patterns.size(); }

std::optional<ProofSearch::Hit> ProofSearch::find(Bytes bytes, Where where, const AllowedTexts& allowed) const {
  const ProofSearch* const self = this;
  return find_any({&self, 1}, bytes, where, allowed);
}

/// The pixels are gone through once for all searches.
std::vector<std::size_t> ProofSearch::wide_words_of(std::span<const ProofSearch* const> searches, Bytes bytes,
                                                    std::span<const std::size_t> pieces) {
  std::vector<std::size_t> words;
  WordProbe any;
  std::size_t margin = 0;  // a pattern may begin in the piece before, with what is no text there
  for (const ProofSearch* search : searches) {
    any.join_bits(search->state_->in_wide);
    margin = std::max(margin, search->state_->longest + WordProbe::kWordBytes);
  }
  std::size_t done = 0;
  for (const std::size_t begin : pieces) {
    const std::size_t from = (begin - std::min(begin, margin)) / WordProbe::kWordBytes * WordProbe::kWordBytes;
    any.collect(bytes, std::max(done, from), begin + TextPieces::kBytes, words);
    done = begin + TextPieces::kBytes;
  }
  return words;
}

std::optional<ProofSearch::Hit> ProofSearch::find_any(std::span<const ProofSearch* const> searches, Bytes bytes,
                                                      Where where, const AllowedTexts& allowed) {
  TextPieces pieces;
  std::vector<std::size_t> wide_words;
  if (where == Where::binary) {
    pieces = text_pieces(bytes);
    wide_words = wide_words_of(searches, bytes, pieces.wide);
  }
  for (const ProofSearch* search : searches) {
    const State& state = *search->state_;
    const auto hit = where == Where::text ? state.in_text.find(bytes, allowed)
                                          : state.find_in_pixels(bytes, pieces.narrow, wide_words, allowed);
    if (hit) return hit;
  }
  return std::nullopt;
}

}  // namespace naru::dicom
