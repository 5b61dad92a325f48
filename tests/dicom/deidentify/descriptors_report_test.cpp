// Long Korean reports without any name: nothing of them may go, whoever the patient is.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dicom/deidentify/descriptors.h"

namespace naru::dicom {
namespace {

constexpr const char* kSentences[] = {
    "흉부 CT 소견: 양측 폐야에 활동성 병변은 관찰되지 않으며 종격동 림프절 비대도 없습니다.",
    "우상엽 첨부에 약 8 mm 크기의 고음영 결절이 있고, 이전 검사와 비교하여 크기 변화는 없음.",
    "간 S6 분절에 1.2 cm 저음영 병변이 보이며, 단순 낭종으로 생각됩니다.",
    "담낭 내 결석은 관찰되지 않고 담관 확장의 소견도 없습니다. 췌장과 비장은 정상 범위입니다.",
    "양측 신장의 크기와 신호 강도는 정상이며, 수신증의 증거는 없습니다.",
    "요추 4-5번 추간판의 경도 팽윤이 있으나 신경근 압박 소견은 뚜렷하지 않습니다.",
    "이 수술 부위에 소량의 체액 저류가 있으며 수술 후 변화로 판단됩니다.",
    "심장 크기는 정상 범위이며 심낭 삼출은 없음. 이완기 기능 저하 가능성은 임상적 확인이 필요함.",
    "뇌실질 내 급성 경색이나 출혈의 증거는 없으며, 백질의 고신호 강도는 만성 허혈성 변화로 보임.",
    "한 아래쪽 폐야에서 선상 무기폐가 관찰되며, 흉수는 미약한 정도입니다.",
    "정중선 편위는 없고 뇌실의 크기도 연령에 비하여 정상적입니다.",
    "유리 조각이나 금속 이물은 보이지 않으며 연부조직 부종만 동반되어 있습니다.",
    "조영증강 후 동맥기에 강한 조영증강을 보이고 지연기에 씻김 현상이 있어 간세포암의 전형적인 소견입니다.",
    "전립선의 이행대 비대가 있으며 말초대에 뚜렷한 저신호 병변은 없습니다.",
    "좌측 유방 상외측에 불규칙한 모양의 종괴가 있으며 조직 검사를 권고합니다.",
    "갑상선 우엽에 5 mm 크기의 저에코 결절이 있고 경계는 비교적 명확하며 석회화는 동반되지 않음.",
    "주의 깊은 추적 관찰이 필요하며 3개월 후 초음파 검사를 시행하기 바랍니다.",
    "기존의 척추 고정 기구에 의한 인공물로 인해 평가가 제한적입니다.",
    "관절 내 유리체는 관찰되지 않고 전방십자인대의 연속성도 유지되어 있습니다.",
    "장간막 림프절의 경미한 비대가 있으나 특이 소견은 아닙니다. 충수는 정상 두께입니다.",
    "이상 소견 없음. 이전 영상과 비교하여 의미 있는 변화는 보이지 않습니다.",
    "최대 표준섭취계수(SUVmax)는 4.2로 증가되어 있으며 반응성 병변과의 감별이 필요합니다.",
    "양호한 위치의 중심정맥 도관이 확인되고 기흉은 없습니다.",
    "박리 소견은 없으며 하행 대동맥의 직경은 28 mm로 정상 범위임.",
    "성장판의 손상은 뚜렷하지 않으나 골수 부종이 의심되므로 임상 소견과의 상관관계가 필요합니다.",
    "이름 없는 작은 분지의 협착이 의심되고, 원인 동맥의 지정은 어렵습니다.",
    "진행성 병변의 가능성은 낮으나 6개월 후 재검을 요함.",
};

std::string report(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) {
    text += kSentences[i % std::size(kSentences)];
    text += i % 7 == 6 ? "\r\n" : " ";
  }
  return text;
}

TEST(DescriptorReport, LosesNoWordForANameInLatinLetters) {
  constexpr std::size_t kBytes = 20000;
  const std::string text = report(kBytes);
  for (const char* person :
       {"Kim^Min", "Lee^Su",  "Han^Ah",    "Park^Jin",   "Lee^Sang", "Shin^Ho",   "Kang^Do",   "Byun^Hwa",
        "Yang^Ho", "Jung^Do", "Yoo^Ri",    "Ki^Gu",      "Joo^Eui",  "Kim^Minji", "Lee^Susul", "Jung^Sang",
        "Jung^Ji", "Yoo Ji",  "Sung Jang", "LEE^SANGSO", "Baek^Jil", "Ko^Do",     "Cho^Jik",   "Jang^Ki"}) {
    const CleanedText cleaned = DescriptorCleaner({.person_names = {person}}, {}, {}).clean(text);
    EXPECT_TRUE(cleaned.removed_words.empty()) << person << ": " << cleaned.removed_words.front();
  }
}

TEST(DescriptorReport, StillFindsTheNameInHangul) {
  struct Row {
    const char *person, *text, *expected;
  };
  constexpr Row kRows[] = {
      {"Kim^Minji", "상기 환자 김민지 우상엽 결절", "상기 환자 우상엽 결절"},
      {"Kim^Minji", "김민지님의 흉부 소견", "님의 흉부 소견"},
      {"Lee^Su", "이수님 흉부 소견", "님 흉부 소견"},
      {"Lee^Su", "이수 환자 흉부 소견", "이수 환자 흉부 소견"},  // "이수" is a word as well
      {"Park^Jin", "박진 환자 흉부 소견", "환자 흉부 소견"},
      {"Park^Jin", "박진님 흉부 소견", "님 흉부 소견"},
      {"Park^Jin", "박진 흉부 소견", "흉부 소견"},
      {"Kang^Do", "강도님 흉부 소견", "님 흉부 소견"},
      {"Jung^Ji", "부위 지정", "부위 지정"},
      {"Jung^Ji", "지정님 부위", "님 부위"},
      {"Kang^Do", "신호 강도의 변화", "신호 강도의 변화"},
      {"Park^Jin", "흉부 박진감", "흉부 박진감"},
      {"Lee^Sangtae", "이 상태 유지", "이 상태 유지"},
      {"Lee^Sangtae", "이상태 환자", "환자"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(DescriptorCleaner({.person_names = {row.person}}, {}, {}).clean(row.text).text, row.expected)
        << row.person << ": " << row.text;
  }
}

}  // namespace
}  // namespace naru::dicom
