#include <algorithm>
#include <optional>
#include <string>

#include "dicom/deidentify/descriptor_contacts.h"

// National numbers whose digits check themselves. Sources: EAN-13 (Switzerland's AHV number), Receita Federal (CPF),
// Orden INT/2058/2008 (DNI and NIE), NHS Data Dictionary, DM 23/12/1976 (codice fiscale).

namespace naru::dicom {

namespace {

std::int64_t weighted_sum(std::u32string_view digits, std::int64_t first_weight) {
  std::int64_t sum = 0;
  for (const char32_t digit : digits) sum += first_weight-- * (digit - U'0');
  return sum;
}

bool is_swiss_number(std::u32string_view number) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < number.size(); ++i) sum += (i % 2 == 0 ? 1 : 3) * (number[i] - U'0');
  return sum % 10 == 0;
}

bool is_brazilian_number(std::u32string_view number) {
  constexpr std::size_t kChecked = 9;
  const auto checks = [&](std::size_t count) {
    const auto first_weight = static_cast<std::int64_t>(count) + 1;
    return weighted_sum(number.substr(0, count), first_weight) * 10 % 11 % 10 == number[count] - U'0';
  };
  const bool is_row = number.find_first_not_of(number[0]) == number.npos;
  return !is_row && checks(kChecked) && checks(kChecked + 1);
}

/// Foreigners have X, Y or Z for 0, 1 or 2 before seven digits.
bool is_spanish_number(std::u32string_view number) {
  constexpr std::u32string_view kLetters = U"trwagmyfpdxbnjzsqvhlcke", kForeign = U"xyz";
  std::size_t value = kForeign.find(number[0]);
  if (value == kForeign.npos) value = number[0] - U'0';
  for (const char32_t digit : number.substr(1, 7)) value = 10 * value + (digit - U'0');
  return number.back() == kLetters[value % kLetters.size()];
}

bool is_spanish_foreign_number(std::u32string_view number) {
  return number[0] >= U'x' && number[0] <= U'z' && is_spanish_number(number);
}

bool is_british_number(std::u32string_view number) {
  return (weighted_sum(number.substr(0, 9), 10) + (number[9] - U'0')) % 11 == 0;
}

/// Letters of the names, year, month as a letter, day, town, and a letter that checks the others.
bool is_italian_number(std::u32string_view number) {
  constexpr std::u32string_view kMonths = U"abcdehlmprst";
  constexpr std::int64_t kOdd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                   20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  std::int64_t sum = 0;
  for (std::size_t i = 0; i + 1 < number.size(); ++i) {
    const std::size_t value = number[i] <= U'9' ? number[i] - U'0' : number[i] - U'a';
    sum += i % 2 == 0 ? kOdd[value] : static_cast<std::int64_t>(value);
  }
  return kMonths.find(number[8]) != kMonths.npos && number.back() - U'a' == sum % 26;
}

/// One manner of writing a number: d for a digit, A for a capital, a for a letter, x for a digit or a letter that
/// stands for one (where two persons would have the same number), anything else for itself.
struct NationalNumber {
  std::u32string_view mask;
  bool (*is_valid)(std::u32string_view number);  ///< of letters and digits alone
  std::u32string_view label = {};                ///< without which it may be something else
};
constexpr NationalNumber kNationalNumbers[] = {
    {U"756.dddd.dddd.dd", is_swiss_number},       {U"756 dddd dddd dd", is_swiss_number},
    {U"ddd.ddd.ddd-dd", is_brazilian_number},     {U"ddddddddA", is_spanish_number},
    {U"dddddddd-A", is_spanish_number},           {U"dd.ddd.ddd-A", is_spanish_number},
    {U"AdddddddA", is_spanish_foreign_number},    {U"A-ddddddd-A", is_spanish_foreign_number},
    {U"ddd ddd dddd", is_british_number, U"nhs"}, {U"ddd-ddd-dddd", is_british_number, U"nhs"},
    {U"aaaaaaxxaxxaxxxa", is_italian_number},     {U"aaa aaa xxaxx axxxa", is_italian_number},
};

class NationalNumberFinder {
 public:
  NationalNumberFinder(const FoldedText& text, Removals& removals)
      : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    std::uint32_t end = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].begin < end || is_inside_longer(text_, i)) continue;
      for (const NationalNumber& form : kNationalNumbers) {
        const std::optional<std::uint32_t> last = matched(tokens_[i].begin, form);
        if (!last || (!form.label.empty() && !is_behind_label(i, form.label))) continue;
        end = *last;
        removals_.push_back({tokens_[i].begin, end, DescriptorReason::national});
        break;
      }
    }
  }

 private:
  static bool is_of_word(CharKind kind) {
    return kind == CharKind::digit || kind == CharKind::lower || kind == CharKind::upper || kind == CharKind::uncased;
  }
  bool is_kind(std::size_t i, CharKind kind) const { return i < text_.chars().size() && text_.chars()[i].kind == kind; }

  static bool is_of_class(const FoldedChar& c, char32_t wanted) {
    constexpr std::u32string_view kForDigits = U"lmnpqrstuv", kDashes = U"-\u2010\u2011\u2012\u2013";
    const bool is_digit = c.code >= U'0' && c.code <= U'9', is_letter = c.code >= U'a' && c.code <= U'z';
    if (wanted == U'd') return is_digit;
    if (wanted == U'A') return is_letter && c.kind == CharKind::upper;
    if (wanted == U'a') return is_letter;
    if (wanted == U'x') return is_digit || kForDigits.find(c.code) != kForDigits.npos;
    return c.code == wanted || (wanted == U'-' && kDashes.find(c.code) != kDashes.npos);
  }

  /// The character after a number of this form that begins at `begin`.
  std::optional<std::uint32_t> matched(std::uint32_t begin, const NationalNumber& form) const {
    const auto& chars = text_.chars();
    const std::size_t end = begin + form.mask.size();
    if (end > chars.size()) return std::nullopt;
    std::u32string number;
    for (std::size_t i = begin; i < end; ++i) {
      if (!is_of_class(chars[i], form.mask[i - begin])) return std::nullopt;
      if (is_of_word(chars[i].kind)) number += chars[i].code;
    }
    const bool has_sign = end < chars.size() && (chars[end].code == U'.' || chars[end].code == U'-');
    const bool goes_on =
        (end < chars.size() && is_of_word(chars[end].kind)) || (has_sign && is_kind(end + 1, CharKind::digit));
    if (goes_on || !form.is_valid(number)) return std::nullopt;
    return static_cast<std::uint32_t>(end);
  }

  /// "NHS No. 401 023 2137"
  bool is_behind_label(std::size_t i, std::u32string_view label) const {
    constexpr std::u32string_view kBetween[] = {U"no", U"number", U"num", U"nr", U"id", U"is"};
    constexpr std::size_t kMostWords = 3, kLongestGap = 3;
    for (std::size_t k = i; k > 0 && i - k < kMostWords; --k) {
      const std::u32string_view gap = text_.gap_before(k), word = text_.folded(tokens_[k - 1]);
      if (gap.size() > kLongestGap || gap.find_first_not_of(U" :#=.-") != gap.npos) return false;
      if (word == label) return true;
      if (!is_one_of(word, kBetween)) return false;
    }
    return false;
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_national_numbers(const FoldedText& text, Removals& removals) { NationalNumberFinder(text, removals).find(); }

}  // namespace naru::dicom
