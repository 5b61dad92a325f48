#include "dicom/dcmtk/character_guess.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "dicom/dcmtk/character_cost.h"

namespace naru::dicom {

namespace {

struct Candidate {
  std::optional<Set> set;            ///< empty: as stated
  std::optional<Language> language;  ///< empty: any
  int bits;                          ///< added to what its texts cost: how unlikely it is before they are looked at
};
constexpr std::array<Candidate, 7> kCandidates = {{
    {std::nullopt, std::nullopt, -12},
    {Set::utf8, std::nullopt, -4},  // of other bytes, few are well-formed by chance
    {Set::uhc, Language::korean, 0},
    {Set::windows1252, Language::western, 0},
    {Set::gb18030, Language::chinese, 1},
    {Set::shift_jis, Language::japanese, 1},
    {Set::jis_x_0208, Language::japanese, 3},
}};

/// A language that a stated set is of.
struct SetLanguage {
  Set set;
  Language language;
};
constexpr std::array<SetLanguage, 8> kLanguages = {{{Set::ks_x_1001, Language::korean},
                                                    {Set::gb2312, Language::chinese},
                                                    {Set::gb18030, Language::chinese},
                                                    {Set::katakana, Language::japanese},
                                                    {Set::jis_x_0208, Language::japanese},
                                                    {Set::jis_x_0212, Language::japanese},
                                                    {Set::latin1, Language::western},
                                                    {Set::latin9, Language::western}}};
constexpr int kOfStatedLanguage = -6;

bool is_stated_language(const std::optional<Language>& language, std::span<const Set> stated) {
  return std::ranges::any_of(kLanguages, [&](const SetLanguage& row) {
    return language == row.language && std::ranges::find(stated, row.set) != stated.end();
  });
}

/// As Latin 2, which Windows-1252 would decode as well.
bool are_latin(std::span<const Set> stated) {
  return std::ranges::any_of(stated, [](Set set) { return info(set).is_latin; });
}

/// What one candidate makes of the texts.
struct Reading {
  std::optional<Set> set;
  int cost = 0;
  std::vector<std::string> texts;  ///< empty where one was not decoded
  std::size_t decoded = 0;         ///< how many
};

/// Empty where the candidate cannot be right.
std::optional<int> least_cost(const Candidate& candidate, std::string_view utf8) {
  constexpr int kNoCharacter = 20, kMostOfALetter = 13;
  const auto characters = static_cast<int>(std::ranges::count_if(utf8, [](char c) { return byte(c) >= 0xC0; }));
  if (!candidate.language) {
    // Controls and private use do not show the stated set to be wrong, nor UTF-8: programs wrote them there.
    int least = kNoCharacter * characters;
    for (const Language one : {Language::korean, Language::chinese, Language::japanese, Language::western}) {
      least = std::min(least, cost_in(one, utf8).value_or(least));
    }
    return least;
  }
  const auto cost = cost_in(*candidate.language, utf8);
  // Windows-1252 decodes nearly all bytes: what looks like no word in it is something else.
  if (candidate.language == Language::western && cost > kMostOfALetter * characters) return std::nullopt;
  return cost;
}

Reading read(const Candidate& candidate, std::span<const CharacterSet::Text> texts, const StatedDecoder& as_stated) {
  constexpr int kUndecoded = 40, kUndecodedByte = 16;
  Reading reading{candidate.set, candidate.bits, {}, 0};
  for (const CharacterSet::Text& text : texts) {
    auto utf8 = candidate.set ? whole_as_utf8(*candidate.set, text.bytes) : as_stated(text);
    if (const auto cost = utf8 ? least_cost(candidate, *utf8) : std::nullopt) {
      reading.cost += *cost;
      reading.texts.push_back(std::move(*utf8));
      ++reading.decoded;
    } else {
      reading.cost += kUndecoded + kUndecodedByte * static_cast<int>(std::ranges::count_if(text.bytes, is_high));
      reading.texts.emplace_back();
    }
  }
  return reading;
}

}  // namespace

bool has_high(std::string_view bytes) {
  std::uint64_t seen = 0;
  std::size_t i = 0;
  for (; i + sizeof seen <= bytes.size(); i += sizeof seen) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    seen |= word;
  }
  for (; i < bytes.size(); ++i) seen |= byte(bytes[i]);
  return (seen & 0x8080808080808080ULL) != 0;
}

bool is_plainly_utf8(std::string_view bytes) {
  bool has_east_asian = false;
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data());
  for (std::size_t i = 0; i < bytes.size();) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(data + i, static_cast<utf8proc_ssize_t>(bytes.size() - i), &code);
    const bool is_east_asian = (code >= 0x1100 && code < 0x1200) || code >= 0x3000;
    if (length <= 0 || (length >= 3 && !is_east_asian)) return false;
    has_east_asian = has_east_asian || is_east_asian;
    i += static_cast<std::size_t>(length);
  }
  return has_east_asian;
}

std::optional<std::string> whole_as_utf8(Set set, std::string_view bytes) {
  std::string text;
  if (!append_as_utf8(set, bytes, text)) return {};
  return text;
}

std::string without_escapes(std::string_view bytes) {
  std::string left;
  for (std::size_t i = 0; i < bytes.size();) {
    const bool has_escape = bytes[i] == kEscape;
    const Designation* row = has_escape ? designation_at(bytes.substr(i + 1)) : nullptr;
    if (bytes.substr(i).starts_with("$)C")) {
      i += 3;
    } else if (row != nullptr) {
      i += row->code.size() + 1;
    } else {
      left += bytes[i++];
    }
  }
  return left;
}

Choice choose(std::span<const CharacterSet::Text> texts, std::span<const Set> stated, const StatedDecoder& as_stated) {
  constexpr int kMargin = 4;
  std::vector<Reading> readings;
  for (const Candidate& candidate : kCandidates) {
    const bool is_as_good = !readings.empty() && !readings[0].set && readings[0].decoded == texts.size();
    if (candidate.set == Set::windows1252 && is_as_good && are_latin(stated)) continue;
    Reading reading = read(candidate, texts, as_stated);
    if (is_stated_language(candidate.language, stated)) reading.cost += kOfStatedLanguage;
    if (reading.decoded > 0) readings.push_back(std::move(reading));
  }
  Choice choice;
  const auto best = std::ranges::min_element(readings, {}, &Reading::cost);
  if (best == readings.end()) return choice;
  choice.push_back(best->set);
  for (const Reading& other : readings) {
    if (other.cost < best->cost + kMargin && other.texts != best->texts) choice.push_back(other.set);
  }
  return choice;
}

}  // namespace naru::dicom
