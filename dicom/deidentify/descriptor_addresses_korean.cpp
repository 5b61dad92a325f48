#include <algorithm>

#include "dicom/deidentify/descriptor_contacts.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

constexpr std::u32string_view kKoreanProvinces[] = {
    U"서울", U"부산",     U"대구",     U"인천",     U"광주",     U"대전",     U"울산",    U"세종",
    U"경기", U"강원",     U"충북",     U"충남",     U"전북",     U"전남",     U"경북",    U"경남",
    U"제주", U"충청북도", U"충청남도", U"전라북도", U"전라남도", U"경상북도", U"경상남도"};

// Korean addresses in Latin letters (Road Name Address Act, romanisation of 2000): what follows a name's dash.
constexpr std::u32string_view kRomanisedRoads[] = {U"ro", U"daero", U"gil", U"dong", U"ri", U"ga", U"eup", U"myeon"};
constexpr std::u32string_view kRomanisedDistricts[] = {U"gu", U"si", U"gun", U"do"};
// Behind a number: "43-gil", "101-dong 1203-ho".
constexpr std::u32string_view kRomanisedCounters[] = {U"gil", U"dong", U"ho", U"ga"};
constexpr std::u32string_view kRomanisedCities[] = {U"seoul",   U"busan", U"daegu",  U"incheon", U"gwangju",
                                                    U"daejeon", U"ulsan", U"sejong", U"jeju"};

class KoreanAddressFinder {
 public:
  KoreanAddressFinder(const FoldedText& text, Removals& removals)
      : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size();) {
      std::size_t end = i;
      if (tokens_[i].is_letters()) end = labelled_postcode(i);
      if (!tokens_[i].is_east_asian() && end == i) end = romanised(i);
      if (tokens_[i].kind == TokenKind::hangul) end = korean(i);
      if (tokens_[i].kind == TokenKind::hangul && end == i) end = korean_flat(i);
      if (tokens_[i].kind == TokenKind::hangul && end == i) end = labelled_postcode(i);
      if (end != i) removals_.push_back({tokens_[i].begin, tokens_[end - 1].end, DescriptorReason::contact});
      i = std::max(end, i + 1);
    }
  }

 private:
  bool is_number(std::size_t i) const { return is_number_at(text_, i); }
  bool is_spaced(std::size_t i) const { return goes_on_with_address(text_, i); }

  /// "래미안아파트 101동 1203호"
  std::size_t korean_flat(std::size_t i) const {
    constexpr std::u32string_view kHouses[] = {U"아파트", U"빌라", U"오피스텔", U"맨션", U"주택"};
    const std::u32string_view word = text_.folded(tokens_[i]);
    const bool is_house = std::any_of(std::begin(kHouses), std::end(kHouses),
                                      [&](std::u32string_view house) { return word.ends_with(house); });
    if (!is_house || !is_number(i + 1) || !is_spaced(i + 1)) return i;
    const std::size_t end = after_number(i + 1);
    return end > i + 2 && !tokens_[end - 1].is_number() ? end : i;
  }

  /// "우)03080", "우편번호 03080", "zip 03080"
  std::size_t labelled_postcode(std::size_t i) const {
    const std::u32string_view word = text_.folded(tokens_[i]);
    constexpr std::uint32_t kDigits = 5;
    if (!is_number(i + 1) || tokens_[i + 1].length != kDigits) return i;
    const std::u32string_view gap = text_.gap_before(i + 1);
    const bool is_label = (word == U"우" && (gap == U")" || gap == U") ")) ||
                          ((word == U"우편번호" || word == U"zip") && !gap.empty() && gap.size() <= 3 &&
                           gap.find_first_not_of(U" :=") == gap.npos);
    return is_label ? i + 2 : i;
  }

  enum class Part : std::uint8_t { none, number, counter, road, district, city };

  /// What stands at token i of a Korean address in Latin letters: "Daehak-ro", "173beon-gil", "28-1", "Seoul".
  /// @param end the token behind it
  Part romanised_part(std::size_t i, std::size_t& end) const {
    const auto is_dash = [&](std::size_t k) { return k < tokens_.size() && text_.gap_before(k) == U"-"; };
    const bool has_number = tokens_[i].is_number();
    std::size_t suffix = i + 1;
    const bool is_branch =
        has_number && suffix < tokens_.size() && tokens_[suffix].is_glued && text_.folded(tokens_[suffix]) == U"beon";
    if (is_branch) ++suffix;
    end = suffix + 1;
    const bool has_suffix = is_dash(suffix) && tokens_[suffix].is_letters() && !is_dash(end) &&
                            (end >= tokens_.size() || !tokens_[end].is_glued || is_number(end));
    if (has_number) {
      if (has_suffix && is_one_of(text_.folded(tokens_[suffix]), kRomanisedCounters)) return Part::counter;
      constexpr std::uint32_t kLongest = 5;
      if (is_branch || tokens_[i].length > kLongest) return Part::none;
      end = is_dash(i + 1) && is_number(i + 1) ? i + 2 : i + 1;
      return end < tokens_.size() && tokens_[end].is_glued ? Part::none : Part::number;
    }
    if (has_suffix && is_romanised_name(tokens_[i], tokens_[suffix])) {
      if (is_one_of(text_.folded(tokens_[suffix]), kRomanisedRoads)) return Part::road;
      if (is_one_of(text_.folded(tokens_[suffix]), kRomanisedDistricts)) return Part::district;
    }
    end = i + 1;
    return is_one_of(text_.folded(tokens_[i]), kRomanisedCities) && !is_dash(end) ? Part::city : Part::none;
  }

  /// "anti-Ro" and "retro-" are none, and Korean has no f, q, v, x, z.
  bool is_romanised_name(const Token& name, const Token& suffix) const {
    const std::u32string_view word = text_.folded(name);
    const bool is_small = suffix.token_case == TokenCase::lower || name.token_case == TokenCase::upper;
    return name.is_letters() && name.length >= 2 && is_small && word != U"anti" &&
           word.find_first_of(U"fqvxz") == std::u32string_view::npos &&
           word.find_first_of(U"aeiouwy") != std::u32string_view::npos &&
           (!is_known_word(word) || (word_flags(name.hash) & kAlsoName) != 0);
  }

  /// "82, Gumi-ro 173beon-gil, Bundang-gu, Seongnam-si, Gyeonggi-do", "Seoul Jongno-gu Yeongeon-dong 28-1",
  /// "Daehak-ro 101": two parts or more, or a road or quarter with its number.
  std::size_t romanised(std::size_t i) const {
    constexpr std::uint32_t kPostalCode = 5;
    constexpr int kMostParts = 12;
    if (tokens_[i].is_glued) return i;
    int named = 0, cities = 0;
    bool has_number = false;
    Part last = Part::none;
    std::size_t end = i;
    for (int parts = 0; end < tokens_.size() && parts < kMostParts; ++parts) {
      const std::u32string_view gap = text_.gap_before(end);
      const bool is_glued_branch = gap.empty() && last == Part::road;
      if (end > i && gap != U" " && gap != U", " && gap != U"," && !is_glued_branch) break;
      std::size_t next = end;
      const Part part = romanised_part(end, next);
      const bool is_road = part == Part::road || (part == Part::counter && last == Part::road);
      if (part == Part::none || (last == Part::number && !has_number && !is_road)) break;
      if (part == Part::counter && last == Part::none) break;
      if (part == Part::number && end > i) {
        const bool is_house = (last == Part::road || last == Part::counter) && !is_measure(text_, next);
        const bool is_postal = next == end + 1 && tokens_[end].length == kPostalCode && last >= Part::district;
        if (!is_house && !is_postal) break;
        has_number = has_number || is_house;
      }
      has_number = has_number || (is_road && last == Part::number);
      named += part == Part::road || part == Part::district ? 1 : 0;
      cities += part == Part::city ? 1 : 0;
      last = part;
      end = next;
    }
    return named + cities >= 2 && named > 0 ? end : named == 1 && has_number ? end : i;
  }

  static constexpr int kTown = 3, kQuarter = 4, kRoad = 5;

  /// Which part of a Korean address a word is, by its last syllable: 1 province or city, 2 district, 3 town,
  /// 4 quarter or village, 5 road; 0 none.
  int level(std::size_t i) const {
    if (i >= tokens_.size() || tokens_[i].kind != TokenKind::hangul) return 0;
    const std::u32string_view word = text_.folded(tokens_[i]);
    if (is_one_of(word, kKoreanProvinces)) return 1;
    if (word.size() < 2 || is_known_word(word)) return 0;
    if (word.ends_with(U"특별시") || word.ends_with(U"광역시") || word.ends_with(U"자치도")) return 1;
    switch (word.back()) {
      case U'도': return is_one_of(word.substr(0, word.size() - 1), kKoreanProvinces) || is_one_of(word, kKoreanProvinces) ? 1 : 0;
      case U'시': return 1;
      case U'구':
      case U'군': return 2;
      case U'읍':
      case U'면': return kTown;
      case U'동':
      case U'리':
      case U'가': return kQuarter;
      case U'로':
      case U'길': return word.ends_with(U"으로") ? 0 : kRoad;
      default: return 0;
    }
  }

  /// "서울특별시 종로구 대학로 101", "경기도 성남시 분당구 정자동 178-1", "테헤란로 123"
  std::size_t korean(std::size_t i) const {
    int last_level = 0, parts = 0;
    bool has_province = false;
    std::size_t end = i;
    constexpr int kMostParts = 8;
    while (end < tokens_.size() && parts < kMostParts) {
      const std::size_t numbered = numbered_road(end, parts > 0);
      const int now = numbered != end ? kRoad : level(end);
      const bool is_next = now > 0 && (now > last_level || (now == last_level && now <= 2 && parts > 0));
      if (!is_next || (end > i && !is_spaced(end))) break;
      has_province = has_province || now == 1;
      last_level = now;
      ++parts;
      end = numbered != end ? numbered : end + 1;
      if (now >= kTown && is_number(end)) break;
    }
    if (parts == 0) return i;
    const std::size_t with_number = after_number(end);
    const bool has_number = with_number != end && last_level >= kTown;
    const bool is_address = (parts >= 2 && (has_province || has_number)) ||
                            (parts == 1 && last_level == kRoad && has_number && is_lone_road(i, end, with_number));
    if (!is_address) return i;
    return has_number ? with_number : end;
  }

  /// The token behind a road with a number in its name, or i: "보듬7로", "아란13길"; behind another part also
  /// "1순환로".
  std::size_t numbered_road(std::size_t i, bool is_behind_part) const {
    constexpr std::u32string_view kRoads[] = {U"로", U"길", U"번길"};
    constexpr std::uint32_t kLongestNumber = 3;
    const auto is_glued = [&](std::size_t k, TokenKind kind) {
      return k < tokens_.size() && tokens_[k].is_glued && tokens_[k].kind == kind;
    };
    if (i >= tokens_.size() || tokens_[i].is_glued) return i;
    if (is_number(i) && tokens_[i].length <= kLongestNumber && is_glued(i + 1, TokenKind::hangul)) {
      return is_behind_part && tokens_[i + 1].length >= 2 && level(i + 1) == kRoad ? i + 2 : i;
    }
    const bool is_name = tokens_[i].kind == TokenKind::hangul && tokens_[i].length >= 2 &&
                         !is_known_word(text_.folded(tokens_[i])) && is_glued(i + 1, TokenKind::number) &&
                         tokens_[i + 1].length <= kLongestNumber && is_glued(i + 2, TokenKind::hangul);
    return is_name && is_one_of(text_.folded(tokens_[i + 2]), kRoads) ? i + 3 : i;
  }

  /// A road alone, tokens `road` to before `number`: "제대로 3", "실제로 3mm" and "좌우로 3-5" are none; "연세로 50-1"
  /// is, since ranges go up.
  bool is_lone_road(std::size_t road, std::size_t number, std::size_t end) const {
    constexpr std::uint32_t kShortest = 4;
    if (is_measure(text_, end)) return false;
    if (tokens_[number - 1].end - tokens_[road].begin >= kShortest) return true;
    const bool is_end = end >= tokens_.size() || !tokens_[end].is_glued;
    const bool is_pair = end == number + 2 && is_number(number + 1) && text_.gap_before(number + 1) == U"-";
    constexpr std::u32string_view kTo = U"로";
    const std::u32string_view word = text_.folded(tokens_[road]);
    return is_end && is_pair && tokens_[number].length >= 2 &&
           text_.number(tokens_[number]) > text_.number(tokens_[number + 1]) &&
           !is_known_word(word.substr(0, word.size() - kTo.size()));
  }

  /// House numbers and what counts floors and flats: "101", "178-1번지", "12길 3", "101동 202호".
  std::size_t after_number(std::size_t i) const {
    constexpr std::u32string_view kCounters[] = {U"번지", U"번길", U"길", U"동", U"호", U"층", U"가", U"로"};
    std::size_t end = i;
    while (is_number(end) && tokens_[end].length <= 4 &&
           (text_.gap_before(end) == U" " || text_.gap_before(end) == U"-" || text_.gap_before(end) == U", " ||
            tokens_[end].is_glued)) {
      ++end;
      if (end < tokens_.size() && tokens_[end].is_glued && is_one_of(text_.folded(tokens_[end]), kCounters)) ++end;
    }
    return end;
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_korean_addresses(const FoldedText& text, Removals& removals) { KoreanAddressFinder(text, removals).find(); }

}  // namespace naru::dicom
