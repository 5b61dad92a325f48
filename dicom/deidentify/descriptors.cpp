#include "dicom/deidentify/descriptors.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>
#include <utility>

#include "dicom/deidentify/descriptor_contacts.h"
#include "dicom/deidentify/descriptor_context.h"
#include "dicom/deidentify/descriptor_dates.h"
#include "dicom/deidentify/descriptor_ids.h"
#include "dicom/deidentify/descriptor_memo.h"
#include "dicom/deidentify/descriptor_names.h"
#include "dicom/deidentify/descriptor_phrases.h"
#include "dicom/deidentify/descriptor_vocabulary.h"
#include "dicom/deidentify/text_escapes.h"

namespace naru::dicom {

namespace {

constexpr std::string_view kReasons[] = {"name",     "id",    "place", "date",  "contact",
                                         "national", "title", "age",   "listed"};
static_assert(std::size(kReasons) == kDescriptorReasons);

bool is_name(DescriptorReason reason) { return reason == DescriptorReason::name || reason == DescriptorReason::title; }

/// Sorted, overlaps and parts of one name joined.
Removals merged(const FoldedText& text, Removals removals) {
  std::sort(removals.begin(), removals.end(), [](const Removal& a, const Removal& b) { return a.begin < b.begin; });
  Removals result;
  for (const Removal& removal : removals) {
    if (removal.begin >= removal.end) continue;
    if (!result.empty()) {
      Removal& last = result.back();
      const bool is_person = last.reason == removal.reason || (is_name(last.reason) && is_name(removal.reason));
      const bool is_beside =
          removal.begin <= last.end || (is_person && joins_names(text.folded(last.end, removal.begin)));
      if (is_beside) {
        if (removal.begin < last.end) last.reason = std::min(last.reason, removal.reason);
        last.end = std::max(last.end, removal.end);
        continue;
      }
    }
    result.push_back(removal);
  }
  return result;
}

/// What is left of `removal` where kept words stand in it.
void append_without(const Removal& removal, const Removals& kept, Removals& out) {
  Removal rest = removal;
  for (const Removal& keep : kept) {
    if (keep.end <= rest.begin || keep.begin >= rest.end) continue;
    if (keep.begin > rest.begin) out.push_back({rest.begin, keep.begin, rest.reason});
    rest.begin = std::max(rest.begin, keep.end);
  }
  if (rest.begin < rest.end) out.push_back(rest);
}

constexpr std::string_view kSpaces = " \t", kSeparators = " \t_-,;/^|";

std::size_t leading(std::string_view text) { return std::min(text.find_first_not_of(kSeparators), text.size()); }
std::size_t trailing(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kSeparators);
  return last == std::string_view::npos ? text.size() : text.size() - 1 - last;
}

bool is_word_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// Closes a gap: `left` is what stands before it and is shortened, the result is how much of `right` goes as well. Of
/// the separators on both sides one row stays, at the text's ends none; brackets around nothing go.
std::size_t close_gap(std::string& left, std::string_view right) {
  std::size_t skipped = 0;
  constexpr std::string_view kOpening = "([{<", kClosing = ")]}>";
  while (!left.empty() && !right.empty()) {
    const std::size_t bracket = kOpening.find(left.back());
    if (bracket == std::string_view::npos || right.front() != kClosing[bracket]) break;
    left.pop_back();
    right.remove_prefix(1);
    ++skipped;
  }
  const std::size_t before = trailing(left), after = leading(right);
  if (before == left.size()) {
    left.clear();
    return skipped + after;
  }
  if (after == right.size()) {
    left.resize(left.size() - before);
    return skipped + after;
  }
  if (before > 0 && after > 0) {
    const std::string_view gap_before = std::string_view(left).substr(left.size() - before);
    const bool is_blank_before = gap_before.find_first_not_of(kSpaces) == std::string_view::npos;
    const bool is_blank_after = right.substr(0, after).find_first_not_of(kSpaces) == std::string_view::npos;
    if (!is_blank_before && (is_blank_after || gap_before == right.substr(0, after))) return skipped + after;
    left.resize(left.size() - before);
  } else if (before == 0 && after == 0 && is_word_byte(left.back()) && is_word_byte(right.front())) {
    left += ' ';
  }
  return skipped;
}

std::size_t count_words(std::string_view text) {
  std::size_t words = 0;
  bool is_inside = false;
  for (const char c : text) {
    const bool is_space = kSpaces.find(c) != std::string_view::npos;
    words += !is_space && !is_inside ? 1 : 0;
    is_inside = !is_space;
  }
  return words;
}

/// The point behind an initial goes with it.
std::uint32_t end_with_point(const FoldedText& text, const Removal& removal) {
  const auto& chars = text.chars();
  const bool is_point = is_name(removal.reason) && removal.end < chars.size() && chars[removal.end].code == U'.';
  const bool is_initial =
      chars[removal.end - 1].kind == CharKind::upper &&
      (removal.end < 2 || removal.end - 1 == removal.begin || chars[removal.end - 2].kind == CharKind::space ||
       chars[removal.end - 2].kind == CharKind::other);
  return is_point && is_initial ? removal.end + 1 : removal.end;
}

/// A bracket that opens what is removed goes only with the one that closes it, or both stay for close_gap().
std::uint32_t begin_without_bracket(const FoldedText& text, const Removal& removal) {
  const bool is_open = text.chars()[removal.begin].code == U'(' && removal.begin + 1 < removal.end &&
                       text.folded(removal.begin, removal.end).find(U')') == std::u32string_view::npos;
  return is_open ? removal.begin + 1 : removal.begin;
}

CleanedText cut(const FoldedText& text, const Removals& removals) {
  CleanedText cleaned;
  const std::string_view original = text.original();
  std::size_t copied = 0;
  for (const Removal& removal : removals) {
    const std::size_t begin = text.chars()[begin_without_bracket(text, removal)].begin;
    const std::size_t end = text.chars()[end_with_point(text, removal) - 1].end;
    if (begin < copied) continue;
    const std::string_view word = original.substr(begin, end - begin);
    cleaned.removed[static_cast<std::size_t>(removal.reason)] += count_words(word);
    cleaned.removed_words.emplace_back(word);
    cleaned.text += original.substr(copied, begin - copied);
    copied = end + close_gap(cleaned.text, original.substr(end));
  }
  cleaned.text += original.substr(copied);
  return cleaned;
}

/// Adds what a pattern took out, where it can stand for itself: words that no protocol has, of names; whole numbers.
void add_told(const FoldedText& text, const Removal& removal, std::vector<std::string>& words) {
  constexpr std::uint32_t kShortestName = 4, kShortestHangul = 3, kFewestDigits = 5;
  const auto original = [&](std::uint32_t begin, std::uint32_t end) {
    const std::uint32_t first = text.chars()[begin].begin, last = text.chars()[end - 1].end;
    words.emplace_back(text.original().substr(first, last - first));
  };
  std::uint32_t digits = 0;
  const auto first = std::ranges::lower_bound(text.tokens(), removal.begin, {}, &Token::begin);
  for (const Token& token : std::ranges::subrange(first, text.tokens().end())) {
    if (token.end > removal.end) break;
    if (token.is_number()) digits += token.length;
    const bool is_long = token.length >= (token.kind == TokenKind::hangul ? kShortestHangul : kShortestName);
    const bool is_word = is_known_word(text.folded(token)) || (word_flags(token.hash) & kPlaceholder) != 0;
    if (removal.reason == DescriptorReason::title && is_long && !token.is_number() && !is_word) {
      original(token.begin, token.end);
    }
  }
  const bool is_number = removal.reason == DescriptorReason::id || removal.reason == DescriptorReason::contact ||
                         removal.reason == DescriptorReason::national;
  if (is_number && digits >= kFewestDigits) original(removal.begin, removal.end);
}

/// Removals of another reading of the same bytes, as those of `text`.
Removals in_text(const FoldedText& text, const FoldedText& other, const Removals& removals) {
  const auto& chars = text.chars();
  Removals result;
  for (const Removal& removal : removals) {
    if (removal.begin >= removal.end) continue;
    const std::uint32_t begin = other.chars()[removal.begin].begin, end = other.chars()[removal.end - 1].end;
    const auto first = std::ranges::partition_point(chars, [&](const FoldedChar& c) { return c.end <= begin; });
    const auto last = std::ranges::partition_point(chars, [&](const FoldedChar& c) { return c.begin < end; });
    result.push_back({static_cast<std::uint32_t>(first - chars.begin()),
                      static_cast<std::uint32_t>(last - chars.begin()), removal.reason});
  }
  return result;
}

}  // namespace

std::string_view name(DescriptorReason reason) { return kReasons[static_cast<std::size_t>(reason)]; }

bool is_protocol_word(std::string_view word) { return (word_flags(hash_of_word(word)) & kProtocolWord) != 0; }

bool is_same_phrase(std::string_view a, std::string_view b) { return a == b || hash_of_word(a) == hash_of_word(b); }

bool holds_path_of_parts(std::string_view value) {
  const FoldedText text(value);
  Removals removals;
  find_paths(text, removals);
  constexpr std::uint32_t kHost = 2;  // characters before it
  return std::ranges::any_of(removals, [&](const Removal& path) {
    const auto* first = &text.chars()[path.begin];
    const bool is_drive = first[1].code == U':';
    const bool is_letter = first[kHost].kind == CharKind::lower || first[kHost].kind == CharKind::upper;
    return is_drive || (first[0].code == U'\\' && first[1].code == U'\\' && is_letter);
  });
}

bool CleanedText::is_changed() const { return !removed_words.empty(); }

struct DescriptorCleaner::State {
  NameIndex names;
  IdIndex ids;
  PlaceIndex places;
  HomeIndex homes{DescriptorReason::contact}, sites{DescriptorReason::place};
  DateFinder dates;
  PhraseList keep, remove;
  IdIndex numbers;  ///< of whole values, without the parts of addresses that `ids` has
  std::unordered_set<std::string> days;
  mutable DescriptorMemo of_clean, of_identifiers, of_persons;

  void add_place(std::string_view place) {
    // A station's name is a code; an institution's name is made of words.
    const FoldedText text(place);
    const bool has_digit =
        std::any_of(text.tokens().begin(), text.tokens().end(), [](const Token& t) { return t.is_number(); });
    if (has_digit && place.find(' ') == std::string_view::npos) return ids.add(place, DescriptorReason::place);
    places.add(place);
    sites.add(place);
    ids.add_phrase(place, DescriptorReason::place);  // "RAD ONC", of which no word tells anything
  }

  void add_other(std::string_view other) {
    constexpr std::ptrdiff_t kFewestDigits = 7;
    const auto digits = std::count_if(other.begin(), other.end(), [](char c) { return c >= '0' && c <= '9'; });
    const auto reason = digits >= kFewestDigits ? DescriptorReason::contact : DescriptorReason::id;
    ids.add_phrase(other, reason);
    if (reason == DescriptorReason::contact) ids.add_telephone(other);
    if (other.find(',') != std::string_view::npos) add_parts(other, reason);
    homes.add(other);
  }

  /// An address is quoted in parts as well.
  void add_parts(std::string_view address, DescriptorReason reason) {
    for (std::size_t begin = 0; begin < address.size();) {
      const std::size_t end = std::min(address.find(',', begin), address.size());
      ids.add_phrase(address.substr(begin, end - begin), reason);
      begin = end + 1;
    }
  }

  /// Also where letters of ASCII are escaped, which may be numbers as well ("TE=45"): nothing but what is found so
  /// goes.
  void find_own(const FoldedText& text, Removals& removals) const {
    find_in_reading(text, removals);
    if (!may_escape_ascii(text.original())) return;
    const FoldedText unescaped(text.original(), true);
    Removals more;
    find_in_reading(unescaped, more);
    std::ranges::move(in_text(text, unescaped, more), std::back_inserter(removals));
  }

  void find_in_reading(const FoldedText& text, Removals& removals) const {
    remove.for_each(text, [&](const Token& first, const Token& last) {
      removals.push_back({first.begin, last.end, DescriptorReason::listed});
    });
    names.find(text, removals);
    ids.find(text, removals);
    places.find(text, removals);
    homes.find(text, removals);
    sites.find(text, removals);
    dates.find_own(text, removals);
    find_uids(text, removals);
  }

  void find_patterns(const FoldedText& text, Removals& removals) const {
    find_contacts(text, removals);
    find_national_numbers(text, removals);
    find_plates(text, removals);
    find_coordinates(text, removals);
    find_network_addresses(text, removals);
    find_paths(text, removals);
    find_accounts(text, removals);
    dates.find(text, removals);
    find_korean_addresses(text, removals);
    find_english_addresses(text, removals);
    find_european_addresses(text, removals);
    find_han_addresses(text, removals);
    names.find_initials(text, removals);
    find_names_by_context(text, names, removals);
    find_logins(text, names, removals);
    find_korean_by_context(text, removals);
    find_han_by_context(text, removals);
    find_places_by_context(text, removals);
    find_labelled_ids(text, removals);
    find_old_ages(text, removals);
  }

  CleanedText clean(std::string_view value, const PhraseList* told) const {
    const FoldedText text(value);
    Removals removals, patterns, kept;
    find_own(text, removals);
    find_patterns(text, patterns);
    if (told != nullptr) {
      told->for_each(text, [&](const Token& first, const Token& last) {
        patterns.push_back({first.begin, last.end, DescriptorReason::title});
      });
    }
    if (!patterns.empty()) {
      keep.for_each(text, [&](const Token& first, const Token& last) {
        kept.push_back({first.begin, last.end, DescriptorReason::listed});
      });
    }
    Removals of_patterns;
    for (const Removal& pattern : patterns) append_without(pattern, kept, of_patterns);
    removals.insert(removals.end(), of_patterns.begin(), of_patterns.end());
    CleanedText cleaned = cut(text, merged(text, std::move(removals)));
    for (const Removal& pattern : of_patterns) add_told(text, pattern, cleaned.told_words);
    return cleaned;
  }

  CleanedText remove_identifiers(std::string_view value, bool keeps_places) const {
    const FoldedText text(value);
    Removals removals;
    find_own(text, removals);
    if (keeps_places) {
      std::erase_if(removals, [](const Removal& removal) { return removal.reason == DescriptorReason::place; });
    }
    return cut(text, merged(text, std::move(removals)));
  }
};

DescriptorCleaner::DescriptorCleaner(const Identifiers& identifiers, std::span<const std::string> keep_words,
                                     std::span<const std::string> remove_words) {
  auto state = std::make_unique<State>();
  for (const std::string& person : identifiers.person_names) state->names.add(person);
  for (const std::string& id : identifiers.ids) {
    state->ids.add(id, DescriptorReason::id);
    state->numbers.add(id, DescriptorReason::id);
  }
  for (const auto whole : {&identifiers.places, &identifiers.others}) {
    for (const std::string& one : *whole) state->numbers.add_phrase(one, DescriptorReason::id);
  }
  for (const std::string& place : identifiers.places) state->add_place(place);
  for (const std::string& date : identifiers.dates) state->dates.add(date);
  for (const std::string& uid : identifiers.uids) state->ids.add(uid, DescriptorReason::id);
  for (const std::string& other : identifiers.others) state->add_other(other);
  for (const std::string& word : keep_words) state->keep.add(word);
  for (const std::string& word : remove_words) {
    state->remove.add(word);
    state->numbers.add_phrase(word, DescriptorReason::listed);
  }
  state->days.insert(identifiers.dates.begin(), identifiers.dates.end());
  state_ = std::move(state);
}

DescriptorCleaner::~DescriptorCleaner() = default;
DescriptorCleaner::DescriptorCleaner(DescriptorCleaner&&) noexcept = default;
DescriptorCleaner& DescriptorCleaner::operator=(DescriptorCleaner&&) noexcept = default;

CleanedText DescriptorCleaner::clean(std::string_view value, const PhraseList* told) const {
  const auto clean = [&](std::string_view text) { return state_->clean(text, told); };
  return told != nullptr ? clean(value) : state_->of_clean.of(value, clean);
}

CleanedText DescriptorCleaner::remove_identifiers(std::string_view value, bool keeps_places) const {
  DescriptorMemo& memo = keeps_places ? state_->of_persons : state_->of_identifiers;
  return memo.of(value, [&](std::string_view text) { return state_->remove_identifiers(text, keeps_places); });
}

bool DescriptorCleaner::is_own_time(std::int64_t since_1970) const { return state_->dates.is_own_time(since_1970); }

bool DescriptorCleaner::is_own_number(std::string_view digits) const {
  constexpr std::size_t kDateDigits = 8;
  return state_->numbers.has_number(digits) ||
         (digits.size() >= kDateDigits && state_->days.contains(std::string(digits.substr(0, kDateDigits))));
}

}  // namespace naru::dicom
