#include "dicom/deidentify/descriptor_contacts.h"

#include <algorithm>
#include <string>

#include "dicom/deidentify/descriptor_dates.h"
#include "dicom/deidentify/descriptor_number_shapes.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

/// Of a telephone number or an address: looking farther would take the square of the text's length.
constexpr std::size_t kMostParts = 12;

constexpr std::u32string_view kDashes = U"-.)(\u2010\u2011\u2012\u2013~";
bool is_among(std::u32string_view text, std::u32string_view allowed) {
  return text.find_first_not_of(allowed) == std::u32string_view::npos;
}

// Before a number of this kind, with how many digits it has at least.
struct Label {
  std::u32string_view word;
  std::size_t fewest_digits;
  DescriptorReason reason;
};
constexpr Label kContactLabels[] = {
    {U"tel", 7, DescriptorReason::contact},
    {U"telephone", 7, DescriptorReason::contact},
    {U"phone", 7, DescriptorReason::contact},
    {U"fax", 7, DescriptorReason::contact},
    {U"mobile", 7, DescriptorReason::contact},
    {U"cell", 7, DescriptorReason::contact},
    {U"hp", 9, DescriptorReason::contact},
    {U"telefon", 6, DescriptorReason::contact},
    {U"telefono", 7, DescriptorReason::contact},
    {U"telefone", 7, DescriptorReason::contact},
    {U"fon", 6, DescriptorReason::contact},
    {U"handy", 7, DescriptorReason::contact},
    {U"mobil", 7, DescriptorReason::contact},
    {U"rufnummer", 6, DescriptorReason::contact},
    {U"전화", 7, DescriptorReason::contact},
    {U"전화번호", 7, DescriptorReason::contact},
    {U"연락처", 7, DescriptorReason::contact},
    {U"휴대폰", 7, DescriptorReason::contact},
    {U"핸드폰", 7, DescriptorReason::contact},
    {U"팩스", 7, DescriptorReason::contact},
    {U"電話", 7, DescriptorReason::contact},
    {U"電話番号", 7, DescriptorReason::contact},
    {U"携帯", 7, DescriptorReason::contact},
    {U"連絡先", 7, DescriptorReason::contact},
    {U"电话", 7, DescriptorReason::contact},
    {U"联系电话", 7, DescriptorReason::contact},
    {U"手机", 7, DescriptorReason::contact},
    {U"手机号", 7, DescriptorReason::contact},
    {U"手機", 7, DescriptorReason::contact},
    {U"call", 7, DescriptorReason::contact},
    {U"called", 7, DescriptorReason::contact},
    {U"pager", 4, DescriptorReason::contact},
    {U"beeper", 4, DescriptorReason::contact},
    {U"imei", 14, DescriptorReason::contact},
    {U"ssn", 9, DescriptorReason::national},
    {U"주민번호", 6, DescriptorReason::national},
    {U"주민등록번호", 6, DescriptorReason::national},
};

class ContactFinder {
 public:
  ContactFinder(const FoldedText& text, Removals& removals)
      : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size();) {
      const std::size_t end = at(i);
      i = std::max(end, i + 1);
    }
  }

 private:
  /// The token after what was found at token i, or i.
  std::size_t at(std::size_t i) {
    if (!tokens_[i].is_number()) {
      if (const std::size_t end = labelled(i); end != i) return end;
      if (const std::size_t end = extension(i); end != i) return end;
      if (const std::size_t end = passport(i); end != i) return end;
      if (const std::size_t end = url(i); end != i) return end;
    } else {
      if (const std::size_t end = international(i); end != i) return end;
      if (const std::size_t end = behind_telephone_sign(i); end != i) return end;
      for (const NumberShape& shape : number_shapes()) {
        if (const std::size_t end = matched(i, shape); end != i) return end;
      }
      if (const std::size_t end = masked_resident_number(i); end != i) return end;
      if (const std::size_t end = ip(i); end != i) return end;
    }
    return email(i);
  }

  std::size_t remove(std::size_t begin, std::size_t end, std::size_t next, DescriptorReason reason) {
    removals_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), reason});
    return next;
  }

  char32_t char_at(std::size_t i) const { return i < text_.chars().size() ? text_.chars()[i].code : U' '; }
  char32_t char_before(std::size_t i) const { return i == 0 ? U' ' : text_.chars()[i - 1].code; }

  /// True where the number goes on in the same manner before or behind: then it is something else. A point makes it
  /// part of a UID or a version; another sign chains only numbers that have it inside.
  bool is_chained(std::size_t first, std::size_t end, bool is_certain = false) const {
    const std::u32string_view own = end > first + 1 ? text_.gap_before(first + 1) : U"-";
    const auto joins = [&](std::size_t i) {
      const std::u32string_view gap = text_.gap_before(i);
      return gap == U"." || (!is_certain && gap == own && (gap == U"-" || gap == U"/"));
    };
    return (first > 0 && tokens_[first - 1].is_number() && joins(first) && !is_behind_date(text_, first)) ||
           (end < tokens_.size() && tokens_[end].is_number() && joins(end));
  }

  std::size_t matched(std::size_t first, const NumberShape& shape) {
    std::u32string digits;
    std::size_t i = first;
    for (std::size_t begin = 0; begin < shape.mask.size(); ++i) {
      const std::size_t stop = std::min(shape.mask.find(U'-', begin), shape.mask.size());
      if (i >= tokens_.size() || !tokens_[i].is_number() || tokens_[i].length != stop - begin) return first;
      if (i > first && !is_gap(i, shape.between)) return first;
      const std::u32string_view number = text_.folded(tokens_[i]);
      for (std::size_t k = 0; k < number.size(); ++k) {
        const char32_t wanted = shape.mask[begin + k];
        if (number[k] > U'9' || (wanted != U'd' && number[k] != wanted)) return first;
      }
      digits += number;
      begin = stop + 1;
    }
    if (is_chained(first, i, shape.is_certain) || !shape.is_valid(digits)) return first;
    if (shape.between == Between::space && is_among_settings(first, i)) return first;
    std::size_t begin = tokens_[first].begin;
    if (char_before(begin) == U'(') --begin;
    return remove(begin, tokens_[i - 1].end, i, shape.reason);
  }

  /// "TR 512 384 4003", "212 867 5309 ms", or a fourth number beside the three.
  bool is_among_settings(std::size_t first, std::size_t end) const {
    const auto is_setting = [&](std::size_t i) { return tokens_[i].is_number() || is_measure(text_, i); };
    return (first > 0 && (is_setting(first - 1) || tokens_[first].is_glued)) ||
           (end < tokens_.size() && (is_setting(end) || tokens_[end].is_glued));
  }

  bool is_gap(std::size_t i, Between between) const {
    const std::u32string_view gap = text_.gap_before(i);
    if (between == Between::space) return gap == U" ";
    if (between == Between::slash_or_dashes && (gap == U"/" || gap == U" / ")) return true;
    if ((between == Between::sign || between == Between::any_sign) && is_any_sign(gap)) return true;
    const bool may_be_space = between == Between::dashes_or_space || between == Between::any_sign;
    const std::size_t signs =
        std::count_if(gap.begin(), gap.end(), [](char32_t c) { return kDashes.find(c) != kDashes.npos; });
    const std::size_t spaces = std::count(gap.begin(), gap.end(), U' ');
    return gap.size() <= 2 && signs + spaces == gap.size() && (signs > 0 || (may_be_space && !gap.empty()));
  }

  /// " - ", "/", "_", "—"
  static bool is_any_sign(std::u32string_view gap) {
    constexpr std::u32string_view kSigns = U"-./_~\u2010\u2011\u2012\u2013\u2014\u2015\u2212";
    if (gap.starts_with(U' ')) gap.remove_prefix(1);
    if (gap.ends_with(U' ')) gap.remove_suffix(1);
    return gap.size() == 1 && kSigns.find(gap[0]) != kSigns.npos;
  }

  /// Tokens of digits from i on with what may stand inside a telephone number between them.
  std::size_t end_of_digits(std::size_t i, std::size_t& digits) const {
    digits = 0;
    std::size_t end = i;
    while (end < std::min(tokens_.size(), i + kMostParts) && tokens_[end].is_number()) {
      if (end > i && (text_.gap_before(end).size() > 2 || !is_among(text_.gap_before(end), U"-.)( /"))) break;
      digits += tokens_[end].length;
      ++end;
    }
    return end;
  }

  /// "+82-10-1234-5678"
  std::size_t international(std::size_t i) {
    const std::size_t begin = tokens_[i].begin;
    if (char_before(begin) != U'+' || tokens_[i].length > 12) return i;
    std::size_t digits = 0;
    const std::size_t end = end_of_digits(i, digits);
    constexpr std::size_t kFewest = 9, kMost = 15;
    if (digits < kFewest || digits > kMost) return i;
    return remove(begin - 1, tokens_[end - 1].end, end, DescriptorReason::contact);
  }

  /// "☎2072-2114"
  std::size_t behind_telephone_sign(std::size_t i) {
    constexpr std::u32string_view kSigns = U"\u260E\u260F\u2706\u2121\U0001F4DE\U0001F4F1";
    constexpr std::size_t kFewest = 7;
    if (text_.gap_before(i).find_first_of(kSigns) == std::u32string_view::npos) return i;
    std::size_t digits = 0;
    const std::size_t end = end_of_digits(i, digits);
    return digits < kFewest ? i : remove(tokens_[i].begin, tokens_[end - 1].end, end, DescriptorReason::contact);
  }

  /// "내선 4567", "ext 4567": "ext" is an extremity as well, so that only a lone number of four or five digits counts.
  std::size_t extension(std::size_t i) {
    const std::u32string_view word = text_.folded(tokens_[i]);
    const bool is_korean = word == U"내선" || word == U"내선번호";
    if ((!is_korean && word != U"ext" && word != U"extn") || i + 1 >= tokens_.size()) return i;
    const Token& number = tokens_[i + 1];
    const std::u32string_view gap = text_.gap_before(i + 1);
    // Behind a telephone number there is no doubt.
    const bool is_behind_number = i > 0 && !removals_.empty() && removals_.back().end == tokens_[i - 1].end;
    const std::uint32_t shortest = is_behind_number ? 2 : is_korean ? 3 : 4;
    if (!number.is_number() || number.length < shortest || number.length > 5) return i;
    if (gap.empty() || gap.size() > 2 || !is_among(gap, U" .:#") || is_chained(i + 1, i + 2)) return i;
    const bool has_unit = (i + 2 < tokens_.size() && tokens_[i + 2].is_glued) || is_measure(text_, i + 2);
    return has_unit ? i : remove(number.begin, number.end, i + 2, DescriptorReason::contact);
  }

  /// "Tel. 555 1234", "전화 1234567", "SSN 123456789"
  std::size_t labelled(std::size_t i) {
    const std::u32string_view word = text_.folded(tokens_[i]);
    const auto* label =
        std::find_if(std::begin(kContactLabels), std::end(kContactLabels), [&](const Label& row) { return row.word == word; });
    if (label == std::end(kContactLabels) || i + 1 >= tokens_.size()) return i;
    const std::u32string_view gap = text_.gap_before(i + 1);
    if (gap.size() > 3 || !is_among(gap, U" .:#=(+-")) return i;
    if (label->reason == DescriptorReason::national) {
      if (const std::size_t end = resident_number(i + 1); end != i + 1) return end;
    }
    std::size_t digits = 0;
    const std::size_t end = end_of_digits(i + 1, digits);
    if (digits < label->fewest_digits && !is_two_fours(i + 1, end)) return i;
    const std::size_t sign = gap.find(U'+');
    const std::size_t begin = sign == std::u32string_view::npos ? tokens_[i + 1].begin : tokens_[i].end + sign;
    return remove(begin, tokens_[end - 1].end, end, label->reason);
  }

  /// "HP 9876-5432"
  bool is_two_fours(std::size_t i, std::size_t end) const {
    return end == i + 2 && tokens_[i].length == 4 && tokens_[i + 1].length == 4 && text_.gap_before(i + 1) == U"-";
  }

  /// Korea: M, S, R, G, D or O with eight digits; since 2021 with a letter in the middle, "M123A4567".
  std::size_t passport(std::size_t i) {
    if (tokens_[i].length != 1 || tokens_[i].token_case != TokenCase::upper || tokens_[i].is_glued) return i;
    constexpr std::u32string_view kTypes = U"msrgdo";
    if (kTypes.find(char_at(tokens_[i].begin)) == std::u32string_view::npos) return i;
    const auto is_glued_number = [&](std::size_t k, std::size_t length) {
      return k < tokens_.size() && tokens_[k].is_glued && tokens_[k].is_number() && tokens_[k].length == length;
    };
    const auto ends = [&](std::size_t k) { return k >= tokens_.size() || !tokens_[k].is_glued; };
    if (is_glued_number(i + 1, 8) && ends(i + 2)) {
      return remove(tokens_[i].begin, tokens_[i + 1].end, i + 2, DescriptorReason::national);
    }
    const bool is_new = is_glued_number(i + 1, 3) && i + 2 < tokens_.size() && tokens_[i + 2].is_glued &&
                        tokens_[i + 2].length == 1 && is_glued_number(i + 3, 4) && ends(i + 4);
    return is_new ? remove(tokens_[i].begin, tokens_[i + 3].end, i + 4, DescriptorReason::national) : i;
  }

  std::size_t resident_number(std::size_t i) {
    if (!tokens_[i].is_number()) return i;
    const std::size_t end = matched(i, number_shapes().front());
    return end != i ? end : masked_resident_number(i);
  }

  /// "900101-1******", "900101-1", "900101-*******"
  std::size_t masked_resident_number(std::size_t i) {
    if (tokens_[i].length != 6) return i;
    if (const std::size_t end = end_of_stars(i); end != tokens_[i].end && is_birth(text_.folded(tokens_[i])))
      return remove(tokens_[i].begin, end, i + 1, DescriptorReason::national);
    if (i + 1 >= tokens_.size()) return i;
    const bool is_dash = text_.gap_before(i + 1) == U"-";
    if (!is_dash && !is_gap(i + 1, Between::any_sign)) return i;
    const Token& next = tokens_[i + 1];
    if (!next.is_number() || next.length > 7 || !is_birth(text_.folded(tokens_[i]))) return i;
    std::size_t end = next.end;
    while (char_at(end) == U'*' || (char_at(end) == U'x' && end > next.end)) ++end;
    const char32_t sex = char_at(next.begin);
    const bool is_masked = end > next.end || (is_dash && next.length == 1);
    return is_masked && sex >= U'1' && sex <= U'8' ? remove(tokens_[i].begin, end, i + 2, DescriptorReason::national)
                                                   : i;
  }

  /// Behind a sign and seven stars after token `i`, or behind the token.
  std::size_t end_of_stars(std::size_t i) const {
    constexpr std::size_t kStars = 7, kLongestGap = 3;
    const std::size_t end = tokens_[i].end;
    std::size_t begin = end;
    while (begin < end + kLongestGap && begin < text_.chars().size() && char_at(begin) != U'*') ++begin;
    std::size_t last = begin;
    while (char_at(last) == U'*') ++last;
    return last - begin == kStars && is_any_sign(text_.folded(end, begin)) ? last : end;
  }

  /// Not a version: at least two of four parts have two digits or more, and no letter is glued before.
  std::size_t ip(std::size_t i) {
    if (i + 4 > tokens_.size() || tokens_[i].is_glued || is_chained(i, i + 4)) return i;
    if (i > 0 && (text_.folded(tokens_[i - 1]) == U"version" || text_.folded(tokens_[i - 1]) == U"ver")) return i;
    int long_parts = 0;
    for (std::size_t k = i; k < i + 4; ++k) {
      const std::int64_t value = tokens_[k].is_number() ? text_.number(tokens_[k]) : -1;
      if (value < 0 || value > 255 || tokens_[k].length > 3 || (k > i && text_.gap_before(k) != U".")) return i;
      long_parts += tokens_[k].length >= 2 ? 1 : 0;
    }
    return long_parts >= 2 ? remove(tokens_[i].begin, tokens_[i + 3].end, i + 4, DescriptorReason::contact) : i;
  }

  std::size_t token_after(std::size_t end, std::size_t from) const {
    while (from < tokens_.size() && tokens_[from].begin < end) ++from;
    return from;
  }

  /// "https://...", "www.hospital.org"
  std::size_t url(std::size_t i) {
    const std::u32string_view word = text_.folded(tokens_[i]);
    const bool has_scheme = (word == U"http" || word == U"https" || word == U"ftp") && i + 1 < tokens_.size() &&
                            text_.gap_before(i + 1) == U"://";
    const bool is_www = word == U"www" && i + 1 < tokens_.size() && text_.gap_before(i + 1) == U".";
    if (!has_scheme && !is_www) return i;
    std::size_t end = tokens_[i].end;
    while (end < text_.chars().size() && text_.chars()[end].kind != CharKind::space &&
           text_.chars()[end].kind != CharKind::hangul) {
      ++end;
    }
    return remove(tokens_[i].begin, end, token_after(end, i), DescriptorReason::contact);
  }

  /// Looks for the @ behind the tokens that may stand before one.
  std::size_t email(std::size_t i) {
    const std::size_t last = std::min(tokens_.size(), i + kMostParts);
    std::size_t at = i + 1;
    while (at < last && text_.gap_before(at).size() <= 1 && is_among(text_.gap_before(at), U".-_+")) ++at;
    if (at >= tokens_.size() || text_.gap_before(at) != U"@") return i;
    std::size_t end = at + 1;
    std::size_t dots = 0;
    while (end < std::min(tokens_.size(), at + kMostParts) && text_.gap_before(end).size() <= 1 &&
           is_among(text_.gap_before(end), U".-")) {
      dots += text_.gap_before(end) == U"." ? 1 : 0;
      ++end;
    }
    return dots == 0 ? i : remove(tokens_[i].begin, tokens_[end - 1].end, end, DescriptorReason::contact);
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_contacts(const FoldedText& text, Removals& removals) {
  const bool may_hold_any = std::any_of(text.tokens().begin(), text.tokens().end(),
                                        [](const Token& token) { return token.is_number() && token.length >= 2; });
  if (may_hold_any || text.original().find_first_of("@/.") != std::string_view::npos)
    ContactFinder(text, removals).find();
}

}  // namespace naru::dicom
