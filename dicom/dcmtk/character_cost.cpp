#include "dicom/dcmtk/character_cost.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <string>

#include "dicom/dcmtk/character_conversion.h"

namespace naru::dicom {

namespace {

// What names of persons, hospitals and examinations are made of. Only tells likely from unlikely: no text is cut by it.
constexpr std::u32string_view kCommonHangul =
    U"이다의가는에을로하고한지사기정나인도리그시자서어대아은일수를보전원장부주과상제구조만여동성소해연국관오무라면우"
    U"문세안신유비모스경계공선김거진중있었것년방간적생학등교영회위화결환와현분민발병실검복흉두뇌심폐골절척추요릎갑초"
    U"음파촬증강술급외내박최윤임권황송홍양손배백허남노곽차재철길순혜예빈훈태용석혁찬규희숙미호준광덕창울산천북충포형"
    U"센터클닉료단측후좌슬견족완치응입퇴담췌겸봄륜률엄엽섭근범봉식옥필춘월란련령린림맹목묵반변별빛삼새섬솔승쌍애야언"
    U"엔열염온왕욱운웅율육익잔점죽줄즉직채청총칠탁택토통투판팔편평표품풍함합항향활획효휘휴흥종막맥암혈액뼈궁난립렴핵"
    U"당뇨압";
constexpr std::u32string_view kCommonHanzi =
    U"的一是不了人在有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而"
    U"能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与"
    U"高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次"
    U"东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市何张王李刘陈杨黄赵周吴徐孙马朱胡郭林罗郑梁"
    U"谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范石廖贾夏韦付白邹孟熊秦邱江尹薛闫段雷侯"
    U"龙史陶黎贺顾毛郝龚邵伟芳娜秀英敏静丽强磊洋勇艳杰娟涛超霞刚桂辉玲华建志红春梅兰玉珍波鹏飞雪婷宇欣晨浩涵梓轩佳怡"
    U"胸腹颈腰椎颅脑肝胆脾胰肾脏骨盆膝节肺血管增扫描侧放射科医院省县像影检查诊急普通左右肢床病患";
constexpr std::u32string_view kCommonKanji =
    U"日一大年中会人本月長国出上十生子分東三行同今高金時手見市力米自前円合立内二事社者地京間田体学下目五後新明方部女"
    U"八心四民対主正代言九小思七山実入回場野開万全定家北六問話文動度県水安氏和政保表道相意発不党佐藤鈴木橋伊渡辺村林"
    U"加吉口松井阿池崎森石川島斎清太郎花健誠翔輔直樹美咲陽恵幸裕由拓也隆茂治原岡福西永横千葉宮竹近遠青坂谷工胸腹頭腰"
    U"椎膝関節肝臓肺骨盤造影単純検査放射線科病院医附属左右撮像";

constexpr int kCommon = 9, kStandard = 13, kStandardSign = 14, kSecondLevel = 16, kRareHan = 20, kRareHangul = 22,
              kForeign = 24;
constexpr int kLetter = 9, kRareLetter = 13, kScriptLetter = 5, kHalfWidth = 6, kMeasure = 10, kSign = 18;

/// Bits by character.
using Costs = std::array<std::uint8_t, 0x10000>;

void set_range(Costs& costs, char32_t first, char32_t last, int bits) {
  for (char32_t code = first; code <= last; ++code) costs[code] = static_cast<std::uint8_t>(bits);
}
void set_all(Costs& costs, std::u32string_view characters, int bits) {
  for (const char32_t code : characters) costs[code] = static_cast<std::uint8_t>(bits);
}

/// Each character of a set of two bytes, by what `bits_of` says of its first byte.
template <class BitsOf>
void set_standard(Costs& costs, Set set, BitsOf bits_of) {
  for (unsigned first = 0xA1; first <= 0xFE; ++first) {
    for (unsigned second = 0xA1; second <= 0xFE; ++second) {
      const std::array bytes = {static_cast<char>(first), static_cast<char>(second)};
      std::string utf8;
      if (!append_as_utf8(set, {bytes.data(), bytes.size()}, utf8)) continue;
      utf8proc_int32_t code = 0;
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                       static_cast<utf8proc_ssize_t>(utf8.size()), &code);
      if (code > 0 && static_cast<std::size_t>(code) < costs.size()) {
        costs[static_cast<std::size_t>(code)] = static_cast<std::uint8_t>(bits_of(first));
      }
    }
  }
}

Costs korean_costs() {
  Costs costs;
  costs.fill(kForeign);
  set_range(costs, 0xAC00, 0xD7A3, kRareHangul);
  set_standard(costs, Set::ks_x_1001, [](unsigned first) {
    const bool is_of_hangul = first >= 0xB0 && first <= 0xC8;
    return is_of_hangul ? kStandard : kStandardSign;  // Hanja are as rare as signs
  });
  set_all(costs, kCommonHangul, kCommon);
  return costs;
}

/// GB 2312 and JIS X 0208 have two levels of ideographs, the first of those in use every day.
int bits_by_level(unsigned first, unsigned last_of_first_level) {
  constexpr unsigned kFirstIdeographs = 0xB0;
  if (first < kFirstIdeographs) return kStandardSign;
  return first <= last_of_first_level ? kStandard : kSecondLevel;
}

Costs chinese_costs() {
  Costs costs;
  costs.fill(kForeign);
  set_range(costs, 0x4E00, 0x9FFF, kRareHan);
  set_standard(costs, Set::gb2312, [](unsigned first) { return bits_by_level(first, 0xD7); });
  set_all(costs, kCommonHanzi, kCommon);
  return costs;
}

Costs japanese_costs() {
  Costs costs;
  costs.fill(kForeign);
  set_standard(costs, Set::jis_x_0208, [](unsigned first) { return bits_by_level(first, 0xCF); });
  set_range(costs, 0x3041, 0x30FE, kCommon);
  set_range(costs, 0xFF61, 0xFF9F, kHalfWidth);
  set_all(costs, kCommonKanji, kCommon);
  return costs;
}

Costs western_costs() {
  Costs costs;
  costs.fill(kSign);
  set_range(costs, 0xC0, 0xFE, kLetter);
  set_all(costs, U"×÷", kSign);
  set_all(costs, U"°µ±²³·©®’“”½", kMeasure);
  set_range(costs, 0x100, 0x17F, kRareLetter);
  set_range(costs, 0x1E00, 0x1EFF, kRareLetter);
  set_range(costs, 0x386, 0x3CE, kScriptLetter);  // Greek
  set_range(costs, 0x410, 0x44F, kScriptLetter);  // Cyrillic
  set_range(costs, 0x5D0, 0x6FF, kScriptLetter);  // Hebrew, Arabic
  set_range(costs, 0xE01, 0xE7F, kScriptLetter);  // Thai
  return costs;
}

/// Made once: 64 KiB each.
const Costs& costs_of(Language language) {
  static const Costs korean = korean_costs(), chinese = chinese_costs(), japanese = japanese_costs(),
                     western = western_costs();
  switch (language) {
    case Language::korean: return korean;
    case Language::chinese: return chinese;
    case Language::japanese: return japanese;
    default: return western;
  }
}

bool is_small(char32_t code) { return code >= 'a' && code <= 'z'; }
bool is_capital(char32_t code) { return code >= 'A' && code <= 'Z'; }
bool is_hangul(char32_t code) { return code >= 0xAC00 && code <= 0xD7A3; }
bool is_half_width(char32_t code) { return code >= 0xFF61 && code <= 0xFF9F; }
bool is_script(char32_t code) { return (code >= 0x370 && code <= 0x6FF) || (code >= 0xE00 && code <= 0xE7F); }
bool is_no_text(char32_t code) {
  return (code >= 0x80 && code < 0xA0) || (code >= 0xE000 && code <= 0xF8FF) || code == 0xFFFD;
}

int cost_of_neighbours_western(char32_t before, char32_t code, char32_t after) {
  constexpr int kBesideAnother = 4, kAlone = 4, kBeginsScript = 6, kScriptBesideLatin = 7;
  const int latin = int{is_small(before) || is_capital(before)} + int{is_small(after) || is_capital(after)};
  if (is_script(code)) return (is_script(before) ? 0 : kBeginsScript) + latin * kScriptBesideLatin;
  if (before >= 0x80) return kBesideAnother;
  const bool is_letter = code >= 0xC0 && code <= 0x17F;
  return is_letter && latin == 0 ? kAlone : 0;
}

int cost_of_neighbours(Language language, char32_t before, char32_t code, char32_t after) {
  if (language == Language::western) return cost_of_neighbours_western(before, code, after);
  constexpr int kBesideSmall = 8, kBesideCapital = 6, kBesideOtherScript = 6, kBeginsHalfWidth = 10;
  const auto beside = [](char32_t c) { return is_small(c) ? kBesideSmall : is_capital(c) ? kBesideCapital : 0; };
  const bool switches = language == Language::korean && before >= 0x80 && is_hangul(before) != is_hangul(code);
  const bool begins = language == Language::japanese && is_half_width(code) && !is_half_width(before);
  return beside(before) + beside(after) + (switches ? kBesideOtherScript : 0) + (begins ? kBeginsHalfWidth : 0);
}

}  // namespace

std::optional<int> cost_in(Language language, std::string_view utf8) {
  const Costs& costs = costs_of(language);
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  int total = 0;
  char32_t before = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    utf8proc_int32_t found = 0;
    const auto length = utf8proc_iterate(data + at, static_cast<utf8proc_ssize_t>(utf8.size() - at), &found);
    if (length <= 0) return std::nullopt;
    at += static_cast<std::size_t>(length);
    const auto code = static_cast<char32_t>(found);
    if (code >= 0x80) {
      if (is_no_text(code)) return std::nullopt;
      const char32_t after = at < utf8.size() ? static_cast<unsigned char>(utf8[at]) : U'\0';
      total += code < costs.size() ? costs[code] : kForeign;
      total += cost_of_neighbours(language, before, code, after);
    }
    before = code;
  }
  return total;
}

}  // namespace naru::dicom
