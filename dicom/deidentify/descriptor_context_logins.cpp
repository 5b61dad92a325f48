#include <algorithm>

#include "dicom/deidentify/descriptor_context.h"
#include "dicom/deidentify/descriptor_romanisation.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

// Behind these and a sign stands who worked at the scanner.
constexpr std::u32string_view kLoginLabels[] = {
    U"tech",   U"technologist", U"technician", U"operator", U"radiographer", U"sonographer", U"nurse",  U"mtra",
    U"mta",    U"user",         U"login",      U"by",       U"radiologist",  U"physician",   U"reader", U"기사",
    U"촬영자", U"검사자",       U"시행자",     U"판독자",   U"판독",         U"판독의",      U"담당"};

// Before "by" and a login.
constexpr std::u32string_view kLoginVerbs[] = {U"transcribed", U"dictated", U"typed",    U"entered",   U"approved",
                                          U"signed",      U"verified", U"reported", U"reviewed",  U"read",
                                          U"performed",   U"scanned",  U"ordered",  U"requested", U"referred"};

/// Small letters that hold a name: "smith", "jpark", "parkj", "jhkim".
class LoginReader {
 public:
  LoginReader(const FoldedText& text, const NameIndex& names) : text_(text), names_(names) {}

  /// @param has_initial one letter and a sign stand before it: "j.park"
  bool is_login(const Token& token, bool has_initial) const {
    constexpr std::size_t kShortest = 3, kLongest = 24, kMostInitials = 2;
    const std::u32string_view word = text_.folded(token);
    if (!token.is_letters() || word.size() < kShortest || word.size() > kLongest) return false;
    if (has_initial) return is_name(word, false);
    if (is_known_word(word)) return false;
    for (std::size_t initials = 0; initials <= kMostInitials && initials + kShortest <= word.size(); ++initials) {
      const bool is_alone = initials == 0;
      if (is_name(word.substr(initials), is_alone) || is_name(word.substr(0, word.size() - initials), is_alone)) {
        return true;
      }
    }
    return false;
  }

 private:
  /// Beside an initial also a name that is a word as well, of four letters or more.
  bool is_name(std::u32string_view word, bool is_alone) const {
    constexpr std::size_t kShortestWord = 4;
    const WordHash hash = hash_of_folded(word);
    const WordFlags flags = word_flags(hash);
    const bool is_word = (flags & kProtocolWord) != 0;
    if (is_word && (is_alone || word.size() < kShortestWord || (flags & kAlsoName) == 0)) return false;
    if ((flags & (kKnownName | kAlsoName)) != 0 || names_.is_part(hash)) return true;
    const std::string letters(word.begin(), word.end());
    return is_surname_spelling(letters);
  }

  const FoldedText& text_;
  const NameIndex& names_;
};

}  // namespace

void find_logins(const FoldedText& text, const NameIndex& names, Removals& removals) {
  const auto& tokens = text.tokens();
  const LoginReader reader(text, names);
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const std::u32string_view gap = text.gap_before(i);
    // "transcribed by jsmith2"
    const bool is_behind_verb = gap == U" " && i > 1 && text.folded(tokens[i - 1]) == U"by" &&
                                is_one_of(text.folded(tokens[i - 2]), kLoginVerbs) && text.gap_before(i - 1) == U" ";
    const bool is_labelled =
        is_behind_verb || (gap.size() <= 3 && gap.find_first_of(U":=") != gap.npos &&
                           gap.find_first_not_of(U" :=") == gap.npos && is_one_of(text.folded(tokens[i - 1]), kLoginLabels));
    if (!is_labelled || tokens[i].token_case != TokenCase::lower) continue;
    // "j.park", "jane_doe", "jpark2": all of it, where one part holds a name.
    constexpr std::size_t kMostParts = 4;
    std::size_t end = i;
    bool is_found = false;
    for (; end < tokens.size() && end < i + kMostParts; ++end) {
      const std::u32string_view between = text.gap_before(end);
      const bool is_joined = between.empty() || (between.size() == 1 && between.find_first_of(U"._-") == 0);
      if (end > i && !is_joined) break;
      is_found = is_found || reader.is_login(tokens[end], end > i && tokens[end - 1].length == 1);
    }
    if (is_found) removals.push_back({tokens[i].begin, tokens[end - 1].end, DescriptorReason::title});
  }
}

}  // namespace naru::dicom
