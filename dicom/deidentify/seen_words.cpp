#include "dicom/deidentify/seen_words.h"

#include <algorithm>
#include <numeric>

#include "dicom/deidentify/descriptor_text.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kLeastLetters = 5;

/// Folded letters and digits, one after the other; of a Hangul syllable its jamo (Unicode 15, 3.12), so that a name of
/// three syllables is long enough to be told from another.
std::u32string letters_of(std::string_view utf8) {
  constexpr char32_t kFirst = 0xAC00, kLast = 0xD7A3, kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7;
  constexpr char32_t kVowels = 21, kTails = 28;
  std::u32string letters;
  const FoldedText folded(utf8);
  for (const FoldedChar& one : folded.chars()) {
    if (one.kind == CharKind::other || one.kind == CharKind::space) continue;
    if (one.code < kFirst || one.code > kLast) {
      letters += one.code;
      continue;
    }
    const char32_t number = one.code - kFirst;
    letters += kLead + number / (kVowels * kTails);
    letters += kVowel + number / kTails % kVowels;
    if (number % kTails != 0) letters += kTail + number % kTails;
  }
  return letters;
}

std::vector<std::string_view> parts_of(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// Sellers 1980: the least edit distance of `word` to any part of `page`.
bool is_nearly_in(std::u32string_view word, std::u32string_view page) {
  std::vector<std::size_t> costs(word.size() + 1);
  std::iota(costs.begin(), costs.end(), std::size_t{0});
  for (const char32_t letter : page) {
    std::size_t diagonal = costs[0];  // 0: a word may begin anywhere
    for (std::size_t n = 1; n <= word.size(); ++n) {
      const std::size_t replaced = diagonal + (word[n - 1] == letter ? 0 : 1);
      diagonal = costs[n];
      costs[n] = std::min({costs[n] + 1, costs[n - 1] + 1, replaced});
    }
    if (costs.back() <= 1) return true;
  }
  return false;
}

}  // namespace

SeenWords::SeenWords(const Identifiers& identifiers) {
  for (const std::string& name : identifiers.person_names) add_name(name);
  for (const std::string& id : identifiers.ids) add(id);
  for (const std::string& place : identifiers.places) add(place);
  for (const std::string& date : identifiers.dates) add_date(date);
  std::ranges::sort(words_);
  words_.erase(std::ranges::unique(words_).begin(), words_.end());
}

bool SeenWords::stand_in(std::string_view page) const {
  const std::u32string letters = letters_of(page);
  return std::ranges::any_of(words_, [&](const std::u32string& word) { return is_nearly_in(word, letters); });
}

void SeenWords::add(std::string_view text) {
  std::u32string letters = letters_of(text);
  if (letters.size() >= kLeastLetters) words_.push_back(std::move(letters));
}

void SeenWords::add_name(std::string_view name) {
  for (const std::string_view group : parts_of(name, "=")) {
    const std::vector<std::string_view> words = parts_of(group, "^ ,");
    for (const std::string_view word : words) add(word);
    if (words.size() < 2) continue;
    std::string forward, backward;
    for (const std::string_view word : words) {
      forward += word;
      backward.insert(0, word);
    }
    add(forward);
    add(backward);
  }
}

void SeenWords::add_date(const std::string& date) {
  if (date.size() != 8) return;
  const std::string year = date.substr(0, 4), month = date.substr(4, 2), day = date.substr(6, 2);
  for (const std::string& order : {year + month + day, day + month + year, month + day + year}) add(order);
}

}  // namespace naru::dicom
