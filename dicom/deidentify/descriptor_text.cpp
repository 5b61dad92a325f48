#include "dicom/deidentify/descriptor_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>

#include "dicom/deidentify/text_escapes.h"

namespace naru::dicom {

namespace {

constexpr char32_t kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7;
constexpr char32_t kLeads = 19, kVowels = 21, kTails = 28;

struct LetterFold {
  char32_t from;
  std::u32string_view to;
};
// Letters of Latin scripts that Unicode does not decompose.
constexpr LetterFold kLetterFolds[] = {{U'ø', U"o"}, {U'ł', U"l"}, {U'đ', U"d"},  {U'ð', U"d"},  {U'ħ', U"h"},
                                       {U'ı', U"i"}, {U'ŧ', U"t"}, {U'æ', U"ae"}, {U'œ', U"oe"}, {U'þ', U"th"}};

// How Spanish writes María: "Mª Carmen".
constexpr char32_t kFeminineOrdinal = U'\u00AA';
constexpr std::u32string_view kRestOfMaria = U"aria";

CharKind kind_of_ascii(char c) {
  if (c >= '0' && c <= '9') return CharKind::digit;
  if (c >= 'a' && c <= 'z') return CharKind::lower;
  if (c >= 'A' && c <= 'Z') return CharKind::upper;
  return c == ' ' || (c >= '\t' && c <= '\r') ? CharKind::space : CharKind::other;
}

CharKind kind_of(char32_t code) {
  if ((code >= kFirstSyllable && code <= kLastSyllable) || (code >= 0x1100 && code < 0x1200) ||
      (code >= 0x3131 && code < 0x3190)) {
    return CharKind::hangul;
  }
  if (code >= 0x3040 && code < 0x3100) return CharKind::kana;
  constexpr char32_t kIterationMark = 0x3005;  // 々 repeats the ideograph before it: 佐々木
  if (code == kIterationMark || (code >= 0x3400 && code < 0xA000) || (code >= 0xF900 && code < 0xFB00) ||
      (code >= 0x20000 && code < 0x32000)) {
    return CharKind::han;
  }
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT: return CharKind::upper;
    case UTF8PROC_CATEGORY_LL: return CharKind::lower;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return CharKind::uncased;
    case UTF8PROC_CATEGORY_ND: return CharKind::digit;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC: return CharKind::space;
    default: return CharKind::other;
  }
}

bool is_letter(CharKind kind) {
  return kind == CharKind::lower || kind == CharKind::upper || kind == CharKind::uncased;
}

TokenKind token_kind(CharKind kind) {
  switch (kind) {
    case CharKind::digit: return TokenKind::number;
    case CharKind::hangul: return TokenKind::hangul;
    case CharKind::han: return TokenKind::han;
    case CharKind::kana: return TokenKind::kana;
    default: return TokenKind::letters;
  }
}

}  // namespace

FoldedText::FoldedText(std::string_view utf8, bool reads_ascii) : original_(utf8) {
  chars_.reserve(utf8.size());
  codes_.reserve(utf8.size());
  tokens_.reserve(utf8.size() / 3 + 1);
  fold(utf8, reads_ascii);
  cut();
}

void FoldedText::fold(std::string_view utf8, bool reads_ascii) {
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  for (std::size_t i = 0; i < utf8.size();) {
    const char c = utf8[i];
    if (const EscapedChar escaped = escape_at(utf8, i, reads_ascii); escaped.length > 0) {
      append_decomposed(escaped.code, i, i + escaped.length);
      i += escaped.length;
      continue;
    }
    if (is_control_without_width(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 0x80) {
      append_nothing(++i);
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x80) {
      const CharKind kind = kind_of_ascii(c);
      const char32_t code = static_cast<unsigned char>(c) + (kind == CharKind::upper ? 32U : 0U);
      chars_.push_back({code, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i + 1), kind});
      codes_ += code;
      ++i;
      continue;
    }
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(data + i, static_cast<utf8proc_ssize_t>(utf8.size() - i), &code);
    if (length <= 0) {
      append(U'\uFFFD', i, i + 1);
      ++i;
      continue;
    }
    append_decomposed(static_cast<char32_t>(code), i, i + static_cast<std::size_t>(length));
    i += static_cast<std::size_t>(length);
  }
}

/// True where the last word begins with its last character, which is this letter.
bool FoldedText::is_letter_alone(char32_t letter) const {
  return !chars_.empty() && chars_.back().code == letter && (chars_.size() < 2 || !is_letter(chars_.end()[-2].kind));
}

/// Marks and characters without width belong to the character before them.
void FoldedText::append_nothing(std::size_t end) {
  if (!chars_.empty()) chars_.back().end = static_cast<std::uint32_t>(end);
}

void FoldedText::append_decomposed(char32_t code, std::size_t begin, std::size_t end) {
  if (is_control_without_width(code)) return append_nothing(end);
  if (code == kFeminineOrdinal && is_letter_alone(U'm')) {
    for (const char32_t letter : kRestOfMaria) append(letter, begin, end);
    return;
  }
  if (code >= kFirstSyllable && code <= kLastSyllable) return append(code, begin, end);
  std::array<utf8proc_int32_t, 32> parts{};
  int last_boundary_class = 0;
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                                                           UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), parts.data(), parts.size(), kOptions,
                                             &last_boundary_class);
  if (count < 0 || count > static_cast<utf8proc_ssize_t>(parts.size())) return append(code, begin, end);
  if (count == 0) append_nothing(end);
  const bool is_upper = kind_of(code) == CharKind::upper;
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    const auto part = static_cast<char32_t>(parts[static_cast<std::size_t>(i)]);
    const LetterFold* row = std::ranges::find(kLetterFolds, part, &LetterFold::from);
    for (const char32_t letter : row == std::end(kLetterFolds) ? std::u32string_view(&part, 1) : row->to) {
      const std::size_t size = chars_.size();
      append(letter, begin, end);
      const bool is_new = chars_.size() > size;
      if (is_upper && is_new && chars_.back().kind == CharKind::lower) chars_.back().kind = CharKind::upper;
    }
  }
}

/// Puts conjoining jamo together as they come, and makes Katakana Hiragana.
void FoldedText::append(char32_t code, std::size_t begin, std::size_t end) {
  constexpr char32_t kFirstKatakana = 0x30A1, kLastKatakana = 0x30F6, kToHiragana = 0x60;
  if (code >= kFirstKatakana && code <= kLastKatakana) code -= kToHiragana;
  if (!chars_.empty()) {
    FoldedChar& last = chars_.back();
    const bool is_lead = last.code >= kLead && last.code < kLead + kLeads;
    const bool is_open =
        last.code >= kFirstSyllable && last.code <= kLastSyllable && (last.code - kFirstSyllable) % kTails == 0;
    char32_t composed = 0;
    if (is_lead && code >= kVowel && code < kVowel + kVowels) {
      composed = kFirstSyllable + ((last.code - kLead) * kVowels + (code - kVowel)) * kTails;
    } else if (is_open && code > kTail && code < kTail + kTails) {
      composed = last.code + (code - kTail);
    }
    if (composed != 0) {
      last.code = codes_.back() = composed;
      last.end = static_cast<std::uint32_t>(end);
      return;
    }
  }
  chars_.push_back({code, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), kind_of(code)});
  codes_ += code;
}

void FoldedText::cut() {
  for (std::size_t i = 0; i < chars_.size();) {
    const CharKind kind = chars_[i].kind;
    if (kind == CharKind::other || kind == CharKind::space) {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    if (is_letter(kind)) {
      end = end_of_letters(i);
    } else {
      while (end < chars_.size() && chars_[end].kind == kind) ++end;
    }
    add_token(i, end, token_kind(kind));
    i = end;
  }
}

/// Where a word of letters ends: at what is no letter, before a capital that follows a small letter, and before the
/// last capital of several that a small letter follows ("CTHead" is "CT", "Head"). An apostrophe between letters is
/// inside.
std::size_t FoldedText::end_of_letters(std::size_t begin) const {
  std::size_t i = begin + 1;
  for (; i < chars_.size(); ++i) {
    const CharKind kind = chars_[i].kind;
    const CharKind next = i + 1 < chars_.size() ? chars_[i + 1].kind : CharKind::other;
    if (is_apostrophe(chars_[i].code) && is_letter(next)) continue;
    if (!is_letter(kind)) break;
    const CharKind before = chars_[i - 1].kind;
    // A ligature or a folded letter gives several characters of one place: no capital begins inside.
    if (chars_[i].begin == chars_[i - 1].begin) continue;
    if (kind == CharKind::upper && before == CharKind::lower) break;
    // "CTs" and "MRs" are plurals: one small letter alone begins no word.
    const bool begins_word = kind == CharKind::upper && before == CharKind::upper && next == CharKind::lower &&
                             i + 2 < chars_.size() && chars_[i + 2].kind == CharKind::lower;
    if (begins_word) break;
  }
  return i;
}

void FoldedText::add_token(std::size_t begin, std::size_t end, TokenKind kind) {
  Token token{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), kind};
  token.is_glued = !tokens_.empty() && tokens_.back().end == begin;
  bool has_lower = false;
  for (std::size_t i = begin; i < end; ++i) {
    if (is_apostrophe(chars_[i].code)) continue;
    token.hash = hash_on(token.hash, chars_[i].code);
    ++token.length;
    if (chars_[i].kind == CharKind::lower) has_lower = true;
  }
  if (chars_[begin].kind == CharKind::upper) token.token_case = has_lower ? TokenCase::capitalised : TokenCase::upper;
  tokens_.push_back(token);
}

std::u32string_view FoldedText::gap_before(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : tokens_[i - 1].end;
  const std::size_t end = i < tokens_.size() ? tokens_[i].begin : chars_.size();
  return folded(begin, end);
}

std::int64_t FoldedText::number(const Token& token) const {
  if (token.end - token.begin > 9) return -1;
  std::int64_t value = 0;
  for (std::size_t i = token.begin; i < token.end; ++i) {
    const char32_t digit = codes_[i] - U'0';
    if (digit > 9) return -1;
    value = value * 10 + static_cast<std::int64_t>(digit);
  }
  return value;
}

WordHash hash_of_word(std::string_view utf8) {
  WordHash hash = kHashSeed;
  const FoldedText text(utf8);
  for (const Token& token : text.tokens()) hash = hash_on(hash, text.folded(token));
  return hash;
}

}  // namespace naru::dicom
