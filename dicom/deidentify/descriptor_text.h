/// A free text made comparable, and cut into words: what all finders of identifying words work on.
///
/// Every character is folded: compatibility forms (full and half width, ligatures), case and diacritics do not matter,
/// Hiragana and Katakana are one, decomposed jamo are put together, characters without width and controls that are
/// no white space vanish, escapes ("&#252;") are what they stand for. Each folded one knows the bytes of the original
/// that it came from, so that words can be cut out of the original. Source: Unicode 15 (NFKD, case folding, conjoining
/// jamo: section 3.12), by utf8proc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace naru::dicom {

/// Hangul as Unicode composes it.
inline constexpr char32_t kFirstSyllable = 0xAC00, kLastSyllable = 0xD7A3;

enum class CharKind : std::uint8_t { other, space, digit, lower, upper, uncased, hangul, han, kana };

struct FoldedChar {
  char32_t code = 0;
  std::uint32_t begin = 0, end = 0;  ///< bytes in the original
  CharKind kind = CharKind::other;
};

/// Hash of a folded word; that of several tokens in a row is made by going on from the first one's.
using WordHash = std::uint64_t;
inline constexpr WordHash kHashSeed = 0xCBF29CE484222325ULL;
/// FNV-1a over code points.
constexpr WordHash hash_on(WordHash hash, char32_t code) { return (hash ^ code) * 0x100000001B3ULL; }

enum class TokenKind : std::uint8_t { number, letters, hangul, han, kana };
enum class TokenCase : std::uint8_t { lower, capitalised, upper };

/// A run of characters of one kind: digits, letters up to a change to a capital ("DavidsonDouglas" is two), Hangul,
/// Han or Kana. Offsets are of folded characters.
struct Token {
  std::uint32_t begin = 0, end = 0;
  TokenKind kind = TokenKind::letters;
  TokenCase token_case = TokenCase::lower;
  bool is_glued = false;  ///< nothing stands between this token and the one before it
  WordHash hash = kHashSeed;
  std::uint32_t length = 0;  ///< characters that count: without apostrophes inside

  bool is_letters() const { return kind == TokenKind::letters; }
  bool is_number() const { return kind == TokenKind::number; }
  bool is_east_asian() const { return kind == TokenKind::hangul || kind == TokenKind::han || kind == TokenKind::kana; }
  /// Written as a name would be: "Kim" or "KIM".
  bool is_raised() const { return is_letters() && token_case != TokenCase::lower; }
};

class FoldedText {
 public:
  /// @param utf8 must live as long as this; bytes that are no UTF-8 are separators
  /// @param reads_ascii see escape_at
  explicit FoldedText(std::string_view utf8, bool reads_ascii = false);

  std::string_view original() const { return original_; }
  const std::vector<FoldedChar>& chars() const { return chars_; }
  const std::vector<Token>& tokens() const { return tokens_; }

  /// Folded characters between the end of token i - 1 (or the text's beginning) and token i (or the text's end).
  std::u32string_view gap_before(std::size_t i) const;
  std::u32string_view folded(const Token& token) const { return folded(token.begin, token.end); }
  std::u32string_view folded(std::size_t begin, std::size_t end) const {
    return std::u32string_view(codes_).substr(begin, end - begin);
  }
  /// The value of a number token, or -1 where it has more than 9 digits.
  std::int64_t number(const Token& token) const;

 private:
  void fold(std::string_view utf8, bool reads_ascii);
  void append_nothing(std::size_t end);
  bool is_letter_alone(char32_t letter) const;
  void append(char32_t code, std::size_t begin, std::size_t end);
  void append_decomposed(char32_t code, std::size_t begin, std::size_t end);
  void cut();
  std::size_t end_of_letters(std::size_t begin) const;
  void add_token(std::size_t begin, std::size_t end, TokenKind kind);

  std::string_view original_;
  std::vector<FoldedChar> chars_;
  std::u32string codes_;
  std::vector<Token> tokens_;
};

/// Controls that are no white space: no text VR may hold one, but for ESC of character sets (PS3.5 6.1.3).
constexpr bool is_control_without_width(char32_t code) {
  const bool is_white_space = code == U'\t' || code == U'\n' || code == U'\f' || code == U'\r';
  return (code < 0x20 && !is_white_space) || (code >= 0x7F && code < 0xA0);
}

/// True for one of the words of a list in folded letters.
template <std::size_t N>
bool is_one_of(std::u32string_view word, const std::u32string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

/// An apostrophe may stand in a word and does not count in it.
constexpr bool is_apostrophe(char32_t code) { return code == U'\'' || code == U'\u2019' || code == U'\u02BC'; }

/// "mary" of "mary's"; empty where nothing of the kind ends a word.
constexpr std::u32string_view possessive_stem(std::u32string_view word) {
  const bool is_possessive = word.size() >= 4 && word.back() == U's' && is_apostrophe(word[word.size() - 2]);
  return is_possessive ? word.substr(0, word.size() - 2) : std::u32string_view();
}

/// Hash of characters that are folded already.
constexpr WordHash hash_of_folded(std::u32string_view word) {
  WordHash hash = kHashSeed;
  for (const char32_t code : word) hash = hash_on(hash, code);
  return hash;
}

/// The hash of what `hash` is of with the word behind it, as a token's: without apostrophes.
constexpr WordHash hash_on(WordHash hash, std::u32string_view word) {
  for (const char32_t code : word) {
    if (!is_apostrophe(code)) hash = hash_on(hash, code);
  }
  return hash;
}

/// Hash of a word's folded letters, digits and characters of East Asia; what separates them does not count.
WordHash hash_of_word(std::string_view utf8);

}  // namespace naru::dicom
