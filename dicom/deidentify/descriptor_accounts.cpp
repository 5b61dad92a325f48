#include <algorithm>

#include "dicom/deidentify/descriptor_contacts.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

// Behind these stands a person's name there, with "id" or without.
constexpr std::u32string_view kServices[] = {U"kakaotalk", U"kakao",  U"facebook",  U"instagram", U"insta",
                                             U"twitter",   U"wechat", U"whatsapp",  U"telegram",  U"skype",
                                             U"linkedin",  U"카톡",   U"카카오톡",  U"인스타",    U"페이스북",
                                             U"微信",      U"tiktok", U"messenger", U"라인아이디"};

// Last parts of host names; of names of two parts only the certain ones need no path behind them.
constexpr std::u32string_view kDomains[] = {U"com", U"org", U"net", U"edu",   U"gov", U"mil",  U"kr",
                                            U"jp",  U"cn",  U"uk",  U"fr",    U"nl",  U"eu",   U"us",
                                            U"ca",  U"au",  U"int", U"local", U"lan", U"intra"};
constexpr std::u32string_view kCertainDomains[] = {U"com", U"org", U"net", U"edu", U"gov", U"mil", U"kr"};

class AccountFinder {
 public:
  AccountFinder(const FoldedText& text, Removals& removals)
      : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size();) {
      std::size_t end = masked_mail(i);
      if (end == i) end = handle(i);
      if (end == i) end = behind_service(i);
      if (end == i) end = host(i);
      if (end == i) end = bank_account(i);
      i = std::max(end, i + 1);
    }
  }

 private:
  static constexpr std::size_t kMostParts = 12;

  std::size_t remove(std::size_t begin, std::size_t end) {
    removals_.push_back({static_cast<std::uint32_t>(begin), tokens_[end - 1].end, DescriptorReason::contact});
    return end;
  }
  std::u32string_view folded(std::size_t i) const {
    return i < tokens_.size() ? text_.folded(tokens_[i]) : std::u32string_view();
  }

  /// Tokens from i on with one of the signs or nothing between them.
  std::size_t end_of_row(std::size_t i, std::u32string_view signs) const {
    std::size_t end = i + 1;
    while (end < std::min(tokens_.size(), i + kMostParts) && text_.gap_before(end).size() <= 1 &&
           text_.gap_before(end).find_first_not_of(signs) == std::u32string_view::npos) {
      ++end;
    }
    return end;
  }

  /// Whether token i is a word in brackets: "(at)", " [dot] ".
  bool is_in_brackets(std::size_t i, std::u32string_view word) const {
    if (folded(i) != word) return false;
    std::u32string_view before = text_.gap_before(i), after = text_.gap_before(i + 1);
    if (before.starts_with(U' ')) before.remove_prefix(1);
    if (after.ends_with(U' ')) after.remove_suffix(1);
    return (before == U"(" && after == U")") || (before == U"[" && after == U"]") || (before == U"{" && after == U"}");
  }

  /// "bob(at)hospital.org", "bob [at] hospital [dot] org"
  std::size_t masked_mail(std::size_t i) {
    const std::size_t at = end_of_row(i, U".-_+");
    if (!is_in_brackets(at, U"at") || at + 1 >= tokens_.size()) return i;
    std::size_t end = at + 2;
    bool has_point = false;
    for (; end < std::min(tokens_.size(), at + kMostParts);) {
      const std::u32string_view gap = text_.gap_before(end);
      const bool is_point = gap == U"." || is_in_brackets(end, U"dot");
      if (!is_point && gap != U"-" && !gap.empty()) break;
      has_point = has_point || is_point;
      end += is_in_brackets(end, U"dot") ? 2 : 1;
    }
    return has_point && end <= tokens_.size() ? remove(tokens_[i].begin, end) : i;
  }

  /// "@bobsmith": behind a space, with a letter and no word of protocols behind it.
  std::size_t handle(std::size_t i) {
    constexpr std::size_t kShortest = 3;
    const std::size_t begin = tokens_[i].begin;
    const bool is_behind_sign = begin > 0 && text_.chars()[begin - 1].code == U'@' &&
                                (begin == 1 || text_.chars()[begin - 2].kind == CharKind::space ||
                                 text_.chars()[begin - 2].kind == CharKind::other);
    if (!is_behind_sign || !tokens_[i].is_letters()) return i;
    const std::size_t end = end_of_row(i, U"._");
    const bool is_word = end == i + 1 && is_known_word(text_.folded(tokens_[i]));
    return is_word || tokens_[end - 1].end - begin < kShortest ? i : remove(begin - 1, end);
  }

  /// "KakaoTalk id: hong123", "Facebook: bob.smith.99"
  std::size_t behind_service(std::size_t i) {
    std::size_t service = i;
    // "KakaoTalk" is cut where the case changes.
    const bool is_two = i + 1 < tokens_.size() && tokens_[i + 1].is_glued &&
                        is_one_of(text_.folded(tokens_[i].begin, tokens_[i + 1].end), kServices);
    if (is_two)
      service = i + 1;
    else if (!is_one_of(folded(i), kServices))
      return i;
    std::size_t first = service + 1;
    bool has_sign = false;
    const auto is_label_gap = [&](std::size_t k) {
      const std::u32string_view gap = text_.gap_before(k);
      has_sign = has_sign || gap.find_first_of(U":=@") != std::u32string_view::npos;
      return gap.size() <= 3 && gap.find_first_not_of(U" :=@") == std::u32string_view::npos;
    };
    if (first < tokens_.size() && is_label_gap(first) && (folded(first) == U"id" || folded(first) == U"아이디")) {
      has_sign = true;
      ++first;
    }
    if (first >= tokens_.size() || !is_label_gap(first) || !has_sign) return i;
    return remove(tokens_[first].begin, end_of_row(first, U"._-"));
  }

  /// "pacs.snuh.org", "hospital.co.kr/study/1": in small letters, of three parts, or of two before a path or where the
  /// last is none but a domain.
  std::size_t host(std::size_t i) {
    constexpr std::size_t kShortestName = 3;
    if (tokens_[i].token_case != TokenCase::lower || (i > 0 && (tokens_[i].is_glued || text_.gap_before(i) == U".")))
      return i;
    std::size_t end = i + 1, points = 0, domain = i;
    while (end < std::min(tokens_.size(), i + kMostParts) && tokens_[end].token_case == TokenCase::lower) {
      const std::u32string_view gap = text_.gap_before(end);
      if (gap != U"." && gap != U"-" && !gap.empty()) break;
      points += gap == U"." ? 1 : 0;
      if (gap == U".") domain = end;
      ++end;
    }
    if (points == 0 || domain != end - 1 || !is_one_of(folded(domain), kDomains)) return i;
    const bool has_path = text_.gap_before(end).starts_with(U'/') || text_.gap_before(end).starts_with(U':');
    const bool is_named = is_one_of(folded(domain), kCertainDomains) && tokens_[domain - 1].length >= kShortestName &&
                          !is_known_word(folded(domain - 1));
    if (points < 2 && !has_path && !is_named) return i;
    std::size_t stop = tokens_[end - 1].end;
    while (has_path && stop < text_.chars().size() && text_.chars()[stop].kind != CharKind::space) ++stop;
    while (end < tokens_.size() && tokens_[end].begin < stop) ++end;
    removals_.push_back({tokens_[i].begin, static_cast<std::uint32_t>(stop), DescriptorReason::contact});
    return end;
  }

  /// IBAN (ISO 13616): country, two digits that check the rest, in one row or in groups of four.
  std::size_t bank_account(std::size_t i) {
    constexpr std::size_t kShortest = 15, kLongest = 34, kGroup = 4;
    const bool is_begin = tokens_[i].is_letters() && tokens_[i].length == 2 && !tokens_[i].is_glued &&
                          tokens_[i].token_case == TokenCase::upper && i + 1 < tokens_.size() &&
                          tokens_[i + 1].is_number() && tokens_[i + 1].is_glued && tokens_[i + 1].length >= 2;
    if (!is_begin) return i;
    std::u32string number;
    std::size_t found = i;
    for (std::size_t end = i; end < tokens_.size(); ++end) {
      const std::u32string_view gap = text_.gap_before(end);
      const bool is_group = gap == U" " && number.size() % kGroup == 0;
      if (end > i && !gap.empty() && !is_group) break;
      number += folded(end);
      if (number.size() > kLongest) break;
      const bool is_end = end + 1 >= tokens_.size() || !tokens_[end + 1].is_glued;
      if (is_end && number.size() >= kShortest && is_checked(number)) found = end + 1;
    }
    return found == i ? i : remove(tokens_[i].begin, found);
  }

  /// ISO 7064 MOD 97-10 over the number with its first four characters last, letters as 10 to 35.
  static bool is_checked(std::u32string_view number) {
    constexpr unsigned kModulus = 97;
    unsigned rest = 0;
    for (std::size_t k = 0; k < number.size(); ++k) {
      const char32_t code = number[(k + 4) % number.size()];
      const bool is_digit = code >= U'0' && code <= U'9';
      if (!is_digit && (code < U'a' || code > U'z')) return false;
      rest = is_digit ? (rest * 10 + (code - U'0')) % kModulus : (rest * 100 + 10 + (code - U'a')) % kModulus;
    }
    return rest == 1;
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_accounts(const FoldedText& text, Removals& removals) { AccountFinder(text, removals).find(); }

}  // namespace naru::dicom
