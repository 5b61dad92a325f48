#include "dicom/dcmtk/character_cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace naru::dicom {
namespace {

constexpr std::array kLanguages = {Language::korean, Language::chinese, Language::japanese, Language::western};

Language cheapest(std::string_view text) {
  return *std::ranges::min_element(kLanguages, {}, [&](Language one) { return cost_in(one, text).value_or(1 << 20); });
}

TEST(CharacterCost, IsLeastInTheLanguageOfTheText) {
  for (const char* text : {"복부 조영증강", "똠방각하", "홍^길동", "洪^吉洞=홍^길동"}) {
    EXPECT_EQ(cheapest(text), Language::korean) << text;
  }
  for (const char* text : {"胸部平扫", "王^小明", "颅脑增强"}) EXPECT_EQ(cheapest(text), Language::chinese) << text;
  for (const char* text : {"やまだ", "ﾔﾏﾀﾞ^ﾀﾛｳ", "頭部単純撮影"}) EXPECT_EQ(cheapest(text), Language::japanese) << text;
  for (const char* text : {"Müßig", "45° µm", "Люксембург", "שרון", "สมชาย"}) {
    EXPECT_EQ(cheapest(text), Language::western) << text;
  }
}

TEST(CharacterCost, IsNothingForAscii) {
  for (const Language one : kLanguages) EXPECT_EQ(cost_in(one, "CT axial 5 mm"), 0);
}

TEST(CharacterCost, IsMoreWhereAWideCharacterStandsInALatinWord) {
  EXPECT_GT(*cost_in(Language::korean, "Gr秤e"), *cost_in(Language::korean, "秤"));
  EXPECT_GT(*cost_in(Language::korean, "복洪"), *cost_in(Language::korean, "복 洪"));
}

TEST(CharacterCost, IsNoneWhereACharacterIsOfNoText) {
  for (const char* text : {"\u0085", "\uE000", "\uFFFD", "\xFF"}) {
    for (const Language one : kLanguages) EXPECT_FALSE(cost_in(one, text));
  }
}

}  // namespace
}  // namespace naru::dicom
