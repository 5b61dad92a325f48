#include <algorithm>

#include "dicom/deidentify/descriptor_contacts.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

/// A street's word, and whether it says enough without a postal code behind it.
struct Street {
  std::u32string_view word;
  bool is_certain;
};
// German: endings of a word, or words of their own.
constexpr Street kGermanStreets[] = {{U"strasse", true}, {U"str", true},       {U"allee", true},  {U"chaussee", true},
                                     {U"weg", false},    {U"platz", false},    {U"gasse", false}, {U"ring", false},
                                     {U"damm", false},   {U"ufer", false},     {U"markt", false}, {U"steig", false},
                                     {U"hof", false},    {U"promenade", false}};
// Abbreviations of other things.
constexpr std::u32string_view kNoStreets[] = {U"registr",   U"menstr",  U"demonstr",
                                              U"administr", U"illustr", U"rekonstr"};
// French: before the name.
constexpr Street kFrenchStreets[] = {
    {U"rue", true},      {U"avenue", true},  {U"boulevard", true}, {U"bd", true},
    {U"impasse", true},  {U"allee", true},   {U"quai", true},      {U"faubourg", true},
    {U"place", false},   {U"chemin", false}, {U"route", false},    {U"cours", false},
    {U"passage", false}, {U"square", false}, {U"av", false},       {U"sentier", false}};
constexpr std::u32string_view kFrenchParticles[] = {U"de", U"du", U"des", U"d", U"la", U"le", U"les", U"l", U"et"};
constexpr std::u32string_view kTownParticles[] = {U"am", U"an", U"der", U"ob", U"sur"};

class EuropeanAddressFinder {
 public:
  EuropeanAddressFinder(const FoldedText& text, Removals& removals)
      : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size();) {
      std::size_t end = i;
      if (tokens_[i].is_number()) end = french(i);
      if (tokens_[i].is_raised()) end = german(i);
      if (tokens_[i].is_raised() && end == i) end = labelled_town(i);
      i = std::max(end, i + 1);
    }
  }

 private:
  bool is_spaced(std::size_t i, std::u32string_view signs = U" .") const {
    if (i >= tokens_.size()) return false;
    const std::u32string_view gap = text_.gap_before(i);
    return !gap.empty() && gap.size() <= 2 && gap.find_first_not_of(signs) == std::u32string_view::npos;
  }
  bool is_unknown(std::size_t i) const { return !is_known_word(text_.folded(tokens_[i])); }
  bool is_number(std::size_t i, std::size_t shortest, std::size_t longest) const {
    return i < tokens_.size() && tokens_[i].is_number() && tokens_[i].length >= shortest &&
           tokens_[i].length <= longest;
  }
  std::size_t remove(std::size_t first, std::size_t end) {
    removals_.push_back({tokens_[first].begin, tokens_[end - 1].end, DescriptorReason::contact});
    return end;
  }

  /// "Hauptstr. 12, 10115 Berlin", "Karl-Marx-Allee 3", "Am Markt 3, 10115 Berlin". The street's word is the last of up
  /// to three.
  std::size_t german(std::size_t i) {
    constexpr std::size_t kShortestStem = 3;
    const std::u32string_view word = text_.folded(tokens_[i]);
    const auto* street = std::find_if(std::begin(kGermanStreets), std::end(kGermanStreets),
                                      [&](const Street& row) { return word.ends_with(row.word); });
    if (street == std::end(kGermanStreets) || is_one_of(word, kNoStreets)) return i;
    const bool is_whole = word.size() == street->word.size();
    if (!is_whole && word.size() < street->word.size() + kShortestStem) return i;
    const std::size_t first = is_whole ? first_of_name(i) : i;
    if (is_whole && first == i) return i;
    std::size_t end = after_house_number(i + 1);
    if (end == i + 1) return i;
    const std::size_t town = after_town(end);
    return town == end && !street->is_certain ? i : remove(first, std::max(town, end));
  }

  /// The words of a street's name before its word.
  std::size_t first_of_name(std::size_t i) const {
    constexpr std::size_t kMostWords = 3;
    std::size_t first = i;
    while (first > 0 && i - first < kMostWords && tokens_[first - 1].is_raised() && tokens_[first - 1].length > 1 &&
           (text_.gap_before(first) == U" " || text_.gap_before(first) == U"-") &&
           (is_unknown(first - 1) || text_.folded(tokens_[first - 1]) == U"am")) {
      --first;
    }
    return first;
  }

  /// "12", "12a", "12-14"; `i` where none begins.
  std::size_t after_house_number(std::size_t i) const {
    constexpr std::size_t kLongest = 3;
    if (!is_number(i, 1, kLongest) || !is_spaced(i)) return i;
    std::size_t end = i + 1;
    if (is_number(end, 1, kLongest) && text_.gap_before(end) == U"-") ++end;
    const bool has_letter = end < tokens_.size() && tokens_[end].is_glued;
    if (has_letter && (tokens_[end].length != 1 || !tokens_[end].is_letters())) return i;
    if (has_letter) ++end;
    return is_measure(text_, end) ? i : end;
  }

  /// ", 10115 Berlin", ", D-10115 Berlin", ", 75002 Paris"; `i` where that does not follow.
  std::size_t after_town(std::size_t i) const {
    constexpr std::size_t kPostalDigits = 5, kMostWords = 4;
    if (i >= tokens_.size() || !is_spaced(i, U" ,")) return i;
    const bool has_country =
        tokens_[i].length == 1 && tokens_[i].is_raised() && i + 1 < tokens_.size() && text_.gap_before(i + 1) == U"-";
    const std::size_t code = has_country ? i + 1 : i;
    const bool is_code = is_number(code, kPostalDigits, kPostalDigits) || (has_country && is_number(code, 4, 4));
    if (!is_code || code + 1 >= tokens_.size() || !tokens_[code + 1].is_raised() ||
        text_.gap_before(code + 1) != U" ") {
      return i;
    }
    std::size_t end = code + 2;
    for (std::size_t k = end; k < tokens_.size() && k < code + 1 + kMostWords; ++k) {
      const bool is_joined = text_.gap_before(k) == U"-" || text_.gap_before(k) == U" ";
      const bool is_behind_particle = is_one_of(text_.folded(tokens_[k - 1]), kTownParticles);
      const bool is_name =
          tokens_[k].is_raised() && (is_unknown(k) || text_.gap_before(k) == U"-" || is_behind_particle);
      if (!is_joined || (!is_name && !is_one_of(text_.folded(tokens_[k]), kTownParticles))) break;
      if (is_name) end = k + 1;
    }
    return end;
  }

  /// "D-10115 Berlin": a country's letter that is no number of a vertebra, and an unknown town.
  std::size_t labelled_town(std::size_t i) {
    const std::size_t town = i + 2;
    const bool is_labelled = tokens_[i].length == 1 && !tokens_[i].is_glued && is_number(i + 1, 5, 5) &&
                             text_.gap_before(i + 1) == U"-" && town < tokens_.size() && tokens_[town].is_raised() &&
                             tokens_[town].length > 3 && is_unknown(town) && text_.gap_before(town) == U" ";
    constexpr std::u32string_view kCountries = U"dfia";
    if (!is_labelled || kCountries.find(text_.folded(tokens_[i])[0]) == kCountries.npos) return i;
    return remove(i, town + 1);
  }

  /// "12 rue de la Paix, 75002 Paris", "5 bis, avenue Foch"
  std::size_t french(std::size_t i) {
    constexpr std::size_t kMostWords = 6;
    if (!is_number(i, 1, 4) || tokens_[i].is_glued) return i;
    std::size_t word = i + 1;
    const auto folded = [&](std::size_t k) { return k < tokens_.size() ? text_.folded(tokens_[k]) : U""; };
    if (folded(word) == U"bis" || folded(word) == U"ter") ++word;
    if (!is_spaced(word, U" ,")) return i;
    const auto* street = std::find_if(std::begin(kFrenchStreets), std::end(kFrenchStreets),
                                      [&](const Street& row) { return row.word == folded(word); });
    if (street == std::end(kFrenchStreets)) return i;
    bool has_name = false;
    std::size_t end = word + 1;
    for (; end < tokens_.size() && end <= word + kMostWords; ++end) {
      const std::u32string_view gap = text_.gap_before(end);
      if (gap.empty() || gap.size() > 2 || gap.find_first_not_of(U" .-'\u2019") != gap.npos) break;
      const bool is_particle = is_one_of(text_.folded(tokens_[end]), kFrenchParticles) || tokens_[end].is_number();
      if (!is_particle && !tokens_[end].is_raised()) break;
      if (tokens_[end].is_number() && tokens_[end].length >= 4) break;
      has_name = has_name || (!is_particle && tokens_[end].length > 1);
    }
    if (!has_name) return i;
    const std::size_t town = after_town(end);
    return town == end && !street->is_certain ? i : remove(i, std::max(town, end));
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_european_addresses(const FoldedText& text, Removals& removals) {
  EuropeanAddressFinder(text, removals).find();
}

}  // namespace naru::dicom
