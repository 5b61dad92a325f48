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
     "verified approved injected examined seen supervised written checked obtained discussed ref req realizado realise "
     "durchgefuhrt",
     Trigger::verb},
    {"by por par von przez durch da", Trigger::by},
    {"for fur para pour dla per", Trigger::for_},
    {"patient pt name paciente patientin physician radiologist technologist tech technician operator nurse referring "
     "requesting referrer referral attending attn surgeon resident consultant sonographer radiographer mtra arzt "
     "medico "
     "medecin lekarz cc co requester zuweiser zuweiserin einsender uberweiser anforderer hausarzt untersucher befunder "
     "verordner prescripteur demandeur richiedente mother father wife husband spouse daughter son brother sister "
     "guardian "
     "caregiver pcp kin contact surname forename lastname firstname nee rn",
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
    U"recon",    U"planning", U"lymphoma", U"node",      U"nodes",       U"shunt",          U"ring"};

// Titles that stand for nothing else, however they are written.
constexpr std::u32string_view kOnlyTitles[] = {U"doctor", U"prof", U"professor", U"mrs",
                                               U"frau",   U"herr", U"madame",    U"dra"};

// Behind a name and a comma: nurses and technologists sign so.
constexpr std::u32string_view kSignatures[] = {U"np", U"fnp", U"crna", U"aprn", U"rdms", U"cnmt"};

// What people do with each other: "discussed with".
constexpr std::u32string_view kTalks[] = {U"discussed", U"reviewed"};

constexpr std::u32string_view kCalls[] = {U"called", U"communicated", U"conveyed", U"relayed",
                                          U"faxed",  U"phoned",       U"paged",    U"texted"};

// One name behind these is enough.
constexpr std::u32string_view kNextOfKinAndNurses[] = {U"mother", U"father",   U"wife",  U"husband",
                                                       U"spouse", U"daughter", U"son",   U"brother",
                                                       U"sister", U"guardian", U"nurse", U"rn"};

// Done by nobody but people.
constexpr std::u32string_view kOfPeople[] = {U"read",    U"reported",  U"interpreted", U"dictated",
                                             U"ordered", U"requested", U"referred",    U"ref",
                                             U"req",     U"signed",    U"verified",    U"reviewed"};

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
      if ((flags & kDegree) != 0 || is_dotted_degree(i) || is_signature(i)) before_degree(i);
      if (const Trigger* trigger = find_trigger(tokens_[i].hash)) behind_trigger(i, *trigger);
      if (is_labelled_person(i)) behind_trigger(i, Trigger::role);
      if (text_.folded(tokens_[i]) == U"initials" && has_gap(i + 1, U" :")) initials_at(i + 1);
      if (text_.folded(tokens_[i]) == U"of" && i > 0) behind_kin(i);
      behind_talk(i);
      at_short_maria(i);
      small_letters(i);
      before_person(i);
      around_sign(i);
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

  void remove(std::size_t first, std::size_t end, DescriptorReason reason = DescriptorReason::title) {
    removals_.push_back({tokens_[first].begin, tokens_[end - 1].end, reason});
  }

  /// "Pat: Smith", "Referred: Abernathy": words that a person follows behind a colon alone.
  bool is_labelled_person(std::size_t i) const {
    constexpr std::u32string_view kWords[] = {U"pat", U"referred", U"dictated", U"signed"};
    const std::u32string_view gap = text_.gap_before(i + 1);
    return i + 1 < tokens_.size() && gap.find_first_of(U":=") != std::u32string_view::npos &&
           std::find(std::begin(kWords), std::end(kWords), text_.folded(tokens_[i])) != std::end(kWords);
  }

  /// "baby girl of Smith", "Twin A of Johansson"
  void behind_kin(std::size_t i) {
    constexpr std::u32string_view kKin[] = {U"baby",     U"boy",    U"girl",   U"child",  U"twin", U"newborn", U"son",
                                            U"daughter", U"infant", U"mother", U"father", U"wife", U"husband"};
    const std::size_t kin = is_initial(i - 1) && i > 1 ? i - 2 : i - 1;
    if (!is_one_of(text_.folded(tokens_[kin]), kKin) || !has_gap(i + 1, U" ")) return;
    const std::size_t end = end_of_name(i + 1, true);
    if (end != i + 1) remove(i + 1, end);
  }

  /// A word that stands for nothing but a name: raised, of three letters or more, in no list of words.
  bool is_only_name(std::size_t i) const {
    const Token& token = tokens_[i];
    constexpr std::size_t kShortest = 3;
    const bool is_whole = !(i + 1 < tokens_.size() && tokens_[i + 1].is_glued) && !token.is_glued;
    // Of other alphabets the lists know few words.
    const bool is_ascii =
        text_.folded(token).find_first_not_of(U"abcdefghijklmnopqrstuvwxyz'") == std::u32string_view::npos;
    return is_whole && is_ascii && token.is_raised() && token.length >= kShortest &&
           !is_known_word(text_.folded(token)) &&
           (flags(i) & (kTitle | kDegree | kPlaceholder | kMeasure | kInstitution | kInstitutionFiller)) == 0;
  }

  /// "KANG GAMCHAN M 45Y": two names or more before sex and age.
  void before_person(std::size_t i) {
    constexpr std::size_t kMostWords = 4;
    if (!is_person_at(text_, i + 1)) return;
    std::size_t first = i + 1;
    const auto is_part = [&](std::size_t k) {
      const bool is_particle = k > 0 && k < i && tokens_[k].is_raised() && (flags(k) & kNameParticle) != 0;
      return tokens_[k].is_letters() && (is_only_name(k) || (is_particle && is_only_name(k - 1)));
    };
    while (first > 0 && i + 1 - first < kMostWords && is_part(first - 1) &&
           (first == i + 1 || joins_names(text_.gap_before(first)))) {
      --first;
    }
    if (first <= i && (i > first || (flags(i) & kKnownName) != 0)) remove(first, i + 1);
  }

  /// "Smith^John", "SMITH, JOHN": two names, one of them well known, with what stands between family and given name.
  void around_sign(std::size_t i) {
    if (i + 1 >= tokens_.size() || !tokens_[i + 1].is_letters()) return;
    const std::u32string_view gap = text_.gap_before(i + 1);
    const bool is_upper = tokens_[i].token_case == TokenCase::upper && tokens_[i + 1].token_case == TokenCase::upper;
    if (gap != U"^" && !(is_upper && (gap == U"," || gap == U", "))) return;
    if (!is_only_name(i) || !is_only_name(i + 1) || ((flags(i) | flags(i + 1)) & kKnownName) == 0) return;
    remove(i, i + 2);
  }

  bool has_gap(std::size_t i, std::u32string_view allowed) const {
    if (i >= tokens_.size()) return false;
    const std::u32string_view gap = text_.gap_before(i);
    return !gap.empty() && gap.size() <= 3 && gap.find_first_not_of(allowed) == std::u32string_view::npos;
  }

  /// "DR" and "MR" are modalities as well, "MS" a disease: in capitals and without a point they are titles only before
  /// what is known as a name.
  void behind_title(std::size_t i) {
    // "Dr. med. Steiner"
    const std::u32string_view next = i + 1 < tokens_.size() ? text_.folded(tokens_[i + 1]) : std::u32string_view();
    const bool is_of_faculty = (next == U"med" || next == U"dent" || next == U"habil") && i + 2 < tokens_.size() &&
                               text_.gap_before(i + 1) == U". " && text_.gap_before(i + 2) == U". ";
    if (is_of_faculty) {
      const std::size_t end = end_of_name(i + 2, true);
      if (end != i + 2) remove(i + 2, end);
      return;
    }
    if (is_catheter_size(i) || (text_.folded(tokens_[i]) == U"fr" && text_.gap_before(i + 1) != U". ")) return;
    if (!has_gap(i + 1, U" .:_^") && !(i + 1 < tokens_.size() && tokens_[i + 1].is_glued)) return;
    const bool has_point = text_.gap_before(i + 1).starts_with(U'.');
    const bool is_doubtful = tokens_[i].token_case == TokenCase::upper && !has_point;
    if (tokens_[i].token_case == TokenCase::lower && !has_point && !is_own(tokens_[i + 1]) &&
        (flags(i + 1) & kKnownName) == 0) {
      return;
    }
    if (is_doubtful) {
      // "FOR DR HARGREAVES", "PROF HARGREAVES"
      const bool is_told = is_one_of(text_.folded(tokens_[i]), kOnlyTitles) ||
                           (i > 0 && find_trigger(tokens_[i - 1].hash) != nullptr && has_gap(i, U" :."));
      const bool is_name = (flags(i + 1) & kKnownName) != 0 || (is_told && is_only_name(i + 1)) ||
                           is_joined_doctor(i) ||
                           (is_own(tokens_[i + 1]) && !is_known_word(text_.folded(tokens_[i + 1])));
      if (!is_name) return;
    }
    const std::size_t end = end_of_name(i + 1, true);
    // "Dr. NR", or a word of the header that only a title makes a name.
    const bool is_short = has_point && tokens_[i + 1].token_case == TokenCase::upper && tokens_[i + 1].length <= 3 &&
                          !is_known_word(text_.folded(tokens_[i + 1]));
    if (end != i + 1) {
      remove(i + 1, end);
      second_person(end);
    } else if (is_short || is_own(tokens_[i + 1])) {
      remove(i + 1, i + 2);
    }
  }

  /// "LIVER_DR_PAPADIMITRIOU_3PH", "HEAD^DR OKONKWO": behind "DR" a long word that no list knows; digital radiography
  /// is of parts of the body.
  bool is_joined_doctor(std::size_t i) const {
    constexpr std::size_t kShortest = 5;
    const std::u32string_view before = text_.gap_before(i), behind = text_.gap_before(i + 1);
    const bool is_joined = behind == U"_" || behind == U"^" || (behind == U" " && (before == U"_" || before == U"^"));
    return text_.folded(tokens_[i]) == U"dr" && is_joined && is_only_name(i + 1) &&
           !is_two_words(text_.folded(tokens_[i + 1])) && tokens_[i + 1].length >= kShortest &&
           text_.folded(tokens_[i + 1]).find_first_of(U"aeiou") != std::u32string_view::npos;
  }

  /// "LATDECUB", "LONGLEG"
  static bool is_two_words(std::u32string_view word) {
    constexpr std::size_t kShortest = 3;
    for (std::size_t n = kShortest; n + kShortest <= word.size(); ++n) {
      if (is_known_word(word.substr(0, n)) && is_known_word(word.substr(n))) return true;
    }
    return false;
  }

  /// "6 Fr. Terumo"
  bool is_catheter_size(std::size_t i) const {
    return text_.folded(tokens_[i]) == U"fr" && i > 0 && tokens_[i - 1].is_number();
  }

  /// A word in small letters that no list knows, or a name.
  bool is_small_name(std::size_t i, std::size_t shortest) const {
    if (i >= tokens_.size() || (i + 1 < tokens_.size() && tokens_[i + 1].is_glued)) return false;
    const Token& token = tokens_[i];
    const bool is_name = (flags(i) & (kKnownName | kProtocolWord)) == kKnownName;
    return token.is_letters() && !token.is_glued && token.token_case == TokenCase::lower && token.length >= shortest &&
           find_trigger(token.hash) == nullptr && (is_name || !is_known_word(text_.folded(token))) &&
           (flags(i) & (kTitle | kDegree | kPlaceholder | kMeasure | kInstitution | kInstitutionFiller)) == 0;
  }

  /// "Patient name: gruber hans", "Ms. gruber", "dr hargreaves", "read by hargreaves", "physician: gruber"
  void small_letters(std::size_t i) {
    constexpr std::u32string_view kWhose[] = {U"patient", U"patients", U"pt", U"pat", U"full", U"last", U"family"};
    const std::u32string_view word = text_.folded(tokens_[i]), gap = text_.gap_before(i + 1);
    const bool has_colon = gap == U": " || gap == U":" || gap == U"=";
    const bool is_name_label =
        word == U"name" && has_colon && (i == 0 || is_one_of(text_.folded(tokens_[i - 1]), kWhose));
    constexpr std::u32string_view kTitles[] = {U"dr", U"mr", U"mrs", U"ms", U"prof", U"herr", U"frau", U"fr", U"mme"};
    const bool is_title =
        gap == U". " && !is_catheter_size(i) && is_one_of(word, kTitles) && tokens_[i].token_case != TokenCase::upper;
    const bool is_only_title =
        gap == U" " && tokens_[i].token_case != TokenCase::upper && (word == U"dr" || is_one_of(word, kOnlyTitles));
    constexpr std::size_t kShortest = 3, kShortestInDoubt = 4;
    // "Dr_hargreaves_knee"
    const bool is_underscored = gap == U"_" && tokens_[i].token_case == TokenCase::capitalised &&
                                (word == U"dr" || is_one_of(word, kOnlyTitles));
    if (is_underscored && is_small_name(i + 1, kShortestInDoubt)) return remove(i + 1, i + 2);
    if (is_name_label || is_title) return remove_small(i + 1, kShortest);
    if (is_only_title) return remove_small(i + 1, kShortestInDoubt);
    const Trigger* trigger = find_trigger(tokens_[i].hash);
    if (trigger == nullptr || i + 1 >= tokens_.size()) return;
    const bool is_by = word == U"by" && gap == U" " && i > 0 && is_one_of(text_.folded(tokens_[i - 1]), kOfPeople);
    if (word == U"by" && gap == U" " && is_behind_verb(i) && is_small_initials(i + 1)) return remove(i + 1, i + 2);
    const bool is_role = *trigger == Trigger::role && has_colon && !is_one_of(word, kWhose) && word != U"name";
    if ((is_by || is_role) && !is_deed(text_.folded(tokens_[i + 1]))) remove_small(i + 1, kShortestInDoubt);
  }

  bool is_behind_verb(std::size_t i) const {
    const Trigger* before = i > 0 ? find_trigger(tokens_[i - 1].hash) : nullptr;
    return before != nullptr && *before == Trigger::verb;
  }

  /// "kpl": two or three small letters without a vowel that are no word
  bool is_small_initials(std::size_t i) const {
    const Token& token = tokens_[i];
    const std::u32string_view letters = text_.folded(token);
    const bool is_whole = i + 1 >= tokens_.size() || !tokens_[i + 1].is_glued;
    return is_whole && token.is_letters() && token.token_case == TokenCase::lower &&
           (letters.size() == 2 || letters.size() == 3) && letters.find_first_of(U"aeiouy") == letters.npos &&
           !is_known_word(letters) && flags(i) == 0;
  }

  /// Words of a name in small letters from token `first` on.
  void remove_small(std::size_t first, std::size_t shortest) {
    constexpr std::size_t kMostWords = 3;
    std::size_t end = first;
    while (end < first + kMostWords && is_small_name(end, shortest) &&
           (end == first || joins_names(text_.gap_before(end))))
      ++end;
    if (end > first) remove(first, end);
  }

  /// "read by comparing", "technologist: repeated"
  static bool is_deed(std::u32string_view word) {
    constexpr std::u32string_view kEndings[] = {U"ing", U"ed", U"tion", U"ment", U"ly"};
    return std::ranges::any_of(kEndings, [&](std::u32string_view ending) { return word.ends_with(ending); });
  }

  bool is_dotted_degree(std::size_t i) const {
    return i + 1 < tokens_.size() && text_.folded(tokens_[i]) == U"m" && text_.folded(tokens_[i + 1]) == U"d" &&
           text_.gap_before(i + 1) == U"." && tokens_[i].token_case == TokenCase::upper;
  }

  /// "John Smith, MD". MD is mean diffusivity as well: only a name's words before it count.
  void before_degree(std::size_t i) {
    if (tokens_[i].token_case == TokenCase::lower || !has_gap(i, U" ,.(")) return;
    const bool has_comma = text_.gap_before(i).starts_with(U',');
    std::size_t first = i;
    constexpr std::size_t kMostWords = 3;
    bool is_known = has_comma;
    while (first > 0 && i - first < kMostWords &&
           (is_name_word(first - 1, has_comma) || (first < i && is_initial(first - 1)))) {
      const std::u32string_view gap = text_.gap_before(first);
      // "Hargreaves, Kim (MD)"
      const bool is_family = gap.starts_with(U',') && !has_comma && is_only_name(first - 1);
      if (first < i && (!joins_names(gap) || (gap.starts_with(U',') && !is_family))) break;
      --first;
      is_known = is_known || is_known_name(first) || tokens_[first].token_case == TokenCase::capitalised;
    }
    // Without a point, a letter before a name in capitals may be anything.
    if (first < i && is_initial(first) && !text_.gap_before(first + 1).starts_with(U'.') && !has_comma) ++first;
    if (first < i && is_known) remove(first, i);
  }

  /// "Pomeroy, NP", "J. Pomeroy PA-C", "Lena Pomeroy, RT(R)": letters that sign behind a name.
  bool is_signature(std::size_t i) const {
    if (i == 0 || tokens_[i].token_case != TokenCase::upper || !is_only_name(i - 1)) return false;
    const std::u32string_view word = text_.folded(tokens_[i]);
    const std::u32string_view gap = text_.gap_before(i), after = text_.gap_before(i + 1);
    if (word == U"pa") return after == U"-" && i + 1 < tokens_.size() && text_.folded(tokens_[i + 1]) == U"c";
    if (word == U"rt") return gap == U", " && after == U"(";
    return gap == U", " && tokens_[i - 1].token_case == TokenCase::capitalised && is_one_of(word, kSignatures);
  }

  void behind_trigger(std::size_t i, Trigger trigger) {
    if (!has_gap(i + 1, U" :.=_,#-") || trigger == Trigger::verb) return;
    const std::u32string_view gap = text_.gap_before(i + 1);
    const bool is_label = gap.find_first_of(U":=") != std::u32string_view::npos;
    const Trigger* before = i > 0 ? find_trigger(tokens_[i - 1].hash) : nullptr;
    const std::u32string_view word = text_.folded(tokens_[i]);
    const bool is_certain = is_label || word == U"nee" ||
                            (trigger == Trigger::by && before != nullptr && *before == Trigger::verb) ||
                            (trigger == Trigger::by && before != nullptr && *before == Trigger::for_);
    const bool is_english_by = trigger == Trigger::by && word == U"by";
    const std::size_t end = end_of_name(i + 1, is_certain);
    if (end == i + 1) {
      if ((is_certain && trigger != Trigger::for_) || is_english_by) initials_at(i + 1);
      return;
    }
    const bool is_thing = (end - i == 2 || is_hyphenated(i + 1, end)) && !is_certain && end < tokens_.size() &&
                          is_named_thing(text_.folded(tokens_[end]));
    if (is_thing) return;
    if (is_certain || is_plausible(i, end, trigger)) {
      remove(i + 1, after_second_initials(end));
      second_person(end);
    } else if (is_english_by) {
      initials_at(i + 1);
    }
  }

  /// "Osgood-Schlatter"
  bool is_hyphenated(std::size_t first, std::size_t end) const {
    for (std::size_t i = first + 1; i < end; ++i) {
      if (text_.gap_before(i) != U"-") return false;
    }
    return true;
  }

  /// "discussed with Hargreaves", "d/w Hargreaves", "called to Hargreaves", "c/o Hargreaves"; "C/O MALAISE" is what a
  /// patient complains of. One word behind "c/o" may be a complaint that no list has: it goes from no other text.
  void behind_talk(std::size_t i) {
    if (i == 0 || i + 1 >= tokens_.size() || text_.gap_before(i + 1) != U" " || !is_only_name(i + 1)) return;
    const std::u32string_view word = text_.folded(tokens_[i]), before = text_.folded(tokens_[i - 1]);
    const bool is_named = tokens_[i + 1].token_case == TokenCase::capitalised || (flags(i + 1) & kKnownName) != 0;
    const bool is_called = is_one_of(before, kCalls) || (i > 1 && is_one_of(text_.folded(tokens_[i - 2]), kCalls));
    const bool is_with = (word == U"with" && is_one_of(before, kTalks)) || (word == U"to" && is_named && is_called);
    const bool is_short = (word == U"w" && before == U"d") || (word == U"o" && before == U"c" && is_named);
    if (!is_with && !(is_short && text_.gap_before(i) == U"/")) return;
    const std::size_t end = end_of_name(i + 1, true);
    // "c/o Giddiness X 3 days", "c/o Giddiness, Wobbliness"
    const bool is_whole_name = end > i + 2 && tokens_[i + 2].length > 1 && text_.gap_before(i + 2) == U" ";
    const bool may_be_complaint = word == U"o" && !is_whole_name && (flags(i + 1) & kKnownName) == 0;
    if (end != i + 1) remove(i + 1, end, may_be_complaint ? DescriptorReason::contact : DescriptorReason::title);
  }

  /// "Mª Carmen Ruiz": nothing but a name is written so.
  void at_short_maria(std::size_t i) {
    const auto& chars = text_.chars();
    const bool is_short =
        text_.folded(tokens_[i]) == U"maria" && chars[tokens_[i].begin + 1].begin == chars[tokens_[i].end - 1].begin;
    if (is_short) remove(i, std::max(end_of_name(i, true), i + 1));
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
    const bool is_deed_of_kin = is_deed(text_.folded(tokens_[trigger + 1])) && !is_known_name(trigger + 1);
    if (is_capitalised && is_one_of(word, kNextOfKinAndNurses) && is_only_name(trigger + 1)) return !is_deed_of_kin;
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

  /// "Hargreaves and Pomeroy", "Hargreaves/Pomeroy": who is named behind a person whose name ends before token `end`.
  void second_person(std::size_t end) {
    constexpr std::u32string_view kAnd[] = {U"and", U"und", U"et", U"y", U"e", U"i"};
    if (end >= tokens_.size()) return;
    const bool has_word = text_.gap_before(end) == U" " && is_one_of(text_.folded(tokens_[end]), kAnd);
    const std::size_t first = has_word ? end + 1 : end;
    if (first >= tokens_.size() || !is_only_name(first)) return;
    const std::u32string_view gap = text_.gap_before(first);
    const bool is_joined = has_word ? gap == U" " : gap == U"/" || gap == U" / " || gap == U"&" || gap == U" & ";
    if (!is_joined) return;
    const std::size_t last = end_of_name(first, true);
    if (last == first) return;
    remove(first, last);
    second_person(last);
  }

  /// Behind initials that end before token `end` those of a second person: "AB/CD".
  std::size_t after_second_initials(std::size_t end) const {
    constexpr std::uint32_t kMost = 3;
    const auto is_short = [&](std::size_t k) {
      return tokens_[k].is_letters() && tokens_[k].token_case == TokenCase::upper && tokens_[k].length <= kMost;
    };
    const bool is_second = end < tokens_.size() && text_.gap_before(end) == U"/" && is_short(end - 1) && is_short(end);
    return is_second ? end + 1 : end;
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

}  // namespace

void find_names_by_context(const FoldedText& text, const NameIndex& names, Removals& removals) {
  NameContext(text, names, removals).find();
}

}  // namespace naru::dicom
