#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "dicom/deidentify/descriptor_name_context.h"

namespace naru::dicom {

namespace {

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

// Behind a name these make it the name of a thing: "Wilson disease".
constexpr std::u32string_view kNamedThings[] = {
    U"disease",  U"syndrome", U"fracture", U"view",      U"views",       U"protocol",       U"tumor",
    U"tumour",   U"cyst",     U"sign",     U"lesion",    U"method",      U"projection",     U"position",
    U"maneuver", U"criteria", U"score",    U"palsy",     U"aneurysm",    U"classification", U"grade",
    U"line",     U"duct",     U"ligament", U"study",     U"trial",       U"scan",           U"sequence",
    U"kernel",   U"filter",   U"phantom",  U"procedure", U"arthropathy", U"contracture",    U"tendon",
    U"recon",    U"planning", U"lymphoma", U"node",      U"nodes",       U"shunt",          U"ring"};

// What people do with each other: "discussed with".
constexpr std::u32string_view kTalks[] = {U"discussed", U"reviewed"};

constexpr std::u32string_view kCalls[] = {U"called", U"communicated", U"conveyed", U"relayed",
                                          U"faxed",  U"phoned",       U"paged",    U"texted"};

// One name behind these is enough.
constexpr std::u32string_view kNextOfKinAndNurses[] = {U"mother", U"father",   U"wife",  U"husband",
                                                       U"spouse", U"daughter", U"son",   U"brother",
                                                       U"sister", U"guardian", U"nurse", U"rn"};

bool is_named_thing(std::u32string_view word) {
  return std::find(std::begin(kNamedThings), std::end(kNamedThings), word) != std::end(kNamedThings);
}

}  // namespace

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

bool NameContext::is_labelled_person(std::size_t i) const {
  constexpr std::u32string_view kWords[] = {U"pat", U"referred", U"dictated", U"signed"};
  const std::u32string_view gap = text_.gap_before(i + 1);
  return i + 1 < tokens_.size() && gap.find_first_of(U":=") != std::u32string_view::npos &&
         std::find(std::begin(kWords), std::end(kWords), text_.folded(tokens_[i])) != std::end(kWords);
}

void NameContext::behind_trigger(std::size_t i, Trigger trigger) {
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

bool NameContext::is_hyphenated(std::size_t first, std::size_t end) const {
  for (std::size_t i = first + 1; i < end; ++i) {
    if (text_.gap_before(i) != U"-") return false;
  }
  return true;
}

void NameContext::behind_talk(std::size_t i) {
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

bool NameContext::is_deed(std::u32string_view word) {
  constexpr std::u32string_view kEndings[] = {U"ing", U"ed", U"tion", U"ment", U"ly"};
  return std::ranges::any_of(kEndings, [&](std::u32string_view ending) { return word.ends_with(ending); });
}

bool NameContext::is_plausible(std::size_t trigger, std::size_t end, Trigger kind) const {
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

void NameContext::second_person(std::size_t end) {
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

std::size_t NameContext::after_second_initials(std::size_t end) const {
  constexpr std::uint32_t kMost = 3;
  const auto is_short = [&](std::size_t k) {
    return tokens_[k].is_letters() && tokens_[k].token_case == TokenCase::upper && tokens_[k].length <= kMost;
  };
  const bool is_second = end < tokens_.size() && text_.gap_before(end) == U"/" && is_short(end - 1) && is_short(end);
  return is_second ? end + 1 : end;
}

void NameContext::initials_at(std::size_t i) {
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

}  // namespace naru::dicom
