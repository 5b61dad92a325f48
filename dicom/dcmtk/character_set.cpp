#include "dicom/dcmtk/character_set.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "dicom/dcmtk/character_conversion.h"
#include "dicom/dcmtk/character_guess.h"

namespace naru::dicom {

struct CharacterSet::State {
  std::vector<Set> stated;  ///< known terms in order
  Set g0 = Set::ascii;      ///< at the beginning of a value and after each delimiter
  std::optional<Set> g1;
  std::optional<Set> whole;  ///< UTF-8 or GB18030: no code extensions
  std::optional<Set> wide;   ///< the stated set of two bytes that fills G1: meant where its escape is missing
  std::optional<Choice> settled;

  bool states(Set set) const { return std::find(stated.begin(), stated.end(), set) != stated.end(); }
  std::optional<Decoded> decoded(const Text& text, std::optional<Set> set) const;
  Choice chosen(std::span<const Text> texts) const;
};

namespace {

bool is_reset(char c, Vr value_representation) {
  const bool is_text =
      value_representation == vr("LT") || value_representation == vr("ST") || value_representation == vr("UT");
  const bool is_name = value_representation == vr("PN");
  return (byte(c) < 0x20 && c != kEscape) || (c == '\\' && !is_text) || ((c == '^' || c == '=') && is_name);
}

/// Reads bytes of ISO 2022 from the beginning to the end, switching sets as escapes say.
class Iso2022Reader {
 public:
  Iso2022Reader(const CharacterSet::Decoded& start, std::string_view bytes, Vr value_representation)
      : out_(start), bytes_(bytes), vr_(value_representation) {}

  /// @param state what (0008,0005) says
  template <typename State>
  std::optional<CharacterSet::Decoded> read(const State& state) {
    g0_ = state.g0;
    g1_ = state.g1;
    while (at_ < bytes_.size()) {
      if (designate(state)) continue;
      if (bytes_[at_] == kEscape) return {};
      if (!(is_high(bytes_[at_]) ? read_high(state) : read_low(state))) return {};
    }
    return std::move(out_);
  }

 private:
  /// An escape sequence, or what is left of one whose ESC byte was lost on the way.
  template <typename State>
  bool designate(const State& state) {
    const bool has_escape = bytes_[at_] == kEscape;
    if (!has_escape && bytes_[at_] != '$') return false;
    const Designation* row = designation_at(bytes_.substr(at_ + (has_escape ? 1 : 0)));
    if (row == nullptr) return false;
    if (!has_escape && !is_leftover(*row, state)) return false;
    (row->half == Half::g0 ? g0_ : g1_.emplace()) = row->set;
    if (row->half == Half::g1) last_wide_ = row->set;
    has_lost_escape_ = !has_escape && row->half == Half::g0;
    out_.is_as_stated = out_.is_as_stated && has_escape && (row->set == Set::ascii || state.states(row->set));
    at_ += row->code.size() + (has_escape ? 1 : 0);
    return true;
  }

  /// "$)C" stands in no other text. Of the others only those of stated sets are meant as such, and those that fill G0
  /// only where the way back to ASCII follows.
  template <typename State>
  bool is_leftover(const Designation& row, const State& state) const {
    if (row.code == "$)C") return g0_ == Set::ascii;
    if (g0_ != Set::ascii || !state.states(row.set)) return false;
    if (row.half == Half::g1) return true;
    const std::string_view rest = bytes_.substr(at_);
    return rest.find("(B") != std::string_view::npos || rest.find("(J") != std::string_view::npos;
  }

  /// "(B" or "(J" without ESC: only looked for where the escape before had lost its own.
  static bool is_way_back(std::string_view bytes) { return bytes.starts_with("(B") || bytes.starts_with("(J"); }

  template <typename State>
  bool read_high(const State& state) {
    std::optional<Set> set = g1_;
    if (!set) {
      set = last_wide_ ? last_wide_ : state.wide;
      out_.is_as_stated = false;
    }
    if (!set) return false;
    const std::string_view run = high_run(info(*set).bytes_per_char);
    at_ += run.size();
    // C1 controls are no text: such bytes are of another set than the stated one.
    if (info(*set).bytes_per_char == 1 && std::any_of(run.begin(), run.end(), [](char c) { return byte(c) < 0xA0; })) {
      return false;
    }
    return append(*set, run);
  }

  /// The bytes of G1 from here on. UHC, the vendors' superset of KS X 1001, has letters as second bytes.
  std::string_view high_run(int bytes_per_char) const {
    const auto is_second = [&](std::size_t at) {
      return at < bytes_.size() && (is_high(bytes_[at]) || std::isalpha(static_cast<int>(byte(bytes_[at]))) != 0);
    };
    std::size_t end = at_;
    while (end < bytes_.size() && is_high(bytes_[end])) end += bytes_per_char == 2 && is_second(end + 1) ? 2 : 1;
    return bytes_.substr(at_, end - at_);
  }

  template <typename State>
  bool read_low(const State& state) {
    const char c = bytes_[at_];
    if (g0_ != Set::ascii && byte(c) > 0x20) return read_wide(state);
    if (is_reset(c, vr_)) {
      g0_ = state.g0;
      g1_ = state.g1;
    }
    out_.text += c;
    ++at_;
    return true;
  }

  /// Characters of G0 that is not ASCII: a delimiter's byte may be half of one.
  template <typename State>
  bool read_wide(const State& state) {
    const std::string_view rest = bytes_.substr(at_);
    const Set set = g0_;
    const auto width = static_cast<std::size_t>(info(set).bytes_per_char);
    std::string run;
    std::size_t length = 0;
    const auto is_back = [&] { return has_lost_escape_ && is_way_back(rest.substr(length)); };
    while (length + width <= rest.size() && is_graphic(rest.substr(length, width)) && !is_back()) {
      for (const char c : rest.substr(length, width)) run += static_cast<char>(byte(c) | 0x80U);
      length += width;
    }
    at_ += length;
    if (is_back()) {
      at_ += kWayBack;
      g0_ = Set::ascii;
      has_lost_escape_ = false;
    } else if (length == 0 && is_reset(rest[0], vr_)) {
      // One left-over byte: the way back to ASCII is missing before a delimiter.
      g0_ = state.g0;
      out_.is_as_stated = false;
      return true;
    }
    return length > 0 && append(set, run);
  }

  static bool is_graphic(std::string_view character) {
    return std::all_of(character.begin(), character.end(), [](char c) { return byte(c) > 0x20 && byte(c) < 0x7F; });
  }

  bool append(Set set, std::string_view run) {
    if (info(set).prefix == 0) return append_as_utf8(set, run, out_.text);
    std::string prefixed;
    const auto width = static_cast<std::size_t>(info(set).bytes_per_char);
    for (std::size_t i = 0; i < run.size(); i += width) {
      prefixed += info(set).prefix;
      prefixed += run.substr(i, width);
    }
    return append_as_utf8(set, prefixed, out_.text);
  }

  CharacterSet::Decoded out_;
  std::string_view bytes_;
  Vr vr_;
  std::size_t at_ = 0;
  Set g0_ = Set::ascii;
  static constexpr std::size_t kWayBack = 2;
  bool has_lost_escape_ = false;
  std::optional<Set> g1_;
  std::optional<Set> last_wide_;  ///< what G1 held before a delimiter reset it: meant where the escape is not repeated
};

}  // namespace

CharacterSet::CharacterSet(std::string_view value) : state_(std::make_unique<State>()) {
  bool is_first = true;
  for (std::size_t begin = 0; begin <= value.size(); is_first = false) {
    const std::size_t end = std::min(value.find('\\', begin), value.size());
    const std::optional<Set> set = set_of_term(value.substr(begin, end - begin));
    begin = end + 1;
    if (!set) continue;
    state_->stated.push_back(*set);
    const bool is_in_g1 = *set == Set::ks_x_1001 || *set == Set::gb2312;
    if (is_in_g1 && !state_->wide) state_->wide = set;
    if (!is_first) continue;
    if (*set == Set::utf8 || *set == Set::gb18030) state_->whole = set;
    // JIS X 0208 and 0212 fill G0 and are never the initial set.
    if (is_in_g1 || info(*set).bytes_per_char == 1) state_->g1 = set;
    if (state_->whole || *set == Set::ascii) state_->g1.reset();
  }
}

CharacterSet::~CharacterSet() = default;
CharacterSet::CharacterSet(CharacterSet&&) noexcept = default;
CharacterSet& CharacterSet::operator=(CharacterSet&&) noexcept = default;

/// @param set empty: as stated
std::optional<CharacterSet::Decoded> CharacterSet::State::decoded(const Text& text, std::optional<Set> set) const {
  if (!set && !whole) return Iso2022Reader({}, text.bytes, text.value_representation).read(*this);
  auto utf8 = whole_as_utf8(set ? *set : *whole, text.bytes);
  return utf8 ? std::optional(Decoded{std::move(*utf8), !set}) : std::nullopt;
}

Choice CharacterSet::State::chosen(std::span<const Text> texts) const {
  return choose(texts, stated, [this](const Text& text) -> std::optional<std::string> {
    auto utf8 = decoded(text, {});
    return utf8 ? std::optional(std::move(utf8->text)) : std::nullopt;
  });
}

namespace {

bool has_escapes(std::string_view bytes) {
  return bytes.find(kEscape) != std::string_view::npos || bytes.find("$)C") != std::string_view::npos;
}

}  // namespace

void CharacterSet::settle(std::span<const Text> texts) {
  constexpr std::size_t kEnoughBytes = 4096;
  std::vector<Text> unclear;
  std::size_t size = 0;
  for (const Text& text : texts) {
    if (!has_high(text.bytes) || has_escapes(text.bytes) || is_plainly_utf8(text.bytes)) continue;
    unclear.push_back(text);
    size += text.bytes.size();
    if (size > kEnoughBytes) break;
  }
  if (!unclear.empty()) state_->settled = state_->chosen(unclear);
}

std::optional<CharacterSet::Decoded> CharacterSet::to_utf8(std::string_view bytes, Vr value_representation) const {
  std::vector<Decoded> found = readings(bytes, value_representation);
  if (found.size() != 1) return {};
  return std::move(found.front());
}

std::vector<CharacterSet::Decoded> CharacterSet::readings(std::string_view bytes, Vr value_representation) const {
  std::string plain(bytes);
  if (!has_high(bytes) || has_escapes(bytes)) {
    if (bytes.find_first_of("$\x1B") == std::string_view::npos) return {{plain, true}};
    if (auto read = Iso2022Reader({}, bytes, value_representation).read(*state_)) return {std::move(*read)};
    plain = without_escapes(bytes);
    // An escape that no table knows: what follows could mean anything.
    if (plain.find(kEscape) != std::string::npos) return {};
    if (!has_high(plain)) return {{plain, false}};
  }
  if (is_plainly_utf8(plain)) return {{plain, state_->whole == Set::utf8}};
  const Text text{plain, value_representation};
  std::vector<Decoded> found;
  for (const std::optional<Set>& set : state_->settled ? *state_->settled : state_->chosen({&text, 1})) {
    auto decoded = state_->decoded(text, set);
    if (decoded) found.push_back(std::move(*decoded));
  }
  return found;
}

namespace {

std::string normalised(std::string_view utf8, utf8proc_option_t form) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()), static_cast<utf8proc_ssize_t>(utf8.size()),
                   &mapped, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | form));
  if (length < 0) return std::string(utf8);
  std::string text(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length));
  std::free(mapped);  // NOLINT: utf8proc gives memory of malloc
  return text;
}

/// All letters as capitals, or all as small ones, each by itself: "ß" stays.
std::string in_one_case(std::string_view utf8, utf8proc_int32_t (*converted)(utf8proc_int32_t)) {
  std::string text;
  for (std::size_t at = 0; at < utf8.size();) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data() + at),
                                         static_cast<utf8proc_ssize_t>(utf8.size() - at), &code);
    if (length <= 0) return std::string(utf8);
    std::array<utf8proc_uint8_t, 4> bytes;
    const auto size = utf8proc_encode_char(converted(code), bytes.data());
    text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
    at += static_cast<std::size_t>(length);
  }
  return text;
}

// Those of one byte a character: a text in one of them reads as nonsense, but reads, in all the others.
constexpr Set kSingleByteSets[] = {Set::latin1,      Set::latin2,      Set::latin3,      Set::latin4,
                                   Set::cyrillic,    Set::arabic,      Set::greek,       Set::hebrew,
                                   Set::latin5,      Set::latin9,      Set::thai,        Set::windows1250,
                                   Set::windows1251, Set::windows1252, Set::windows1253, Set::windows1254,
                                   Set::windows1255, Set::windows1256, Set::windows1257, Set::koi8_r};

/// Bytes of the character that begins with this one.
std::size_t utf8_length(char first) {
  return static_cast<std::size_t>(std::max<utf8proc_int8_t>(utf8proc_utf8class[byte(first)], 1));
}

enum class Script : std::uint8_t { ascii, latin, greek, cyrillic, other };

Script script_of(utf8proc_int32_t code) {
  if (code < 0x80) return Script::ascii;
  if (code < 0x250 || (code >= 0x1E00 && code < 0x1F00)) return Script::latin;
  if (code >= 0x370 && code < 0x400) return Script::greek;
  return code >= 0x400 && code < 0x530 ? Script::cyrillic : Script::other;
}

/// A word as names are written: letters of one script, all of one case or the first one a capital.
class NameWord {
 public:
  /// False where the letter cannot be one of such a word.
  bool append(utf8proc_int32_t code) {
    const auto category = utf8proc_category(code);
    const bool is_upper = category == UTF8PROC_CATEGORY_LU, is_lower = category == UTF8PROC_CATEGORY_LL;
    if (!is_upper && !is_lower) return false;
    const Script script = script_of(code);
    const bool are_latin = script <= Script::latin && script_ <= Script::latin;
    if (length_ > 0 && script != script_ && !are_latin) return false;
    script_ = length_ == 0 ? script : std::max(script, script_);
    if (is_upper && lower_ > 0) return false;            // "ivaNov"
    if (is_lower && length_ - lower_ > 1) return false;  // "IVanov"
    lower_ += is_lower ? 1 : 0;
    ++length_;
    return true;
  }

 private:
  Script script_ = Script::ascii;
  int length_ = 0, lower_ = 0;
};

constexpr std::string_view kBetweenNames = "^= -.,'\\";

/// The first letter of each word a capital, the others small: of a text in small letters.
std::string with_capitals(std::string_view small) {
  std::string text;
  bool begins = true;
  for (std::size_t at = 0; at < small.size();) {
    const std::size_t length = utf8_length(small[at]);
    const std::string_view letter = small.substr(at, length);
    text += begins ? in_one_case(letter, utf8proc_toupper) : std::string(letter);
    begins = kBetweenNames.find(small[at]) != std::string_view::npos;
    at += length;
  }
  return text;
}

/// True where `f` is true of every character; false as soon as it is not, or the bytes are no UTF-8.
template <class F>
bool all_characters(std::string_view utf8, F f) {
  for (std::size_t at = 0; at < utf8.size();) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data() + at),
                                         static_cast<utf8proc_ssize_t>(utf8.size() - at), &code);
    if (length <= 0 || !f(code)) return false;
    at += static_cast<std::size_t>(length);
  }
  return true;
}

/// True where all words are as NameWord has them.
bool looks_like_name(std::string_view utf8) {
  NameWord word;
  return all_characters(utf8, [&](utf8proc_int32_t code) {
    const bool is_between = code < 0x80 && kBetweenNames.find(static_cast<char>(code)) != std::string_view::npos;
    if (is_between) word = {};
    return is_between || word.append(code);
  });
}

/// Characters of more than one byte in their sets: not Katakana of half width.
bool is_east_asian(std::string_view utf8) {
  return !all_characters(utf8, [](utf8proc_int32_t code) {
    constexpr utf8proc_int32_t kFirst = 0x2E80, kPrivate = 0xE000, kCompatible = 0xF900, kHalfWidth = 0xFF61;
    return !((code >= kFirst && code < kPrivate) || (code >= kCompatible && code < kHalfWidth));
  });
}

/// Letters of Iceland, which stand for those of Turkey where the set is not stated.
bool has_icelandic(std::string_view utf8) {
  constexpr std::string_view kLetters[] = {"þ", "Þ", "ð", "Ð", "ý", "Ý"};
  return std::ranges::any_of(kLetters, [&](std::string_view one) { return utf8.find(one) != std::string_view::npos; });
}

/// KS X 1001 with the escape of ISO 2022 IR 149 before the first wide character of each component (PS3.5 H.3.2).
std::string with_escapes(std::string_view euc_kr) {
  std::string text;
  bool is_designated = false;
  for (const char c : euc_kr) {
    if (c == '^' || c == '=') is_designated = false;
    if (is_high(c) && !is_designated) {
      text += "\x1B$)C";
      is_designated = true;
    }
    text += c;
  }
  return text;
}

}  // namespace

std::vector<std::string> CharacterSet::other_readings(std::string_view name, Vr value_representation) const {
  if (!has_high(name) || has_escapes(name) || is_plainly_utf8(name)) return {};
  std::vector<std::string> known, others;
  for (Decoded& reading : readings(name, value_representation)) known.push_back(std::move(reading.text));
  if (std::ranges::any_of(known, is_east_asian)) return {};
  const bool is_latin_name =
      std::ranges::any_of(known, [](const std::string& one) { return looks_like_name(one) && !has_icelandic(one); });
  const auto add = [&](std::string text) {
    const bool is_new =
        std::ranges::find(known, text) == known.end() && std::ranges::find(others, text) == others.end();
    if (is_new) others.push_back(std::move(text));
  };
  constexpr Set kSets[] = {Set::windows1251, Set::cyrillic,    Set::koi8_r, Set::windows1253,
                           Set::greek,       Set::windows1250, Set::latin2, Set::windows1254};
  constexpr std::size_t kNotLatin = 5;
  for (std::size_t i = 0; i < std::size(kSets); ++i) {
    if (i == kNotLatin && (is_latin_name || !others.empty())) break;
    const auto utf8 = whole_as_utf8(kSets[i], name);
    if (!utf8 || !looks_like_name(*utf8)) continue;
    add(*utf8);
    const std::string capitals = in_one_case(*utf8, utf8proc_toupper), small = in_one_case(*utf8, utf8proc_tolower);
    // Greek capitals have no accents.
    constexpr auto kWithoutMarks = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK);
    for (const std::string& form : {capitals, normalised(capitals, kWithoutMarks), small, with_capitals(small)}) {
      std::string bytes;
      if (!append_from_utf8(kSets[i], form, bytes) || bytes == name) continue;
      for (Decoded& reading : readings(bytes, value_representation)) add(std::move(reading.text));
    }
  }
  return others;
}

std::vector<std::string> CharacterSet::all_encodings(std::string_view utf8) {
  std::vector<std::string> encodings;
  const auto add = [&](std::string bytes) {
    if (!bytes.empty() && std::find(encodings.begin(), encodings.end(), bytes) == encodings.end()) {
      encodings.push_back(std::move(bytes));
    }
  };
  const auto add_as = [&](Set set, std::string_view text) {
    std::string bytes;
    if (append_from_utf8(set, text, bytes)) add(bytes);
    return bytes;
  };
  const bool is_plain = !has_high(utf8);
  std::vector<std::string> forms = {std::string(utf8)};
  if (!is_plain) {
    const std::string composed = normalised(utf8, UTF8PROC_COMPOSE);
    forms = {std::string(utf8), composed, normalised(utf8, UTF8PROC_DECOMPOSE), in_one_case(composed, utf8proc_toupper),
             in_one_case(composed, utf8proc_tolower)};
  }
  for (const std::string& form : forms) {
    add(form);
    add_as(Set::utf16_le, form);
    add_as(Set::utf16_be, form);
    if (is_plain) continue;
    add(with_escapes(add_as(Set::uhc, form)));
    for (const Set set : {Set::gb18030, Set::shift_jis, Set::jis_x_0208, Set::iso_2022_jp}) add_as(set, form);
    for (const Set set : kSingleByteSets) add_as(set, form);
  }
  return encodings;
}

}  // namespace naru::dicom
