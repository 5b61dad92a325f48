#include <algorithm>

#include "dicom/deidentify/descriptor_contacts.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

// Korean plates of vehicles (Notice of the Ministry of Land on registration plates): two or three digits, a syllable,
// four digits, on older plates the region before them.

namespace naru::dicom {

namespace {

constexpr std::u32string_view kPlateSyllables =
    U"가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호국합육해공";
// Behind a number these count or go on with the sentence: "12주 2345", "20도 1500", "320로 1500".
constexpr std::u32string_view kCountingSyllables = U"주도호부조구모수오로사자나다라고배";
constexpr std::u32string_view kPlateRegions[] = {U"서울", U"부산", U"대구", U"인천", U"광주", U"대전",
                                                 U"울산", U"세종", U"경기", U"강원", U"충북", U"충남",
                                                 U"전북", U"전남", U"경북", U"경남", U"제주"};
constexpr std::u32string_view kPlateLabels[] = {U"차량", U"차량번호", U"번호판", U"차번호", U"자동차",
                                                U"차",   U"택시",     U"버스",   U"렌터카", U"자가용",
                                                U"car",  U"plate",    U"vehicle"};
// Behind the four digits: they are no number of a plate.
constexpr std::u32string_view kPlateCounters = U"년월일시분개회번명원세건배초";

class PlateFinder {
 public:
  PlateFinder(const FoldedText& text, Removals& removals) : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i + 2 < tokens_.size(); ++i) {
      if (is_plate(i)) removals_.push_back({begin_of(i), tokens_[i + 2].end, DescriptorReason::id});
    }
  }

 private:
  std::u32string_view folded(std::size_t i) const { return text_.folded(tokens_[i]); }

  /// Digits from token `i` on.
  bool is_plate(std::size_t i) const {
    constexpr std::uint32_t kShortest = 2, kLongest = 3, kSerial = 4;
    const bool has_region = region_before(i) > 0;
    const Token& number = tokens_[i];
    if (!number.is_number() || number.length > kLongest || number.length < (has_region ? 1 : kShortest)) return false;
    const Token &syllable = tokens_[i + 1], &serial = tokens_[i + 2];
    const bool has_syllable = syllable.is_glued && syllable.length == 1 && syllable.kind == TokenKind::hangul &&
                              kPlateSyllables.find(folded(i + 1)[0]) != std::u32string_view::npos;
    const bool has_serial = serial.is_number() && serial.length == kSerial && (serial.is_glued || has_space(i + 2));
    if (!has_syllable || !has_serial || is_joined_before(i) || is_measured(i + 3)) return false;
    if (has_region || is_labelled(i)) return true;
    const bool may_count = kCountingSyllables.find(folded(i + 1)[0]) != std::u32string_view::npos;
    const std::int64_t value = text_.number(serial);
    const bool is_setting = value % 100 == 0 || (value >= 1900 && value < 2100);
    return !is_setting && (serial.is_glued || !may_count);
  }

  bool has_space(std::size_t i) const { return text_.gap_before(i) == U" "; }

  /// "T12가", "1.12가", "3-12가"
  bool is_joined_before(std::size_t i) const {
    if (i == 0) return false;
    const Token& before = tokens_[i - 1];
    const std::u32string_view gap = text_.gap_before(i);
    return tokens_[i].is_glued ? before.kind != TokenKind::hangul
                               : before.is_number() && gap.size() == 1 && gap != U" ";
  }

  /// "2024년", "1500 mm", "3456%"
  bool is_measured(std::size_t i) const {
    const std::u32string_view gap = text_.gap_before(i);
    if (gap.starts_with(U'%')) return true;
    if (i >= tokens_.size()) return false;
    if (!tokens_[i].is_glued) return is_measure(text_, i) && gap == U" ";
    const bool is_counted = kPlateCounters.find(folded(i)[0]) != std::u32string_view::npos;
    return tokens_[i].kind != TokenKind::hangul || is_counted;
  }

  bool is_labelled(std::size_t i) const {
    const std::u32string_view gap = text_.gap_before(i);
    return i > 0 && gap.size() <= 2 && gap.find_first_not_of(U" :=(") == gap.npos &&
           is_one_of(folded(i - 1), kPlateLabels);
  }

  /// How many characters before token `i` are a region: "서울12", "서울 12".
  std::uint32_t region_before(std::size_t i) const {
    if (i == 0 || tokens_[i - 1].kind != TokenKind::hangul || (!tokens_[i].is_glued && !has_space(i))) return 0;
    const std::u32string_view word = folded(i - 1);
    const bool is_region = std::ranges::any_of(kPlateRegions, [&](std::u32string_view region) {
      return tokens_[i].is_glued ? word.ends_with(region) : word == region;
    });
    return is_region ? static_cast<std::uint32_t>(kPlateRegions[0].size()) : 0;
  }

  /// With the region.
  std::uint32_t begin_of(std::size_t i) const {
    const std::uint32_t length = region_before(i);
    return length == 0 ? tokens_[i].begin : tokens_[i - 1].end - length;
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_plates(const FoldedText& text, Removals& removals) { PlateFinder(text, removals).find(); }

}  // namespace naru::dicom
