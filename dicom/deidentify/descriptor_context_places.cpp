#include <algorithm>

#include "dicom/deidentify/descriptor_context.h"
#include "dicom/deidentify/descriptor_romanisation.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

// Around these, words that are no words of the vocabulary name a place.
constexpr std::u32string_view kKinds[] = {U"hospital",
                                          U"hospitals",
                                          U"hosp",
                                          U"clinic",
                                          U"clinics",
                                          U"klinik",
                                          U"klinikum",
                                          U"krankenhaus",
                                          U"spital",
                                          U"hopital",
                                          U"ospedale",
                                          U"szpital",
                                          U"infirmary",
                                          U"ziekenhuis",
                                          U"universitatsklinikum",
                                          U"universitatsspital",
                                          U"university",
                                          U"clinique",
                                          U"clinica",
                                          U"policlinico",
                                          U"hospice",
                                          U"sanatorium",
                                          U"szpitala"};
constexpr std::u32string_view kPlaceVerbs[] = {U"performed", U"done",  U"acquired", U"scanned",  U"imaged", U"examined",
                                          U"obtained",  U"taken", U"seen",     U"admitted", U"exam",   U"examination",
                                          U"study",     U"scan",  U"imaging",  U"treated",  U"located"};

constexpr std::u32string_view kTransfers[] = {U"transferred", U"transfer", U"transported", U"referred", U"discharged"};

class PlaceContext {
 public:
  PlaceContext(const FoldedText& text, Removals& removals) : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!tokens_[i].is_letters()) continue;
      const std::u32string_view word = text_.folded(tokens_[i]);
      if (word == U"at" && i > 0 && is_one_of(text_.folded(tokens_[i - 1]), kPlaceVerbs)) behind_at(i + 1);
      if (word == U"from" && i > 0 && is_one_of(text_.folded(tokens_[i - 1]), kTransfers)) behind_at(i + 1);
      if (is_saints(i)) remove(i, end_of_saints(i));
      if (tokens_[i].is_raised() && (is_one_of(word, kKinds) || is_centre(i, word))) around_kind(i);
    }
  }

 private:
  bool joins(std::size_t i) const {
    if (i >= tokens_.size()) return false;
    const std::u32string_view gap = text_.gap_before(i);
    return gap.size() <= 2 && gap.find_first_not_of(U" -.'_\u2019") == std::u32string_view::npos;
  }
  bool is_filler(std::size_t i) const { return (word_flags(tokens_[i].hash) & kInstitutionFiller) != 0; }
  bool is_kind(std::size_t i) const { return (word_flags(tokens_[i].hash) & kInstitution) != 0; }
  bool is_unknown(std::size_t i) const {
    return tokens_[i].is_raised() && tokens_[i].length >= 2 && !is_known_word(text_.folded(tokens_[i]));
  }
  bool is_saint(std::size_t i) const {
    constexpr std::u32string_view kSaints[] = {U"st", U"saint", U"sankt", U"san", U"santa", U"sainte", U"ste", U"sant"};
    return is_one_of(text_.folded(tokens_[i]), kSaints);
  }
  /// "Saint-Louis", "St. Georg"; "ST ELEVATION" is none.
  bool is_saint_before_name(std::size_t i) const {
    if (!is_saint(i) || i + 1 >= tokens_.size() || !joins(i + 1) || !tokens_[i].is_raised()) return false;
    const bool is_name = (word_flags(tokens_[i + 1].hash) & (kKnownName | kAlsoName)) != 0;
    return tokens_[i + 1].is_raised() && (is_name || is_unknown(i + 1));
  }
  /// "St. David's"
  bool is_saints(std::size_t i) const {
    constexpr std::u32string_view kThings[] = {U"fire", U"dance", U"disease", U"wort"};
    if (!is_saint(i) || !tokens_[i].is_raised() || i + 1 >= tokens_.size() || !joins(i + 1)) return false;
    const bool is_thing = i + 2 < tokens_.size() && is_one_of(text_.folded(tokens_[i + 2]), kThings);
    return tokens_[i + 1].is_raised() && !possessive_stem(text_.folded(tokens_[i + 1])).empty() && !is_thing;
  }
  /// "St. John's Memorial": with the words of its kind.
  std::size_t end_of_saints(std::size_t i) const {
    constexpr std::u32string_view kOfNames[] = {U"memorial", U"general", U"regional", U"community"};
    std::size_t end = i + 2;
    while (joins(end) && (is_kind(end) || is_one_of(text_.folded(tokens_[end]), kOfNames))) ++end;
    return end;
  }
  /// "Brigham and Women's Hospital"
  bool is_link(std::size_t i) const {
    return i > 0 && text_.folded(tokens_[i]) == U"and" && joins(i) && is_unknown(i - 1) && !tokens_[i].is_raised();
  }
  /// "Medical Center": a centre alone is one of imaging as well.
  bool is_centre(std::size_t i, std::u32string_view word) const {
    if ((word != U"center" && word != U"centre" && word != U"ctr") || i == 0 || !joins(i)) return false;
    const std::u32string_view before = text_.folded(tokens_[i - 1]);
    return before == U"medical" || before == U"cancer" || before == U"health";
  }
  void remove(std::size_t first, std::size_t end) {
    removals_.push_back({tokens_[first].begin, tokens_[end - 1].end, DescriptorReason::place});
  }

  /// "Performed at St. Mary's Hospital"
  void behind_at(std::size_t first) {
    constexpr std::size_t kMostWords = 8;
    bool is_named = false;
    std::size_t end = first;
    for (std::size_t i = first; i < tokens_.size() && i < first + kMostWords && joins(i); ++i) {
      const bool is_small_filler = is_filler(i) && !tokens_[i].is_raised() && i > first;
      if (!tokens_[i].is_raised() && !is_small_filler) break;
      if (is_unknown(i)) is_named = true;
      const bool belongs = is_unknown(i) || is_kind(i) || (is_filler(i) && i > first && tokens_[i].is_raised());
      if (is_kind(i) && i > first) is_named = true;
      if (belongs) end = i + 1;
      if (!belongs && !is_filler(i) && !is_saint(i) && is_named) break;
    }
    if (is_named && end > first) remove(first, end);
  }

  /// "Mercy General Hospital", "University of Oslo"
  void around_kind(std::size_t i) {
    constexpr std::size_t kMostWords = 5;
    std::size_t first = i, end = i + 1;
    bool is_named = false;
    std::size_t named_from = i;
    while (first > 0 && i - first < kMostWords && joins(first)) {
      if (is_link(first - 1)) {
        --first;
        continue;
      }
      if (!tokens_[first - 1].is_raised()) break;
      // "Women's Hospital", "St. Mary's"
      const bool is_owner = !possessive_stem(text_.folded(tokens_[first - 1])).empty();
      const bool is_name =
          is_unknown(first - 1) || is_saint(first - 1) || (is_owner && first >= 2 && is_saint(first - 2));
      if (!is_name && !is_owner && !is_filler(first - 1) && !is_kind(first - 1)) break;
      --first;
      if (is_name || is_owner) named_from = first;
      is_named = is_named || is_name;
    }
    // Behind it: "of" or the like, then the name.
    std::size_t k = end;
    bool has_link = false;
    for (; k < tokens_.size() && k < i + kMostWords && joins(k); ++k) {
      if (is_saint_before_name(k)) {
        is_named = true;
        end = ++k + 1;
        continue;
      }
      const bool is_link = is_filler(k) && tokens_[k].token_case == TokenCase::lower;
      has_link = has_link || is_link;
      if (is_unknown(k) && (has_link || tokens_[k].token_case == TokenCase::capitalised || is_named)) {
        is_named = true;
        end = k + 1;
      } else if (!is_link && !is_kind(k)) {
        break;
      } else if (is_kind(k) && is_named) {
        end = k + 1;
      }
    }
    if (is_named) remove(named_from, end);
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

constexpr std::u32string_view kHangulKinds[] = {U"대학교의료원", U"대학교병원", U"대학병원", U"의료원",
                                                U"한방병원",     U"요양병원",   U"대병원",   U"병원",
                                                U"한의원",       U"의원",       U"대학교",   U"보건소"};
// Before "병원" these name no certain one.
constexpr std::u32string_view kGeneral[] = {
    U"타",   U"본",   U"외부", U"대학", U"종합", U"지역",   U"협력", U"인근", U"해당", U"동네",     U"개인",
    U"요양", U"한방", U"국립", U"시립", U"군",   U"전",     U"이전", U"다른", U"상급", U"상급종합", U"일반",
    U"전문", U"모",   U"원",   U"의뢰", U"전원", U"연고지", U"사립", U"국립", U"의과"};
// Hospitals by themselves: "강남세브란스"
constexpr std::u32string_view kHospitals[] = {U"세브란스"};
// After a name, without or with a space; longer ones before what they end with.
constexpr std::u32string_view kTitles[] = {U"환자분",   U"환자",   U"교수님", U"교수", U"선생님", U"선생", U"의사",
                                           U"과장님",   U"과장",   U"원장님", U"원장", U"박사",   U"기사", U"간호사",
                                           U"방사선사", U"전공의", U"전문의", U"실장", U"팀장",   U"님",   U"씨"};
// Those behind a surname alone.
constexpr std::u32string_view kFormalTitles[] = {U"교수님", U"교수", U"선생님", U"선생", U"과장님", U"과장",
                                                 U"원장님", U"원장", U"박사",   U"실장", U"팀장",   U"씨"};
// Before a name.
constexpr std::u32string_view kPlaceLabels[] = {
    U"환자", U"환자명", U"환자이름", U"성명",     U"이름",   U"의사",   U"담당의", U"담당",    U"주치의", U"판독의",
    U"판독", U"의뢰의", U"시행자",   U"검사자",   U"촬영자", U"판독자", U"보호자", U"기사",    U"교수",   U"원장",
    U"산모", U"수진자", U"피검자",   U"방사선사", U"간호사", U"전공의", U"전문의", U"촬영기사"};
// Departments before a doctor, and who is called by the mother's name: beside a name that cannot be a word.
constexpr std::u32string_view kDepartments[] = {U"내과",         U"외과",       U"산부인과",  U"산과",   U"소아과",
                                                U"소아청소년과", U"정형외과",   U"신경외과",  U"신경과", U"흉부외과",
                                                U"비뇨기과",     U"비뇨의학과", U"안과",      U"피부과", U"영상의학과",
                                                U"응급의학과",   U"가정의학과", U"이비인후과"};
// Behind one surname they name a clinic: "김안과", "이치과".
constexpr std::u32string_view kClinicKinds[] = {
    U"안과",       U"내과",     U"외과",     U"소아과",       U"치과",     U"피부과",     U"산부인과",
    U"이비인후과", U"정형외과", U"신경외과", U"성형외과",     U"비뇨기과", U"비뇨의학과", U"신경과",
    U"정신과",     U"의원",     U"한의원",   U"소아청소년과", U"여성의원", U"영상의학과", U"가정의학과"};
constexpr std::u32string_view kClinicParticles[] = {U"",   U"에서",   U"에",   U"의",   U"로", U"으로",
                                                    U"측", U"에서의", U"병원", U"의원", U"은", U"는"};
// Behind a name of two syllables or more; not "치과" and "신경과", which are "value and" and "nerve and", too.
constexpr std::u32string_view kNamedClinicKinds[] = {
    U"정형외과",   U"신경외과",   U"성형외과", U"이비인후과", U"산부인과",     U"비뇨기과",
    U"비뇨의학과", U"영상의학과", U"소아과",   U"가정의학과", U"소아청소년과", U"재활의학과",
    U"피부과",     U"안과",       U"내과",     U"외과",       U"통증의학과"};
// Before a department they name a branch of it.
constexpr std::u32string_view kBranches[] = {
    U"소화기", U"순환기", U"호흡기", U"내분비", U"대사", U"감염", U"류마티스", U"알레르기", U"알러지", U"노년",
    U"통합",   U"입원",   U"간담췌", U"간이식", U"이식", U"대장", U"항문",     U"유방",     U"갑상선", U"혈관",
    U"소아",   U"외상",   U"중환자", U"두경부", U"수부", U"족부", U"척추",     U"미세",     U"재건",   U"심장",
    U"뇌",     U"여성",   U"부인",   U"위장관", U"위장", U"상부", U"하부",     U"일반",     U"진료",   U"응급",
    U"암",     U"정상",   U"반대",   U"양쪽",   U"좌우", U"혈액", U"종양",     U"신장",     U"류마",   U"면역",
    U"영상",   U"임상",   U"담당",   U"의뢰",   U"당직", U"협진", U"외래",     U"과거"};
// Doctors in training, also "R1", "PGY-3" and "2년차".
constexpr std::u32string_view kTrainees[] = {U"인턴", U"레지던트", U"펠로우", U"전임의", U"수련의", U"년차"};
// What a doctor does: behind a name.
constexpr std::u32string_view kDuties[] = {U"당직", U"확인", U"판독", U"의뢰", U"협진", U"오더", U"처방",
                                           U"작성", U"입력", U"전화", U"연락", U"호출", U"드림", U"당직의"};
constexpr std::u32string_view kKin[] = {U"애기", U"아기", U"산모", U"신생아", U"보호자"};
constexpr std::u32string_view kNameLabels[] = {U"환자명", U"환자이름", U"성명", U"이름", U"수진자명", U"피검자명"};
// Words, not names, end so.
constexpr std::u32string_view kWordEndings[] = {
    U"암",   U"염",   U"증", U"병", U"통", U"종",   U"술",   U"부전", U"경색", U"출혈", U"골절", U"질환",
    U"검사", U"촬영", U"중", U"됨", U"된", U"될",   U"히",   U"후",   U"시",   U"용",   U"대",   U"점",
    U"등",   U"함",   U"된", U"할", U"적", U"부위", U"상태", U"관",   U"부",   U"제",   U"예정"};

// Who signs, behind a sign, before a name of the commonest kind.
constexpr std::u32string_view kSigners[] = {U"확인", U"확인자", U"서명", U"작성", U"작성자", U"보고자", U"승인자"};

// Surnames of most people, and the syllables of most given names: what a name without a title must be made of.
constexpr std::u32string_view kCommonSurnames =
    U"김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차우구민나진엄채원천방공현";
constexpr std::u32string_view kGivenSyllables =
    U"가강건겸경계관광교국권규균근기길나남다대덕도동두라란래려련렬령례로록룡리린림만명모무묵문미민배백범별병보복봉빈상"
    U"서석선설섭성세소"
    U"솔송수숙순슬승시식신아안애양언연열영예오옥완요용우욱운웅원위유윤율은을음의이익인일임자장재전정제조종주준중지진찬"
    U"창채천철청초춘충"
    U"치태택표필하학한해행향헌혁현협형혜호홍화환회효후훈휘흥희";

class KoreanContext {
 public:
  KoreanContext(const FoldedText& text, Removals& removals)
      : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind != TokenKind::hangul || tokens_[i].length > kLongestRun) continue;
      const std::u32string_view run = text_.folded(tokens_[i]);
      // Some surnames are words as well ("김").
      if (institution(i, run) || (run.size() > 1 && is_known_word(run))) continue;
      if (glued_title(i, run)) continue;
      const bool has_title = is_title_at(i + 1) && is_name(run, title_at(i + 1));
      if (has_title || (is_name(run, U"환자") && is_person_at(text_, i + 1)) || is_aged_name(i, run) ||
          is_beside_telling_word(i, run))
        remove(i, run.size(), DescriptorReason::title);
      else if (!behind_label(i, run))
        behind_name_label(i, run);
    }
  }

 private:
  static constexpr std::size_t kLongestRun = 24;

  void remove(std::size_t i, std::size_t length, DescriptorReason reason) {
    removals_.push_back({tokens_[i].begin, static_cast<std::uint32_t>(tokens_[i].begin + length), reason});
  }

  /// A full name of two to four syllables, or a surname before a formal title.
  static bool is_name(std::u32string_view word, std::u32string_view title) {
    if (word.size() == 1) return is_korean_surname(word) && is_one_of(title, kFormalTitles);
    if (word.size() > 4 || word.size() < 2 || is_known_word(word)) return false;
    if (word.size() == 2 && title != U"님" && title != U"씨" && !is_one_of(title, kFormalTitles)) return false;
    const std::size_t surname = surname_length(word);
    if (!is_korean_surname(word.substr(0, surname)) || (word.size() == 4 && surname != 2)) return false;
    // "호흡한", "고정해": a known word made a verb.
    const bool is_verb = std::u32string_view(U"한해할").find(word.back()) != std::u32string_view::npos &&
                         is_known_word(word.substr(0, word.size() - 1));
    if (is_verb) return false;
    return std::none_of(std::begin(kWordEndings), std::end(kWordEndings),
                        [&](std::u32string_view ending) { return word.ends_with(ending); });
  }

  /// "김철수(45)": a common name and nothing but an age in brackets. Numbers stand so behind words of measure as well.
  bool is_aged_name(std::size_t i, std::u32string_view run) const {
    constexpr std::int64_t kOldest = 120;
    const bool has_age = i + 1 < tokens_.size() && tokens_[i + 1].is_number() && tokens_[i + 1].length <= 3 &&
                         (text_.gap_before(i + 1) == U"(" || text_.gap_before(i + 1) == U" (") &&
                         text_.gap_before(i + 2).starts_with(U')') && text_.number(tokens_[i + 1]) <= kOldest;
    return has_age && is_common_name(run);
  }

  /// A usual surname and given name, of which nothing is a word.
  static bool is_common_name(std::u32string_view run) {
    return may_be_common_name(run) && !is_known_word(run.substr(0, 2)) && !is_known_word(run.substr(1));
  }
  static bool may_be_common_name(std::u32string_view run) {
    return run.size() == 3 && kCommonSurnames.find(run[0]) != run.npos && is_name(run, U"환자") &&
           run.substr(1).find_first_not_of(kGivenSyllables) == run.npos;
  }

  /// "내과 박상철", "김영희 아기"
  bool is_beside_telling_word(std::size_t i, std::u32string_view run) const {
    const bool is_behind =
        i > 0 && text_.gap_before(i) == U" " && is_one_of(text_.folded(tokens_[i - 1]), kDepartments);
    const bool is_before =
        i + 1 < tokens_.size() && text_.gap_before(i + 1) == U" " && is_one_of(text_.folded(tokens_[i + 1]), kKin);
    if ((is_behind || is_before || is_behind_kin(i)) && is_common_name(run)) return true;
    // "2년차 안정기" is of a treatment: what a doctor does tells names of which a part is a word.
    const bool has_duty =
        i + 1 < tokens_.size() && text_.gap_before(i + 1) == U" " && is_one_of(text_.folded(tokens_[i + 1]), kDuties);
    return is_behind_training(i) && (is_common_name(run) || (has_duty && may_be_common_name(run)));
  }

  /// "인턴 박상철", "2년차 유아인", "R1 송중기", "PGY-3 김철수"
  bool is_behind_training(std::size_t i) const {
    if (i == 0 || text_.gap_before(i) != U" ") return false;
    if (is_one_of(text_.folded(tokens_[i - 1]), kTrainees)) return true;
    constexpr std::int64_t kLastYear = 7;
    const Token& year = tokens_[i - 1];
    if (i < 2 || !year.is_number() || year.length != 1 || text_.number(year) < 1 || text_.number(year) > kLastYear)
      return false;
    const std::u32string_view word = text_.folded(tokens_[i - 2]), gap = text_.gap_before(i - 1);
    const bool is_resident = word == U"r" && tokens_[i - 2].token_case == TokenCase::upper && gap.empty();
    return (is_resident && !tokens_[i - 2].is_glued) || (word == U"pgy" && (gap.empty() || gap == U"-" || gap == U" "));
  }

  /// "보호자(남편) 김철수"
  bool is_behind_kin(std::size_t i) const {
    constexpr std::u32string_view kRelatives[] = {U"남편", U"아내", U"부인", U"배우자", U"아버지", U"어머니", U"부",
                                                  U"모",   U"아들", U"딸",   U"형",     U"누나",   U"동생",   U"자녀"};
    return i >= 2 && text_.gap_before(i) == U") " && text_.gap_before(i - 1) == U"(" &&
           is_one_of(text_.folded(tokens_[i - 1]), kRelatives);
  }

  bool is_title_at(std::size_t i) const { return !title_at(i).empty(); }
  std::u32string_view title_at(std::size_t i) const {
    if (i >= tokens_.size() || tokens_[i].kind != TokenKind::hangul || text_.gap_before(i) != U" ") return {};
    const std::u32string_view word = text_.folded(tokens_[i]);
    for (const std::u32string_view title : kTitles) {
      // A particle may follow: "환자의".
      constexpr std::u32string_view kLongParticles[] = {U"에게", U"께서", U"한테", U"에서", U"으로"};
      if (!word.starts_with(title)) continue;
      const std::u32string_view rest = word.substr(title.size());
      if (rest.size() <= 1 || is_one_of(rest, kLongParticles)) return title;
    }
    return {};
  }

  /// "홍길동님", "김교수님"
  bool glued_title(std::size_t i, std::u32string_view run) {
    for (const std::u32string_view title : kTitles) {
      const std::size_t at = run.rfind(title);
      if (at == std::u32string_view::npos || at == 0 || at + title.size() + 1 < run.size()) continue;
      // "부모님", "호박씨", "위원장" are words: what is glued needs a full name, or a surname before a title of
      // respect.
      const bool is_respectful = title.starts_with(U"교수") || title.starts_with(U"선생") || title == U"과장님" ||
                                 title == U"원장님" || title == U"과장";
      if (at == 2 || (at == 1 && !is_respectful) || !is_name(run.substr(0, at), title)) continue;
      remove(i, at, DescriptorReason::title);
      return true;
    }
    return false;
  }

  /// "환자명: 홍길동", "판독의 김철수"
  bool behind_label(std::size_t i, std::u32string_view run) {
    if (i == 0 || !is_label_gap(i)) return false;
    const std::u32string_view label = text_.folded(tokens_[i - 1]);
    const bool is_person = is_one_of(label, kPlaceLabels) && is_name(run, has_sign(i) ? U"님" : U"환자");
    const bool is_signer = has_sign(i) && is_one_of(label, kSigners) && is_common_name(run);
    if (!is_person && !is_signer) return false;
    remove(i, run.size(), DescriptorReason::title);
    return true;
  }

  /// Behind what only a name follows, and behind "환자:" one in syllables, also one whose surname is rare, or in
  /// syllables: "환자명: 을지문덕", "성명: 김 철 수"
  void behind_name_label(std::size_t i, std::u32string_view run) {
    constexpr std::size_t kLongest = 4;
    if (i == 0 || !is_label_gap(i)) return;
    const bool is_spelt_patient = text_.folded(tokens_[i - 1]) == U"환자" && has_sign(i) && is_korean_surname(run);
    if (!is_one_of(text_.folded(tokens_[i - 1]), kNameLabels) && !(is_spelt_patient && run.size() == 1)) return;
    if (!has_sign(i) && text_.folded(tokens_[i - 1]) == U"이름") return;  // "이름 없는 조직": of things as well
    std::size_t end = i + 1, length = run.size();
    if (run.size() == 1) {
      while (end < tokens_.size() && tokens_[end].kind == TokenKind::hangul && text_.gap_before(end) == U" " &&
             length + tokens_[end].length <= kLongest && (tokens_[end].length == 1 || end == i + 1)) {
        length += tokens_[end++].length;
      }
    }
    if (length < 2 || length > kLongest || is_known_word(text_.folded(tokens_[end - 1]))) return;
    removals_.push_back({tokens_[i].begin, tokens_[end - 1].end, DescriptorReason::title});
  }

  bool has_sign(std::size_t i) const { return text_.gap_before(i).find_first_of(U":=") != std::u32string_view::npos; }
  bool is_label_gap(std::size_t i) const {
    const std::u32string_view gap = text_.gap_before(i);
    return !gap.empty() && gap.size() <= 3 && gap.find_first_not_of(U" :=/-") == std::u32string_view::npos;
  }

  /// "한빛병원", "김안과"
  bool institution(std::size_t i, std::u32string_view run) {
    for (const std::u32string_view hospital : kHospitals) {
      const std::size_t at = run.find(hospital);
      if (at == std::u32string_view::npos) continue;
      const std::u32string_view rest = run.substr(at + hospital.size());
      const bool has_kind = !rest.empty() && std::any_of(std::begin(kHangulKinds), std::end(kHangulKinds),
                                                         [&](std::u32string_view kind) { return rest == kind; });
      remove(i, has_kind ? run.size() : at + hospital.size(), DescriptorReason::place);
      return true;
    }
    if (const std::size_t length = std::max(length_of_clinic(run), length_of_named_clinic(run)); length > 0) {
      remove(i, length, DescriptorReason::place);
      return true;
    }
    for (const std::u32string_view kind : kHangulKinds) {
      const std::size_t at = run.find(kind);
      if (at == std::u32string_view::npos || at < 2) continue;
      const std::u32string_view stem = run.substr(0, at);
      if (is_one_of(stem, kGeneral) || is_known_word(stem)) return false;
      remove(i, at + kind.size(), DescriptorReason::place);
      return true;
    }
    return false;
  }

  /// "김안과에서": surname and department. Surnames that make another word with one are none: "우안과 좌안" (eyes),
  /// "손외과" (hand), "신내과" (kidney), "전내과" (of before).
  static std::size_t length_of_clinic(std::u32string_view run) {
    constexpr std::u32string_view kOwners = U"김이박최정강조윤장임한오서권황안송류홍고문백허남곽차민엄채";
    if (run.size() < 3 || kOwners.find(run[0]) == run.npos || run.starts_with(U"한의원") || is_known_word(run))
      return 0;
    for (const std::u32string_view kind : kClinicKinds) {
      if (!run.substr(1).starts_with(kind)) continue;
      const std::u32string_view rest = run.substr(1 + kind.size());
      if (!is_one_of(rest, kClinicParticles)) continue;
      const bool has_kind = rest == U"병원" || rest == U"의원";
      return has_kind ? run.size() : 1 + kind.size();
    }
    return 0;
  }

  /// "밝은안과에서": what no word and no branch is before a department names a clinic.
  static std::size_t length_of_named_clinic(std::u32string_view run) {
    constexpr std::size_t kShortestStem = 2, kLongestStem = 8;
    constexpr std::u32string_view kWordsWithKinds = U"동방불제초편안실국체예해";  // "치료 방안과", "제외과"
    for (const std::u32string_view kind : kNamedClinicKinds) {
      const std::size_t at = run.find(kind);
      if (at < kShortestStem || at > kLongestStem) continue;
      const std::size_t end = at + kind.size();
      const std::u32string_view stem = run.substr(0, at), rest = run.substr(end);
      const bool ends = is_one_of(rest, kClinicParticles) || is_known_word(rest);
      if (!ends || kWordsWithKinds.find(stem.back()) != kWordsWithKinds.npos) continue;
      if (is_known_word(run.substr(0, end)) || is_of_branches(stem)) continue;
      return rest == U"병원" || rest == U"의원" ? run.size() : end;
    }
    return 0;
  }

  /// "소화기", "혈액종양", "상부위장관": words and branches alone.
  static bool is_of_branches(std::u32string_view stem) {
    const auto is_one = [](std::u32string_view word) {
      return is_known_word(word) || is_one_of(word, kBranches) || is_one_of(word, kGeneral);
    };
    if (is_one(stem)) return true;
    for (std::size_t n = 1; n < stem.size(); ++n) {
      if (is_one(stem.substr(0, n)) && is_of_branches(stem.substr(n))) return true;
    }
    return false;
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_places_by_context(const FoldedText& text, Removals& removals) { PlaceContext(text, removals).find(); }

void find_korean_by_context(const FoldedText& text, Removals& removals) { KoreanContext(text, removals).find(); }

}  // namespace naru::dicom
