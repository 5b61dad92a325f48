#include <algorithm>

#include "dicom/deidentify/descriptor_ids.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

// Of any street or country.
constexpr std::u32string_view kNoNames[] = {U"street",  U"avenue", U"road",        U"boulevard", U"lane",   U"drive",
                                            U"strasse", U"weg",    U"platz",       U"allee",     U"suite",  U"daero",
                                            U"myeon",   U"beon",   U"deutschland", U"germany",   U"france", U"korea"};

/// What ends a part of a Korean address.
bool has_korean_ending(std::u32string_view word) {
  constexpr std::u32string_view kEndings = U"도시군구읍면동리가로길";
  return kEndings.find(word.back()) != kEndings.npos || word.ends_with(U"마을") || word.ends_with(U"아파트");
}

bool is_no_name(std::u32string_view word) { return is_one_of(word, kNoNames); }

/// A word that neither protocols nor other addresses have.
bool is_telling(const Token& token, std::u32string_view word) {
  constexpr std::uint32_t kShortest = 4;
  return token.is_letters() && token.length >= kShortest && !is_known_word(word) && !is_no_name(word);
}

std::string_view original(const FoldedText& text, std::size_t begin, std::size_t end) {
  const std::size_t first = text.chars()[text.tokens()[begin].begin].begin;
  const std::size_t last = text.chars()[text.tokens()[end - 1].end - 1].end;
  return text.original().substr(first, last - first);
}

}  // namespace

void HomeIndex::add(std::string_view address, DescriptorReason reason) {
  const FoldedText text(address);
  const auto& tokens = text.tokens();
  if (std::none_of(tokens.begin(), tokens.end(), [](const Token& token) { return token.is_number(); })) return;
  add_korean(text, reason);
  if (address.find(',') == std::string_view::npos) return;
  for (std::size_t begin = 0; begin < tokens.size();) {
    std::size_t next = begin + 1;
    while (next < tokens.size() && text.gap_before(next).find(U',') == std::u32string_view::npos) ++next;
    std::size_t end = next;
    while (begin < end && (tokens[begin].is_number() || tokens[begin].length == 1)) ++begin;
    while (begin < end && tokens[end - 1].is_number()) --end;
    add_part(text, begin, end, reason);
    begin = next;
  }
}

/// "Niederbreitbach", "Feldweg"; "Baker Street" as a whole, since cysts are called Baker's.
void HomeIndex::add_part(const FoldedText& text, std::size_t begin, std::size_t end, DescriptorReason reason) {
  bool is_telling_part = false, has_street = false;
  for (std::size_t i = begin; i < end; ++i) {
    const std::u32string_view word = text.folded(text.tokens()[i]);
    is_telling_part = is_telling_part || is_telling(text.tokens()[i], word);
    has_street = has_street || is_no_name(word);
  }
  if (!is_telling_part) return;
  const std::string_view part = original(text, begin, end);
  has_street ? roads_.add_phrase(part, reason) : places_.add(part);
}

/// "경기도 성남시 분당구 구미로173번길 82 느티마을 302동": each named part, and the road with its numbers.
void HomeIndex::add_korean(const FoldedText& text, DescriptorReason reason) {
  constexpr std::uint32_t kShortestPart = 3, kTellsAlone = 4;
  const auto& tokens = text.tokens();
  const auto is_hangul = [](const Token& token) { return token.kind == TokenKind::hangul; };
  const auto parts = std::count_if(tokens.begin(), tokens.end(), [&](const Token& token) {
    return is_hangul(token) && token.length >= 2 && has_korean_ending(text.folded(token));
  });
  if (parts < 2) return;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::u32string_view word = text.folded(tokens[i]);
    if (!is_hangul(tokens[i]) || tokens[i].is_glued || is_known_word(word)) continue;
    const bool has_ending = tokens[i].length >= kShortestPart && has_korean_ending(word);
    if (has_ending || tokens[i].length >= kTellsAlone) places_.add_name(word);
    std::size_t end = i + 1, numbers = 0;
    for (; end < tokens.size() && (tokens[end].is_number() || tokens[end].is_glued); ++end) {
      const std::u32string_view gap = text.gap_before(end);
      if (!gap.empty() && gap != U" " && gap != U"-") break;
      if (numbers > 0 && !tokens[end].is_glued) roads_.add_phrase(original(text, i, end), reason);
      numbers += tokens[end].is_number() ? 1U : 0U;
    }
    if (numbers > 0) roads_.add_phrase(original(text, i, end), reason);
  }
}

void HomeIndex::find(const FoldedText& text, Removals& removals) const {
  roads_.find(text, removals);
  Removals parts;
  places_.find(text, parts);
  for (const Removal& part : parts) removals.push_back({part.begin, part.end, DescriptorReason::contact});
}

}  // namespace naru::dicom
