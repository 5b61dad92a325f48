#include <algorithm>

#include "dicom/deidentify/descriptor_names.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

// Which of the words that are parts of names are names, by what stands beside them.

namespace naru::dicom {

namespace {

constexpr std::u32string_view kSides[] = {U"r", U"l"};

// What has a left and a right one, and the views of those.
constexpr std::u32string_view kOfASide[] = {
    U"mlo",     U"cc",    U"ml",       U"lm",        U"xccl",      U"xcc",      U"lat",    U"lateral", U"obl",
    U"oblique", U"ap",    U"pa",       U"mammo",     U"breast",    U"breasts",  U"axilla", U"knee",    U"knees",
    U"hip",     U"hips",  U"shoulder", U"shoulders", U"clavicle",  U"scapula",  U"arm",    U"humerus", U"elbow",
    U"forearm", U"wrist", U"hand",     U"shin",      U"hands",     U"finger",   U"thumb",  U"leg",     U"femur",
    U"thigh",   U"tibia", U"fibula",   U"ankle",     U"ankles",    U"foot",     U"feet",   U"heel",    U"toe",
    U"patella", U"lung",  U"kidney",   U"adrenal",   U"ovary",     U"testis",   U"eye",    U"orbit",   U"ear",
    U"iac",     U"tmj",   U"carotid",  U"ica",       U"cca",       U"mca",      U"rib",    U"ribs",    U"sacroiliac",
    U"tomo",    U"mag",   U"spot",     U"tibfib",    U"calcaneus", U"extremity"};

// Words of protocols that a text seldom means.
constexpr std::u32string_view kHardlyWords[] = {U"lee",  U"park", U"lim",    U"cho",  U"walker",
                                                U"hart", U"nash", U"willis", U"brown"};

// Short forms that people are called as well: no initials, but whoever has such a name loses it.
constexpr std::u32string_view kNamesToo[] = {U"rao", U"lao", U"lima", U"rima", U"ute", U"sul",
                                             U"pap", U"raa", U"sid",  U"bev",  U"cia", U"tas"};

/// True for what is no initials, whoever has such.
bool is_short_form(std::u32string_view letters) {
  return letters.size() > 1 && (is_known_word(letters) || is_one_of(letters, kNamesToo));
}

/// "Young's modulus", "Ward's triangle", "white matter", "long axis": what makes a term with the word before it.
bool begins_term(const FoldedText& text, std::size_t i) {
  constexpr std::u32string_view kThings[] = {
      U"modulus", U"triangle", U"syndrome", U"disease",  U"cyst",     U"cysts", U"sign",   U"law",
      U"test",    U"method",   U"fascia",   U"fracture", U"palsy",    U"tumor", U"tumour", U"point",
      U"line",    U"angle",    U"node",     U"nodes",    U"criteria", U"score", U"space",  U"pouch",
      U"fat",     U"matter",   U"axis",     U"bone",     U"bones",    U"adult", U"adults", U"women",
      U"bowel",   U"blood",    U"protocol", U"study",    U"search",   U"tr",    U"te",     U"ti"};
  constexpr std::u32string_view kBrownThings[] = {U"fat",    U"adipose",  U"tumor",   U"tumour", U"stain",
                                                  U"stains", U"staining", U"pigment", U"color",  U"colour"};
  if (i == 0 || i >= text.tokens().size()) return false;
  const std::u32string_view word = text.folded(text.tokens()[i]), gap = text.gap_before(i);
  if (text.folded(text.tokens()[i - 1]) == U"brown" && joins_names(gap) && is_one_of(word, kBrownThings)) return true;
  return gap == U" " && is_one_of(word, kThings);
}

/// "patient Lee", "pt: LEE", "for Lee", "per Lee". In capitals "FOR STONE" and before a known word "for Long Bones" may
/// mean the word.
bool is_labelled(const FoldedText& text, std::size_t i) {
  constexpr std::u32string_view kOfPersons[] = {U"patient", U"pt", U"pat", U"name", U"pz", U"paziente", U"paciente"};
  constexpr std::u32string_view kOfOthers[] = {U"for", U"per", U"ref", U"by", U"from"};
  const auto& tokens = text.tokens();
  if (i == 0) return false;
  const Token& label = tokens[i - 1];
  const std::u32string_view gap = text.gap_before(i);
  const bool is_hardly_word = is_one_of(text.folded(tokens[i]), kHardlyWords);
  const bool is_of_person = is_one_of(text.folded(label), kOfPersons);
  const bool is_marked = is_hardly_word || tokens[i].token_case != label.token_case || gap.starts_with(U':') ||
                         (is_of_person && tokens[i].token_case == TokenCase::capitalised);
  if (!is_marked || tokens[i - 1].is_glued) return false;
  const bool is_first_word = i + 1 < tokens.size() && text.gap_before(i + 1) == U" " && !is_hardly_word &&
                             (tokens[i + 1].is_number() || is_known_word(text.folded(tokens[i + 1])));
  if (is_of_person) return gap == U" " || gap == U": " || gap == U":";
  return is_one_of(text.folded(label), kOfOthers) && gap == U" " && !is_first_word;
}

/// "C Ba swallow": barium.
bool is_barium(const FoldedText& text, std::size_t i) {
  constexpr std::u32string_view kMeals[] = {U"swallow", U"enema", U"meal", U"follow", U"study", U"esophagram"};
  return i + 1 < text.tokens().size() && text.folded(text.tokens()[i]) == U"ba" && text.gap_before(i + 1) == U" " &&
         is_one_of(text.folded(text.tokens()[i + 1]), kMeals);
}

/// "62F", "(62)", "/F/62" behind a name.
bool has_age_or_sex(const FoldedText& text, std::size_t i) {
  constexpr std::u32string_view kSexes[] = {U"f", U"m", U"w"}, kBehindAge[] = {U"f", U"m", U"w", U"y", U"yo", U"yr"};
  constexpr std::int64_t kYoungest = 10, kOldest = 110;
  const auto& tokens = text.tokens();
  if (i >= tokens.size() || text.gap_before(i).size() > 2 ||
      text.gap_before(i).find_first_not_of(U" ,(/") != std::u32string_view::npos || tokens[i].is_glued) {
    return false;
  }
  const auto is_age = [&](std::size_t k) {
    return k < tokens.size() && tokens[k].is_number() && text.number(tokens[k]) >= kYoungest &&
           text.number(tokens[k]) <= kOldest;
  };
  const auto ends_word = [&](std::size_t k) { return k + 1 >= tokens.size() || !tokens[k + 1].is_glued; };
  if (is_age(i)) {
    const bool is_in_brackets = text.gap_before(i).ends_with(U'(') && text.gap_before(i + 1).starts_with(U')');
    const bool is_beside = i + 1 < tokens.size() && (tokens[i + 1].is_glued || text.gap_before(i + 1) == U"/");
    return is_in_brackets || (is_beside && ends_word(i + 1) && is_one_of(text.folded(tokens[i + 1]), kBehindAge));
  }
  return i + 1 < tokens.size() && is_one_of(text.folded(tokens[i]), kSexes) && is_age(i + 1) &&
         (text.gap_before(i + 1) == U"/" || tokens[i + 1].is_glued) && ends_word(i + 1);
}

/// "R" of "KNEE R" and "R MLO": a side, whoever has such an initial.
bool is_side(const FoldedText& text, std::size_t i) {
  const auto& tokens = text.tokens();
  if (!is_one_of(text.folded(tokens[i]), kSides)) return false;
  const auto joins = [](std::u32string_view gap) { return gap.size() == 1 && gap.find_first_of(U" _-") == 0; };
  const auto has_sides = [&](std::size_t k) { return is_one_of(text.folded(tokens[k]), kOfASide); };
  return (i > 0 && joins(text.gap_before(i)) && has_sides(i - 1)) ||
         (i + 1 < tokens.size() && joins(text.gap_before(i + 1)) && has_sides(i + 1));
}

/// A given name or surname that is no word: "Bob".
bool is_usual_name(const Token& token) {
  return token.is_raised() && !token.is_glued && (word_flags(token.hash) & (kKnownName | kProtocolWord)) == kKnownName;
}

/// The bit of a unit's part of the name.
constexpr auto bit_of = [](const auto& unit) { return std::uint32_t{1} << unit.part.number; };

}  // namespace

/// Decides which of the units are names.
void NameIndex::keep_names(const FoldedText& text, Units& units) const {
  const auto is_beside = [&](const Unit& left, const Unit& right) {
    if (left.part.person != right.part.person || left.part.number == right.part.number) return false;
    if (right.first <= left.last || right.first > left.last + 2) return false;
    for (std::uint32_t t = left.last + 1; t <= right.first; ++t) {
      if (!joins_names(text.gap_before(t))) return false;
      if (t < right.first && !is_initial(text, t, left.part.person, bit_of(left) | bit_of(right))) return false;
    }
    return true;
  };
  for (Unit& unit : units)
    unit.is_removed = unit.part.rank != Rank::weak || has_initial(text, unit) || is_told(text, unit);
  // In the order of their first tokens, so that what stands beside a unit is near it in the list as well.
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (std::size_t k = i + 1; k < units.size() && units[k].first <= units[i].last + 2; ++k) {
      if (is_beside(units[i], units[k])) units[i].is_removed = units[k].is_removed = true;
    }
  }
}

/// One letter of another part of the name than those that stand there, or two or three ("Kim GD") that are no word.
bool NameIndex::is_initial(const FoldedText& text, std::size_t i, std::uint16_t person, std::uint32_t used) const {
  constexpr std::size_t kMostInitials = 3;
  const auto& tokens = text.tokens();
  if (i >= tokens.size() || tokens[i].length > kMostInitials || tokens[i].token_case != TokenCase::upper) return false;
  const std::u32string_view letters = text.folded(tokens[i]);
  if (is_short_form(letters) || is_side(text, i)) return false;
  return std::all_of(letters.begin(), letters.end(),
                     [&](char32_t code) { return initials_[person].contains(code, letters.size() == 1 ? used : 0); });
}

/// "K. Lee", "Lee, K.": a word of protocols is a name beside an initial with a point or behind a comma.
bool NameIndex::has_initial(const FoldedText& text, const Unit& unit) const {
  const auto& tokens = text.tokens();
  const auto is_letter = [&](std::size_t i) {
    return i < tokens.size() && tokens[i].length == 1 && is_initial(text, i, unit.part.person, bit_of(unit));
  };
  const bool has_family_name =
      tokens[unit.first].is_letters() && tokens[unit.first].is_raised() && unit.part.length > 1;
  if (!has_family_name) return false;
  const bool is_before = unit.first > 0 && is_letter(unit.first - 1) &&
                         (text.gap_before(unit.first) == U". " || text.gap_before(unit.first) == U".");
  const std::u32string_view gap = text.gap_before(unit.last + 1);
  return is_before || (is_letter(unit.last + 1) && gap.starts_with(U',') && gap.size() <= 2);
}

/// "J Lee", "Lee JS": an initial of another part of the name, nothing else than a space between them.
bool NameIndex::has_bare_initial(const FoldedText& text, const Unit& unit) const {
  const auto& tokens = text.tokens();
  const auto is_one = [&](std::size_t i, std::size_t gap) {
    const bool is_glued = tokens[i].is_glued || (i + 1 < tokens.size() && tokens[i + 1].is_glued);
    const bool is_apart = text.gap_before(i).empty() || text.gap_before(i).ends_with(U' ');  // not "+C LONG AXIS"
    return text.gap_before(gap) == U" " && is_apart && !is_glued && is_initial(text, i, unit.part.person, bit_of(unit));
  };
  return (unit.first > 0 && is_one(unit.first - 1, unit.first)) ||
         (unit.last + 1 < tokens.size() && is_one(unit.last + 1, unit.last + 1));
}

/// "Li", "XU": two letters that stand for nothing else.
bool NameIndex::is_short_name(const FoldedText& text, const Unit& unit) {
  constexpr WordFlags kOthers = kProtocolWord | kMeasure | kTitle | kDegree | kNameParticle | kPlaceholder;
  const Token& token = text.tokens()[unit.first];
  return unit.first == unit.last && token.length == 2 && token.is_raised() && !token.is_glued &&
         (word_flags(token.hash) & kOthers) == 0;
}

/// A word of protocols that is somebody's name by what stands beside it: "J Lee", "patient Lee", "Lee 62F", "Lee's";
/// and a name of two letters beside an initial: "X Li".
bool NameIndex::is_told(const FoldedText& text, const Unit& unit) const {
  constexpr std::uint32_t kShortest = 3;
  const Token& token = text.tokens()[unit.first];
  if (is_short_name(text, unit)) return has_bare_initial(text, unit) && !is_barium(text, unit.first);
  const std::u32string_view stem = possessive_stem(text.folded(token));
  const WordHash hash = stem.empty() ? token.hash : hash_of_folded(stem);
  if (unit.first != unit.last || token.length < kShortest || !token.is_raised() || token.is_glued) return false;
  const bool is_body_part = is_one_of(text.folded(token), kOfASide) && (word_flags(hash) & kKnownName) == 0;
  if (!may_name(hash, unit.part.person) || is_body_part || begins_term(text, unit.last + 1)) return false;
  if (!stem.empty()) return true;
  return has_bare_initial(text, unit) || is_labelled(text, unit.first) || has_age_or_sex(text, unit.last + 1) ||
         (is_one_of(text.folded(token), kHardlyWords) &&
          (text.gap_before(unit.first) == U"_" || text.gap_before(unit.last + 1) == U"_"));
}

/// Which parts of the person's name stand at the unit or beside it, a bit each.
std::uint32_t NameIndex::parts_beside(const Units& units, std::size_t unit) {
  constexpr std::uint32_t kNear = 2;
  const Unit& one = units[unit];
  std::uint32_t parts = bit_of(one);
  const auto add = [&](const Unit& other) {
    const bool is_near = other.first <= one.last + kNear && one.first <= other.last + kNear;
    if (is_near && other.is_removed && other.part.person == one.part.person) parts |= bit_of(other);
  };
  // In the order of their first tokens; none is longer than a name.
  for (std::size_t n = unit; n-- > 0 && units[n].first + kMostWords + kNear > one.first;) add(units[n]);
  for (std::size_t n = unit + 1; n < units.size() && units[n].first <= one.last + kNear; ++n) add(units[n]);
  return parts;
}

void NameIndex::find_initials(const FoldedText& text, Removals& removals) const {
  constexpr std::size_t kMostLetters = 5, kFewestWithoutPoints = 3;
  const auto& tokens = text.tokens();
  const auto is_apart = [&](std::size_t i) {
    return !tokens[i].is_glued && (i + 1 == tokens.size() || !tokens[i + 1].is_glued);
  };
  const auto is_letter = [&](std::size_t i) {
    return tokens[i].length == 1 && tokens[i].token_case == TokenCase::upper && is_apart(i);
  };
  for (std::size_t i = 0; i < tokens.size() && !whole_initials_.empty(); ++i) {
    const std::u32string_view sign = text.gap_before(i + 1);
    std::size_t end = i + 1;
    const bool is_row = is_letter(i) && (sign == U"." || sign == U". " || sign == U" ");
    while (is_row && end < tokens.size() && end < i + kMostLetters && is_letter(end) && text.gap_before(end) == sign)
      ++end;
    const bool is_short_word =
        tokens[i].length <= kMostLetters && tokens[i].token_case == TokenCase::upper && is_apart(i);
    if (end == i + 1 && !is_short_word) continue;
    std::u32string letters;
    for (std::size_t k = i; k < end; ++k) letters += text.folded(tokens[k]);
    const bool has_points = end > i + 1 && sign.starts_with(U'.') && text.gap_before(end).starts_with(U'.');
    const WordHash hash = hash_of_folded(letters);
    if ((has_points || letters.size() >= kFewestWithoutPoints) && whole_initials_.contains(hash) &&
        word_flags(hash) == 0 && !is_short_form(letters)) {
      removals.push_back({tokens[i].begin, tokens[end - 1].end + (has_points ? 1U : 0U), DescriptorReason::name});
    }
    i = end - 1;
  }
}

/// "D. Davidson", "Davidson, D. M."
/// @param used parts of the name that stand there: a side is no initial of these
void NameIndex::remove_initials(const FoldedText& text, const Unit& unit, std::uint32_t used,
                                Removals& removals) const {
  const auto& tokens = text.tokens();
  if (!tokens[unit.first].is_letters()) return;
  const auto is_one = [&](std::size_t t) {
    const bool may_be_side = is_one_of(text.folded(tokens[t]), kSides);
    return is_initial(text, t, unit.part.person, may_be_side ? used : bit_of(unit));
  };
  const auto remove = [&](const Token& token) { removals.push_back({token.begin, token.end, DescriptorReason::name}); };
  // "Bob Williams", where the header has Robert
  if (unit.first > 0 && unit.part.rank != Rank::weak && text.gap_before(unit.first) == U" " &&
      is_usual_name(tokens[unit.first - 1])) {
    remove(tokens[unit.first - 1]);
  }
  for (std::size_t t = unit.first; t > 0 && joins_names(text.gap_before(t)); --t) {
    if (!is_one(t - 1) || tokens[t - 1].is_glued) break;
    remove(tokens[t - 1]);
  }
  for (std::size_t t = unit.last + 1; t < tokens.size() && joins_names(text.gap_before(t)); ++t) {
    const bool is_followed = t + 1 < tokens.size() && tokens[t + 1].is_glued;
    if (!is_one(t) || is_followed) break;
    remove(tokens[t]);
  }
}

}  // namespace naru::dicom
