#include "dicom/deidentify/descriptor_context.h"

#include <algorithm>
#include <unordered_map>

#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

/// What a word says about the one behind it.
enum class Trigger : std::uint8_t {
  verb,  ///< "ordered": with "by" behind it, a person follows for certain
  by,    ///< "by": a person or what it was done with
  for_,  ///< "for": a person or a purpose
  role,  ///< "radiologist": a person, for certain behind a colon
};
struct TriggerRow {
  std::string_view words;
  Trigger trigger;
};
constexpr TriggerRow kTriggers[] = {
    {"ordered performed read reported reviewed interpreted dictated requested referred done acquired scanned signed "
     "verified approved injected examined seen supervised written checked obtained realizado realise durchgefuhrt",
     Trigger::verb},
    {"by por par von przez durch da", Trigger::by},
    {"for fur para pour dla per", Trigger::for_},
    {"patient pt name paciente patientin physician radiologist technologist tech technician operator nurse referring "
     "requesting referrer referral attending attn surgeon resident consultant sonographer radiographer mtra arzt "
     "medico "
     "medecin lekarz cc co requester",
     Trigger::role},
};

const Trigger* find_trigger(WordHash hash) {
  static const std::unordered_map<WordHash, Trigger> rows = [] {
    std::unordered_map<WordHash, Trigger> all;
    for (const TriggerRow& row : kTriggers) {
      for (std::size_t begin = 0; begin < row.words.size();) {
        const std::size_t end = std::min(row.words.find(' ', begin), row.words.size());
        all.emplace(hash_of_word(row.words.substr(begin, end - begin)), row.trigger);
        begin = end + 1;
      }
    }
    return all;
  }();
  const auto row = rows.find(hash);
  return row == rows.end() ? nullptr : &row->second;
}

// Behind a name these make it the name of a thing: "Wilson disease".
constexpr std::u32string_view kNamedThings[] = {
    U"disease",  U"syndrome", U"fracture", U"view",      U"views",       U"protocol",       U"tumor",
    U"tumour",   U"cyst",     U"sign",     U"lesion",    U"method",      U"projection",     U"position",
    U"maneuver", U"criteria", U"score",    U"palsy",     U"aneurysm",    U"classification", U"grade",
    U"line",     U"duct",     U"ligament", U"study",     U"trial",       U"scan",           U"sequence",
    U"kernel",   U"filter",   U"phantom",  U"procedure", U"arthropathy", U"contracture",    U"tendon",
    U"recon",    U"planning", U"lymphoma"};

bool is_named_thing(std::u32string_view word) {
  return std::find(std::begin(kNamedThings), std::end(kNamedThings), word) != std::end(kNamedThings);
}

class NameContext {
 public:
  NameContext(const FoldedText& text, const NameIndex& names, Removals& removals)
      : text_(text), tokens_(text.tokens()), names_(names), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!tokens_[i].is_letters()) continue;
      const WordFlags flags = word_flags(tokens_[i].hash);
      if ((flags & kTitle) != 0) behind_title(i);
      if ((flags & kDegree) != 0 || is_dotted_degree(i)) before_degree(i);
      if (const Trigger* trigger = find_trigger(tokens_[i].hash)) behind_trigger(i, *trigger);
    }
  }

 private:
  bool is_own(const Token& token) const { return names_.is_part(token.hash); }
  WordFlags flags(std::size_t i) const { return word_flags(tokens_[i].hash); }
  bool is_known_name(std::size_t i) const { return (flags(i) & (kKnownName | kAlsoName)) != 0 || is_own(tokens_[i]); }

  /// A name's word. `is_certain`: a person stands here, so that words that are names as well count.
  bool is_name_word(std::size_t i, bool is_certain) const {
    const Token& token = tokens_[i];
    if (token.kind == TokenKind::hangul) return is_certain && token.length <= 4 && !is_known_word(text_.folded(token));
    if (!token.is_raised() || token.length < 2 || (flags(i) & (kTitle | kDegree)) != 0) return false;
    if (is_certain && (is_own(token) || (flags(i) & kAlsoName) != 0)) return true;
    // Where a person stands for certain, "Winters" is no plural.
    const bool is_word = is_certain ? (flags(i) & kProtocolWord) != 0 : is_known_word(text_.folded(token));
    return !is_word && (flags(i) & (kPlaceholder | kMeasure)) == 0;
  }

  bool is_initial(std::size_t i) const {
    return i < tokens_.size() && tokens_[i].is_letters() && tokens_[i].length == 1 &&
           tokens_[i].token_case == TokenCase::upper && !(i + 1 < tokens_.size() && tokens_[i + 1].is_glued);
  }

  /// The token after a name that begins at `first`; `first` where none does.
  std::size_t end_of_name(std::size_t first, bool is_certain) const {
    constexpr int kMostWords = 4;
    int words = 0;
    std::size_t end = first;
    for (std::size_t i = first; i < tokens_.size() && words < kMostWords; ++i) {
      if (i > first && !joins_names(text_.gap_before(i))) break;
      if (i > first && text_.gap_before(i).find(U'/') != std::u32string_view::npos) break;
      // A sentence ends behind a word: behind an initial or a title the point belongs to it.
      const bool ends_sentence =
          i > first && text_.gap_before(i).starts_with(U". ") && !is_initial(i - 1) && (flags(i - 1) & kTitle) == 0;
      if (ends_sentence) break;
      // Behind one word of a name, words that are names as well are one.
      const bool is_before_name = tokens_[i].is_raised() && (flags(i) & kAlsoName) != 0 && i + 1 < tokens_.size() &&
                                  tokens_[i + 1].is_raised() &&
                                  (flags(i + 1) & (kKnownName | kProtocolWord)) == kKnownName;
      if (is_before_name || is_name_word(i, is_certain || words > 0)) {
        ++words;
        end = i + 1;
      } else if (is_initial(i)) {
        // Before a name or behind one; an initial alone is none.
        if (words > 0) end = i + 1;
      } else if ((flags(i) & kNameParticle) == 0 || i + 1 == tokens_.size()) {
        break;
      }
    }
    return words > 0 ? end : first;
  }

  void remove(std::size_t first, std::size_t end) {
    removals_.push_back({tokens_[first].begin, tokens_[end - 1].end, DescriptorReason::title});
  }

  bool has_gap(std::size_t i, std::u32string_view allowed) const {
    if (i >= tokens_.size()) return false;
    const std::u32string_view gap = text_.gap_before(i);
    return !gap.empty() && gap.size() <= 3 && gap.find_first_not_of(allowed) == std::u32string_view::npos;
  }

  /// "DR" and "MR" are modalities as well, "MS" a disease: in capitals and without a point they are titles only before
  /// what is known as a name.
  void behind_title(std::size_t i) {
    if (!has_gap(i + 1, U" .:_^") && !(i + 1 < tokens_.size() && tokens_[i + 1].is_glued)) return;
    const bool has_point = text_.gap_before(i + 1).starts_with(U'.');
    const bool is_doubtful = tokens_[i].token_case == TokenCase::upper && !has_point;
    if (tokens_[i].token_case == TokenCase::lower && !has_point && !is_own(tokens_[i + 1]) &&
        (flags(i + 1) & kKnownName) == 0) {
      return;
    }
    if (is_doubtful) {
      const bool is_name =
          (flags(i + 1) & kKnownName) != 0 || (is_own(tokens_[i + 1]) && !is_known_word(text_.folded(tokens_[i + 1])));
      if (!is_name) return;
    }
    const std::size_t end = end_of_name(i + 1, true);
    // "Dr. NR", or a word of the header that only a title makes a name.
    const bool is_short = has_point && tokens_[i + 1].token_case == TokenCase::upper && tokens_[i + 1].length <= 3 &&
                          !is_known_word(text_.folded(tokens_[i + 1]));
    if (end != i + 1)
      remove(i + 1, end);
    else if (is_short || is_own(tokens_[i + 1]))
      remove(i + 1, i + 2);
  }

  bool is_dotted_degree(std::size_t i) const {
    return i + 1 < tokens_.size() && text_.folded(tokens_[i]) == U"m" && text_.folded(tokens_[i + 1]) == U"d" &&
           text_.gap_before(i + 1) == U"." && tokens_[i].token_case == TokenCase::upper;
  }

  /// "John Smith, MD". MD is mean diffusivity as well: only a name's words before it count.
  void before_degree(std::size_t i) {
    if (tokens_[i].token_case == TokenCase::lower || !has_gap(i, U" ,.")) return;
    const bool has_comma = text_.gap_before(i).starts_with(U',');
    std::size_t first = i;
    constexpr std::size_t kMostWords = 3;
    bool is_known = has_comma;
    while (first > 0 && i - first < kMostWords &&
           (is_name_word(first - 1, has_comma) || (first < i && is_initial(first - 1)))) {
      if (first < i && (!joins_names(text_.gap_before(first)) || text_.gap_before(first).starts_with(U','))) break;
      --first;
      is_known = is_known || is_known_name(first) || tokens_[first].token_case == TokenCase::capitalised;
    }
    if (first < i && is_known && !is_initial(first)) remove(first, i);
  }

  void behind_trigger(std::size_t i, Trigger trigger) {
    if (!has_gap(i + 1, U" :.=_,#-") || trigger == Trigger::verb) return;
    const std::u32string_view gap = text_.gap_before(i + 1);
    const bool is_label = gap.find_first_of(U":=") != std::u32string_view::npos;
    const Trigger* before = i > 0 ? find_trigger(tokens_[i - 1].hash) : nullptr;
    const bool is_certain = is_label || (trigger == Trigger::by && before != nullptr && *before == Trigger::verb) ||
                            (trigger == Trigger::by && before != nullptr && *before == Trigger::for_);
    const bool is_english_by = trigger == Trigger::by && text_.folded(tokens_[i]) == U"by";
    const std::size_t end = end_of_name(i + 1, is_certain);
    if (end == i + 1) {
      if ((is_certain && trigger != Trigger::for_) || is_english_by) initials_at(i + 1);
      return;
    }
    const bool is_thing =
        end - i == 2 && !is_certain && end < tokens_.size() && is_named_thing(text_.folded(tokens_[end]));
    if (is_thing) return;
    if (is_certain || is_plausible(i, end, trigger))
      remove(i + 1, end);
    else if (is_english_by)
      initials_at(i + 1);
  }

  /// Whether words behind "for" are a name: one that is known as such, or words that no list knows and that are
  /// written as names are. In a text of capitals that tells nothing.
  bool is_plausible(std::size_t trigger, std::size_t end, Trigger kind) const {
    bool is_known = false, is_capitalised = true;
    std::size_t longest = 0;
    for (std::size_t i = trigger + 1; i < end; ++i) {
      if (tokens_[i].length < 2) continue;
      is_known = is_known || (flags(i) & kKnownName) != 0 || is_own(tokens_[i]);
      is_capitalised = is_capitalised && tokens_[i].token_case == TokenCase::capitalised;
      longest = std::max<std::size_t>(longest, tokens_[i].length);
    }
    if (is_known) return true;
    const std::u32string_view word = text_.folded(tokens_[trigger]);
    const bool is_english = word == U"for" || word == U"by" || kind == Trigger::role;
    if (!is_english) return false;
    const bool is_title_case = tokens_[trigger].token_case == TokenCase::capitalised && trigger > 0;
    // One word may be any that the vocabulary lacks: behind a role or in a text with capitals all over it is not
    // enough.
    constexpr std::size_t kWholeName = 2, kShortestInCapitals = 3;
    const bool is_row = end - trigger > kWholeName &&
                        std::all_of(tokens_.begin() + static_cast<std::ptrdiff_t>(trigger) + 1,
                                    tokens_.begin() + static_cast<std::ptrdiff_t>(end), [&](const Token& token) {
                                      return token.length >= kShortestInCapitals &&
                                             text_.folded(token).find_first_of(U"aeiouy") != std::u32string_view::npos;
                                    });
    if (is_row) return true;
    if (is_capitalised) return end - trigger > 2 || !(is_title_case || (kind == Trigger::role && trigger == 0));
    constexpr std::size_t kLongerThanAbbreviations = 5;
    const std::u32string_view first = text_.folded(tokens_[trigger + 1]);
    const bool has_vowel = first.find_first_of(U"aeiou") != std::u32string_view::npos;
    return tokens_[trigger].token_case == TokenCase::lower && longest > kLongerThanAbbreviations && has_vowel;
  }

  /// "by NR", "by N.R."
  void initials_at(std::size_t i) {
    const Token& token = tokens_[i];
    const bool is_end = i + 1 >= tokens_.size() || !tokens_[i + 1].is_glued;
    const bool is_joined = token.is_letters() && token.token_case == TokenCase::upper && token.length >= 2 &&
                           token.length <= 3 && is_end && !is_known_word(text_.folded(token)) &&
                           (flags(i) & kMeasure) == 0;
    if (is_joined) return remove(i, i + 1);
    std::size_t end = i;
    while (end < tokens_.size() && end < i + 4 && is_initial(end) && (end == i || joins_names(text_.gap_before(end))))
      ++end;
    if (end >= i + 2) remove(i, end);
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  const NameIndex& names_;
  Removals& removals_;
};

/// What may follow a label, and how many characters a number behind it has at least, with a sign between and without.
struct IdLabel {
  std::string_view word;
  std::size_t shortest, shortest_without_sign;
};
constexpr std::size_t kNever = 1000;
constexpr IdLabel kIdLabels[] = {
    {"mrn", 3, 3},        {"pid", 3, 5},       {"id", 3, 5},          {"ids", 3, 5},         {"accession", 3, 4},
    {"acc", 4, 6},        {"case", 4, kNever}, {"chart", 3, 5},       {"record", 4, kNever}, {"encounter", 3, 5},
    {"visit", 5, kNever}, {"episode", 4, 6},   {"hn", 4, 5},          {"nhs", 5, 8},         {"uhid", 3, 4},
    {"fin", 5, 6},        {"csn", 5, 6},       {"order", 4, kNever},  {"passport", 5, 6},    {"insurance", 5, 6},
    {"serial", 4, 5},     {"account", 4, 6},   {"folder", 4, kNever}, {"등록번호", 3, 3},    {"환자번호", 3, 3},
    {"병록번호", 3, 3},   {"차트번호", 3, 3},  {"접수번호", 3, 3},    {"검사번호", 3, 3},    {"병원번호", 3, 3},
    {"수검번호", 3, 3},   {"여권번호", 5, 5},  {"여권", 8, 8},        {"차트", 4, 5},        {"번호", 5, 6},
    {"patientid", 3, 4},  {"patid", 3, 4},
};
// Between label and number.
constexpr std::u32string_view kNumberWords[] = {U"no", U"nr", U"num", U"number", U"id", U"is", U"번호"};

const IdLabel* find_label(WordHash hash) {
  static const std::unordered_map<WordHash, const IdLabel*> rows = [] {
    std::unordered_map<WordHash, const IdLabel*> all;
    for (const IdLabel& label : kIdLabels) all.emplace(hash_of_word(label.word), &label);
    return all;
  }();
  const auto row = rows.find(hash);
  return row == rows.end() ? nullptr : row->second;
}

}  // namespace

void find_names_by_context(const FoldedText& text, const NameIndex& names, Removals& removals) {
  NameContext(text, names, removals).find();
}

void find_labelled_ids(const FoldedText& text, Removals& removals) {
  const auto& tokens = text.tokens();
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const IdLabel* label = tokens[i].is_number() ? nullptr : find_label(tokens[i].hash);
    if (label == nullptr) continue;
    const auto is_gap = [&](std::size_t k) {
      const std::u32string_view gap = text.gap_before(k);
      return gap.size() <= 3 && gap.find_first_not_of(U" :#=.-") == std::u32string_view::npos;
    };
    std::size_t first = i + 1;
    bool has_sign = false;
    while (first < tokens.size() && is_gap(first)) {
      has_sign = has_sign || text.gap_before(first).find_first_of(U":#=") != std::u32string_view::npos;
      const bool is_word = std::find(std::begin(kNumberWords), std::end(kNumberWords), text.folded(tokens[first])) !=
                           std::end(kNumberWords);
      if (!is_word) break;
      has_sign = true;
      ++first;
    }
    if (first >= tokens.size() || !is_gap(first)) continue;
    std::size_t end = first, length = 0, digits = 0;
    constexpr std::size_t kMostTokens = 12;
    while (end < tokens.size() && end < first + kMostTokens) {
      const std::u32string_view gap = text.gap_before(end);
      const bool is_joined = gap.empty() || (gap.size() == 1 && gap.find_first_of(U"-/_.") == 0);
      if (end > first && !is_joined) break;
      length += tokens[end].length;
      digits += tokens[end].is_number() ? tokens[end].length : 0;
      ++end;
    }
    if (2 * digits < length || digits < (has_sign ? label->shortest : label->shortest_without_sign)) continue;
    removals.push_back({tokens[first].begin, tokens[end - 1].end, DescriptorReason::id});
  }
}

}  // namespace naru::dicom
