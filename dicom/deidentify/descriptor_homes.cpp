#include <algorithm>

#include "dicom/deidentify/descriptor_ids.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

// Of any street.
constexpr std::u32string_view kRoads[] = {
    U"street",  U"avenue", U"road",    U"boulevard", U"lane",   U"drive",  U"court", U"crescent",
    U"terrace", U"place",  U"parkway", U"highway",   U"square", U"circle", U"close", U"way",
    U"strasse", U"str",    U"weg",     U"platz",     U"allee",  U"gasse",  U"ring",  U"ufer",
    U"straat",  U"laan",   U"rue",     U"via",       U"viale",  U"piazza", U"calle", U"avenida",
    U"plaza",   U"rua",    U"ulica",   U"suite",     U"daero",  U"myeon",  U"beon"};

// Of half the world.
constexpr std::u32string_view kCountries[] = {
    U"deutschland", U"germany", U"france", U"korea",  U"japan", U"china",   U"italy",  U"italia", U"spain",
    U"espana",      U"austria", U"poland", U"brasil", U"india", U"england", U"united", U"states", U"kingdom"};

// Between the parts of an address.
constexpr std::u32string_view kSigns = U",^;\r\n";

/// What ends a part of a Korean address.
bool has_korean_ending(std::u32string_view word) {
  constexpr std::u32string_view kEndings = U"도시군구읍면동리가로길";
  return kEndings.find(word.back()) != kEndings.npos || word.ends_with(U"마을") || word.ends_with(U"아파트");
}

bool is_road(std::u32string_view word) { return is_one_of(word, kRoads); }
bool is_no_name(std::u32string_view word) { return is_road(word) || is_one_of(word, kCountries); }

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

/// A number, and a road or a sign between the parts, or parts as PN and texts of lines have them.
bool HomeIndex::is_address(const FoldedText& text) const {
  constexpr std::uint32_t kShortestPostalCode = 4;
  const std::string_view value = text.original();
  const auto& tokens = text.tokens();
  const auto any = [&](auto is_so) { return std::any_of(tokens.begin(), tokens.end(), is_so); };
  const bool has_number = any([](const Token& token) { return token.is_number(); });
  const bool has_code = any([](const Token& t) { return t.is_number() && t.length >= kShortestPostalCode; });
  const bool has_road = any([&](const Token& token) { return is_road(text.folded(token)); });
  const bool has_sign = value.find_first_of(",^;\r\n") != std::string_view::npos;
  if (reason_ != DescriptorReason::place) {
    if (value.find_first_of("^\r\n") != std::string_view::npos || (has_number && has_sign)) return true;
    return has_road && has_number && (tokens.front().is_number() || has_code);
  }
  if (has_number) return has_road || (has_sign && has_code);
  // "Zundertown, Ohio", but no "Radiology, Asan Hospital"
  constexpr std::size_t kMostWords = 4;
  constexpr WordFlags kOfInstitutions = kInstitution | kInstitutionFiller;
  return has_sign && tokens.size() <= kMostWords &&
         !any([](const Token& token) { return (word_flags(token.hash) & kOfInstitutions) != 0; });
}

void HomeIndex::add(std::string_view address) {
  const FoldedText text(address);
  const auto& tokens = text.tokens();
  const auto is_number = [](const Token& token) { return token.is_number(); };
  if (std::any_of(tokens.begin(), tokens.end(), is_number)) add_korean(text);
  if (!is_address(text)) return;
  for (const Token& token : tokens) {
    if (token.is_number()) roads_.add(text.original().substr(text.chars()[token.begin].begin, token.length), reason_);
  }
  const auto is_end = [&](std::size_t begin, std::size_t next) {
    if (tokens[next].is_number() || text.gap_before(next).find_first_of(kSigns) != std::u32string_view::npos)
      return true;
    // "1894 Thistledown Court Akron", but "rue de la Paix"
    return next > begin + 1 && is_road(text.folded(tokens[next - 1]));
  };
  for (std::size_t begin = 0; begin < tokens.size();) {
    std::size_t end = begin + 1;
    while (end < tokens.size() && !is_end(begin, end)) ++end;
    const std::size_t first = tokens[begin].is_number() || tokens[begin].length == 1 ? begin + 1 : begin;
    add_part(text, first, end);
    begin = end;
  }
}

/// "Niederbreitbach", "Feldweg", "Thistledown Court"; "Baker Street" as a whole, since cysts are called Baker's.
void HomeIndex::add_part(const FoldedText& text, std::size_t begin, std::size_t end) {
  constexpr std::uint32_t kTellsAlone = 5;
  bool is_telling_part = false, has_street = false;
  for (std::size_t i = begin; i < end; ++i) {
    const std::u32string_view word = text.folded(text.tokens()[i]);
    is_telling_part = is_telling_part || is_telling(text.tokens()[i], word);
    has_street = has_street || is_no_name(word);
  }
  if (!is_telling_part) return;
  const std::string_view part = original(text, begin, end);
  if (!has_street) return places_.add(part);
  roads_.add_phrase(part, reason_);
  for (std::size_t i = begin; i < end; ++i) {
    const Token& token = text.tokens()[i];
    const bool is_name = (word_flags(token.hash) & (kKnownName | kAlsoName)) != 0;
    if (token.length >= kTellsAlone && !is_name && is_telling(token, text.folded(token))) {
      places_.add(original(text, i, i + 1));
    }
  }
}

/// "경기도 성남시 분당구 구미로173번길 82 느티마을 302동": each named part, and the road with its numbers.
void HomeIndex::add_korean(const FoldedText& text) {
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
      if (numbers > 0 && !tokens[end].is_glued) roads_.add_phrase(original(text, i, end), reason_);
      numbers += tokens[end].is_number() ? 1U : 0U;
    }
    if (numbers > 0) roads_.add_phrase(original(text, i, end), reason_);
  }
}

void HomeIndex::find(const FoldedText& text, Removals& removals) const {
  roads_.find(text, removals);
  Removals parts;
  places_.find(text, parts);
  for (const Removal& part : parts) removals.push_back({part.begin, part.end, reason_});
}

}  // namespace naru::dicom
