#include <algorithm>

#include "dicom/deidentify/descriptor_contacts.h"

namespace naru::dicom {

namespace {

constexpr std::u32string_view kPrefectures[] = {
    U"北海道", U"青森県", U"岩手県", U"宮城県",   U"秋田県", U"山形県",   U"福島県", U"茨城県", U"栃木県", U"群馬県",
    U"埼玉県", U"千葉県", U"東京都", U"神奈川県", U"新潟県", U"富山県",   U"石川県", U"福井県", U"山梨県", U"長野県",
    U"岐阜県", U"静岡県", U"愛知県", U"三重県",   U"滋賀県", U"京都府",   U"大阪府", U"兵庫県", U"奈良県", U"和歌山県",
    U"鳥取県", U"島根県", U"岡山県", U"広島県",   U"山口県", U"徳島県",   U"香川県", U"愛媛県", U"高知県", U"福岡県",
    U"佐賀県", U"長崎県", U"熊本県", U"大分県",   U"宮崎県", U"鹿児島県", U"沖縄県"};
constexpr std::u32string_view kHanProvinces[] = {
    U"北京",     U"天津",   U"上海",   U"重庆",   U"重慶",   U"河北省", U"山西省", U"辽宁省", U"吉林省",
    U"黑龙江省", U"江苏省", U"浙江省", U"安徽省", U"福建省", U"江西省", U"山东省", U"河南省", U"湖北省",
    U"湖南省",   U"广东省", U"海南省", U"四川省", U"贵州省", U"云南省", U"陕西省", U"甘肃省", U"青海省",
    U"广西",     U"内蒙古", U"西藏",   U"宁夏",   U"新疆",   U"香港",   U"台北市", U"臺北市", U"新北市",
    U"高雄市",   U"台中市", U"臺中市", U"台南市", U"桃園市"};
// What ends a district's or a street's name.
constexpr std::u32string_view kJapaneseDivisions = U"市区町村郡", kChineseDistricts = U"市区區县縣旗镇鎮乡鄉",
                              kChineseStreets = U"路街巷弄";
// "病区", "肺野区", "尿路", "旁路": of wards, organs and lines.
constexpr std::u32string_view kNoNames = U"病野叶葉部分段尿旁通管线線气氣回电電消呼泌";
// Behind a house's number.
constexpr std::u32string_view kJapaneseCounters[] = {U"丁目", U"番地", U"番", U"号", U"の"};
constexpr std::u32string_view kChineseCounters[] = {U"号",   U"號", U"楼", U"樓", U"室",
                                                    U"单元", U"栋", U"弄", U"巷", U"段"};
constexpr std::size_t kLongestRun = 60;

class HanAddressFinder {
 public:
  HanAddressFinder(const FoldedText& text, Removals& removals)
      : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size();) {
      std::size_t end = i + 1;
      if (tokens_[i].is_number()) postal_code(i);
      if (is_han(i)) {
        while (end < tokens_.size() && is_han(end) && tokens_[end].is_glued) ++end;
        run(tokens_[i].begin, tokens_[end - 1].end, end);
      }
      i = end;
    }
  }

 private:
  bool is_han(std::size_t i) const { return tokens_[i].kind == TokenKind::han || tokens_[i].kind == TokenKind::kana; }
  void remove(std::size_t begin, std::size_t end) {
    removals_.push_back(
        {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), DescriptorReason::contact});
  }

  /// "〒160-0023", "郵便番号 160-0023"
  void postal_code(std::size_t i) {
    const std::u32string_view gap = text_.gap_before(i);
    const std::size_t sign = gap.find(U'\u3012');
    const bool is_labelled = i > 0 && text_.folded(tokens_[i - 1]) == U"郵便番号" && gap.size() <= 2;
    if (sign == gap.npos && !is_labelled) return;
    const bool is_parted = tokens_[i].length == 3 && i + 1 < tokens_.size() && tokens_[i + 1].is_number() &&
                           tokens_[i + 1].length == 4 && text_.gap_before(i + 1).size() == 1;
    const std::size_t begin = tokens_[i].begin - (sign == gap.npos ? 0 : gap.size() - sign);
    if (is_parted || tokens_[i].length == 7) remove(begin, tokens_[is_parted ? i + 1 : i].end);
  }

  /// @param next the token behind the run
  void run(std::size_t begin, std::size_t end, std::size_t next) {
    const std::u32string_view run = text_.folded(begin, end);
    constexpr std::size_t kShortest = 4;
    if (run.size() < kShortest || run.size() > kLongestRun) return;
    if (!japanese(run, begin, next)) chinese(run, begin, next);
  }

  /// The first of the names in the run, and where it ends; npos where there is none.
  template <std::size_t N>
  static std::pair<std::size_t, std::size_t> first_of(std::u32string_view run, const std::u32string_view (&names)[N]) {
    std::pair<std::size_t, std::size_t> first{run.npos, run.npos};
    for (const std::u32string_view name : names) {
      if (const std::size_t at = run.find(name); at < first.first) first = {at, at + name.size()};
    }
    return first;
  }

  /// Where the last division's name behind `from` ends, or `from`.
  static std::size_t end_of_divisions(std::u32string_view run, std::size_t from, std::u32string_view signs) {
    for (std::size_t at = run.size(); at > from; --at) {
      const bool is_name = signs.find(run[at - 1]) != signs.npos && (at < 2 || kNoNames.find(run[at - 2]) == run.npos);
      if (is_name) return at;
    }
    return from;
  }

  /// "東京都新宿区西新宿2-8-1", "西新宿二丁目8番1号"
  bool japanese(std::u32string_view run, std::size_t begin, std::size_t next) {
    const auto [name, name_end] = first_of(run, kPrefectures);
    const std::size_t number_end = after_numbers(next, kJapaneseCounters);
    const std::size_t block = run.find(U"丁目");
    if (name == run.npos) {
      const bool has_block = block != run.npos && block >= 2 && number_end > begin + run.size();
      if (has_block) remove(begin, number_end);
      return has_block;
    }
    const std::size_t division = end_of_divisions(run, name_end, kJapaneseDivisions);
    if (division == name_end) return false;
    remove(begin + name, number_end > begin + run.size() ? number_end : begin + division);
    return true;
  }

  /// "北京市朝阳区建国路88号", "朝阳区建国路88号", "北京市朝阳区"
  void chinese(std::u32string_view run, std::size_t begin, std::size_t next) {
    auto [name, name_end] = first_of(run, kHanProvinces);
    if (name != run.npos && name_end < run.size() && run[name_end] == U'市') ++name_end;
    const std::size_t street = end_of_divisions(run, 0, kChineseStreets);
    const std::size_t number_end = after_numbers(next, kChineseCounters);
    const bool has_number = street == run.size() && number_end > begin + run.size();
    if (name != run.npos) {
      const std::size_t district = end_of_divisions(run, name_end, kChineseDistricts);
      const std::size_t last = std::max(district, street);
      if (last > name_end) remove(begin + name, has_number ? number_end : begin + last);
      return;
    }
    constexpr std::size_t kShortestDistrict = 3;
    const std::size_t district = end_of_divisions(run, 0, kChineseDistricts);
    if (has_number && district >= kShortestDistrict && district < street) remove(begin, number_end);
  }

  /// The character behind "88号", "2-8-1", "8番1号" at token `i`, the number glued to what stands before; where no
  /// number is, or a Chinese one without a counter, the end of what stands before.
  template <std::size_t N>
  std::size_t after_numbers(std::size_t i, const std::u32string_view (&counters)[N]) const {
    constexpr std::size_t kMostParts = 6;
    std::size_t end = i == 0 ? 0 : tokens_[i - 1].end, parts = 0;
    const std::size_t before = end;
    bool has_counter = false;
    while (i < tokens_.size() && tokens_[i].is_number() && tokens_[i].length <= 5 && parts < kMostParts) {
      const std::u32string_view gap = text_.gap_before(i);
      const bool is_joined = gap.empty() || (parts > 0 && gap.size() == 1 &&
                                             (gap[0] == U'-' || gap[0] == U'\u2212' || gap[0] == U'\u2010'));
      if (!is_joined) break;
      ++parts;
      end = tokens_[i++].end;
      if (i >= tokens_.size() || !tokens_[i].is_glued || !is_han(i)) continue;
      const std::u32string_view behind = text_.folded(tokens_[i]);
      const auto* counter = std::find_if(std::begin(counters), std::end(counters),
                                         [&](std::u32string_view word) { return behind.starts_with(word); });
      if (counter == std::end(counters)) break;
      has_counter = true;
      end = tokens_[i].begin + counter->size();
      if (counter->size() != behind.size()) break;
      ++i;
    }
    return has_counter || parts >= 2 ? end : before;
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_han_addresses(const FoldedText& text, Removals& removals) { HanAddressFinder(text, removals).find(); }

}  // namespace naru::dicom
