#include <algorithm>

#include "dicom/deidentify/descriptor_context.h"
#include "dicom/deidentify/descriptor_han_forms.h"
#include "dicom/deidentify/descriptor_hanja.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

// Those of kHanTitles that stand behind any name.
constexpr std::u32string_view kPoliteTitles[] = {U"様", U"殿"};
constexpr std::u32string_view kHanLabels[] = {U"氏名", U"姓名", U"患者名", U"患者姓名", U"患者氏名"};
// Anything behind these and a sign is a name; behind a space what begins with a common surname.
constexpr std::u32string_view kHanRoles[] = {
    U"患者",     U"担当",     U"担当医",   U"担当医師", U"主治医",   U"主治医師", U"主治医师", U"主治医生",
    U"主治醫師", U"主管医师", U"主管医生", U"依頼医",   U"依頼者",   U"報告者",   U"報告医",   U"报告者",
    U"报告医生", U"报告医师", U"读片医生", U"読影医",   U"検査者",   U"撮影者",   U"操作者",   U"審核醫師",
    U"审核医生", U"审核医师", U"检查医生", U"检查医师", U"申请医生", U"申请医师", U"医生",     U"醫生",
    U"医師",     U"医师",     U"醫師",     U"技師",     U"技师",     U"護士",     U"护士"};

// Common surnames of China and Japan. Of the first of these few words begin so; the second begin many.
constexpr std::u32string_view kPlainSurnames =
    U"王李张張刘劉陈陳杨楊赵趙吴吳徐孙孫朱胡郭林梁郑鄭罗羅宋谢謝唐韩韓曹邓鄧冯馮彭潘袁董苏蘇吕呂魏蒋蔣蔡杜丁沈姜傅钟鍾"
    U"卢盧汪崔陆陸廖姚邱谭譚韦韋贾賈邹鄒熊孟秦阎閻薛侯郝邵龚龔贺賀钱錢尹";
constexpr std::u32string_view kDoubtfulSurnames =
    U"高黄黃周何马馬许許曾程余叶葉方金白石田江范夏任于龙龍万萬段雷史毛康严嚴施顾顧洪";
constexpr std::u32string_view kDoubleSurnames[] = {U"欧阳", U"歐陽", U"司马", U"司馬", U"诸葛", U"諸葛",
                                                   U"上官", U"皇甫", U"令狐", U"慕容", U"尉迟", U"夏侯"};
constexpr std::u32string_view kJapaneseSurnames[] = {
    U"佐藤", U"鈴木",   U"高橋", U"田中", U"伊藤", U"渡辺", U"渡邊", U"山本", U"中村", U"小林", U"加藤", U"吉田",
    U"山田", U"佐々木", U"山口", U"松本", U"井上", U"木村", U"斎藤", U"齋藤", U"斉藤", U"清水", U"山崎", U"阿部",
    U"池田", U"橋本",   U"山下", U"石川", U"中島", U"前田", U"藤田", U"後藤", U"小川", U"岡田", U"村上", U"長谷川",
    U"近藤", U"石井",   U"坂本", U"遠藤", U"藤井", U"青木", U"福田", U"西村", U"太田", U"三浦", U"藤原", U"岡本",
    U"松田", U"中川",   U"中野", U"原田", U"小野", U"竹内", U"金子", U"和田", U"中山", U"石田", U"上田", U"森田"};
// Characters of usual given names: behind a surname that begins words as well.
constexpr std::u32string_view kGivenCharacters =
    U"伟偉芳娜敏静靜丽麗磊军軍洋勇艳艷杰傑娟涛濤明秀霞平刚剛桂英华華玉萍红紅玲芬燕彬凤鳳洁潔梅琳兰蘭云雲莲蓮荣榮爱愛妹"
    U"香月莺瑞佳嘉琼瓊勤珍贞貞莉婷慧颖瑶怡雪琴欣文志海波鹏鵬宇浩凯凱健俊帆宁寧林哲博轩雨泽梓涵小大少春生新民福德国國建"
    U"飞飛峰超晓曉";
// In words of illness, anatomy and examination, and in sentences; hardly in given names.
constexpr std::u32string_view kNotGiven =
    U"病症炎癌瘤痛血肿腫毒伤傷折疹热熱咳喘晕暈吐泻瀉糖压壓脑腦肝肾腎肺胸腹腰颈頸头頭眼耳鼻喉腿膝手足脚肩背胃肠腸骨部位"
    U"侧側检檢検查验驗影像扫掃术術诊診疗療氏征性度型级級期科院员員者师師医醫某女口音有无無在因行未已诉訴述与與和示见見"
    U"予做为為要后後前中时時日不能可需请請欲拟擬状狀液";
// Words that begin with the first of the surnames.
constexpr std::u32string_view kNoHanNames[] = {
    U"张力", U"張力", U"张嘴", U"孙子", U"孫子", U"苏醒", U"蘇醒", U"陆续", U"陸續", U"陈旧", U"陳舊",
    U"郑重", U"胡言", U"徐缓", U"徐緩", U"杜绝", U"谢绝", U"韩国", U"韓國", U"朱砂", U"唐筛", U"林立",
    U"姜黄", U"彭隆", U"杨梅", U"李子", U"李斯", U"张开", U"胡须", U"胡萝", U"苏打", U"林格", U"谢谢",
    U"徐动", U"钱币", U"丁酸", U"罗丹", U"陆军", U"董事", U"陈述", U"陳述"};

class HanContext {
 public:
  HanContext(const FoldedText& text, Removals& removals) : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind == TokenKind::han && !behind_glued_role(i)) name_at(i);
    }
  }

 private:
  /// "患者：王小明", "患者 王小明", "担当: 鈴木一郎", "氏名 山田太郎", "山田様", "佐藤先生", "陈大文医生"
  void name_at(std::size_t i) {
    constexpr std::size_t kShortest = 2, kLongest = 5;
    const std::u32string_view run = text_.folded(tokens_[i]);
    const auto* glued =
        std::ranges::find_if(kHanTitles, [&](std::u32string_view title) { return run.ends_with(title); });
    const bool is_glued = glued != std::end(kHanTitles);
    const std::u32string_view name = is_glued ? run.substr(0, run.size() - glued->size()) : run;
    if (name.size() < kShortest || name.size() > kLongest || is_known_word(name)) return;
    const std::u32string_view title = is_glued ? *glued : title_at(i + 1);
    const bool is_titled = !title.empty() && may_have_title(name, title);
    if (!is_titled && !is_labelled(i, name)) return;
    const std::uint32_t begin = tokens_[i].begin;
    removals_.push_back({begin, static_cast<std::uint32_t>(begin + name.size()), DescriptorReason::title});
  }

  /// "患者王小明胸部", "患者王伟": a name of two or three characters, or one that begins as those of Japan do, up to a
  /// known word.
  bool behind_glued_role(std::size_t i) {
    constexpr std::size_t kShortest = 2, kLongestJapanese = 5;
    const std::u32string_view run = text_.folded(tokens_[i]);
    for (const std::u32string_view role : kHanRoles) {
      if (!run.starts_with(role)) continue;
      const std::u32string_view rest = run.substr(role.size());
      for (std::size_t length = std::min(rest.size(), kLongestJapanese); length >= kShortest; --length) {
        const std::u32string_view name = rest.substr(0, length);
        const bool ends = length == rest.size() || is_known_word(rest.substr(length));
        if (!ends || is_known_word(name) || !is_usual_name(name)) continue;
        if (length == kShortest && !has_usual_given(name)) continue;
        const auto begin = static_cast<std::uint32_t>(tokens_[i].begin + role.size());
        removals_.push_back({begin, begin + static_cast<std::uint32_t>(length), DescriptorReason::title});
        return true;
      }
    }
    return false;
  }

  bool is_labelled(std::size_t i, std::u32string_view name) const {
    const std::u32string_view gap = text_.gap_before(i);
    if (i == 0 || gap.empty() || gap.size() > 3 || gap.find_first_not_of(U" :=/-") != gap.npos) return false;
    const std::u32string_view before = text_.folded(tokens_[i - 1]);
    if (is_one_of(before, kHanLabels)) return true;
    const bool has_sign = gap.find_first_of(U":=") != gap.npos;
    return is_one_of(before, kHanRoles) && (has_sign || (gap == U" " && is_usual_name(name)));
  }

  /// Of two characters, the first a surname that few words begin with: "王伟".
  static bool has_usual_given(std::u32string_view name) {
    return kPlainSurnames.find(name[0]) != kPlainSurnames.npos && kGivenCharacters.find(name[1]) != name.npos;
  }

  /// "高血压" and "张力" begin like names.
  static bool is_usual_name(std::u32string_view name) {
    constexpr std::size_t kLongestGiven = 2, kLongestJapanese = 3;
    const auto may_be_given = [](std::u32string_view given, std::size_t longest) {
      return given.size() <= longest && given.find_first_of(kNotGiven) == given.npos;
    };
    const auto begins = [&](std::u32string_view beginning) { return name.starts_with(beginning); };
    const auto* surname = std::ranges::find_if(kJapaneseSurnames, begins);
    if (surname != std::end(kJapaneseSurnames)) return may_be_given(name.substr(surname->size()), kLongestJapanese);
    if (std::ranges::any_of(kDoubleSurnames, begins)) {
      return name.size() > 2 && may_be_given(name.substr(2), kLongestGiven);
    }
    const std::u32string_view given = name.substr(1);
    if (kDoubtfulSurnames.find(name[0]) != kDoubtfulSurnames.npos) {
      return given.size() == kLongestGiven && given.find_first_not_of(kGivenCharacters) == given.npos;
    }
    return kPlainSurnames.find(name[0]) != kPlainSurnames.npos && may_be_given(given, kLongestGiven) &&
           std::ranges::none_of(kNoHanNames, begins);
  }

  /// Empty where token i is none, or no single space is before it.
  std::u32string_view title_at(std::size_t i) const {
    if (i >= tokens_.size() || text_.gap_before(i) != U" ") return {};
    const std::u32string_view word = text_.folded(tokens_[i]);
    return is_one_of(word, kHanTitles) ? word : std::u32string_view();
  }

  /// "内科先生" and "主治医生" name nobody; doctors have a surname that is known, or "専門医師" were one.
  static bool may_have_title(std::u32string_view name, std::u32string_view title) {
    constexpr std::u32string_view kNoNameEnds = U"科院医醫師师生当當者任長长";
    constexpr std::size_t kLongestTitled = 4, kLongestOfDoctor = 3;
    if (is_one_of(title, kPoliteTitles)) return true;
    if (name.size() > kLongestTitled || kNoNameEnds.find(name.back()) != name.npos) return false;
    if (title == U"先生") return true;
    const auto has_surname = [](std::u32string_view form) { return is_surname_hanja(form[0]); };
    return name.size() <= kLongestOfDoctor && (has_surname(name) || std::ranges::any_of(han_forms(name), has_surname));
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_han_by_context(const FoldedText& text, Removals& removals) { HanContext(text, removals).find(); }

}  // namespace naru::dicom
