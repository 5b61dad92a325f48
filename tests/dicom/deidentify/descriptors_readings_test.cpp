// The header's names as other scripts, tones and cases have them.

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "dicom/deidentify/descriptors.h"
#include "tests/dicom/deidentify/cleaned_row.h"

namespace naru::dicom {
namespace {

using Row = test::CleanedRow;

TEST(DescriptorReadings, JapaneseNamesInEitherKanaAndInLatinLetters) {
  constexpr Row kAnyGroup[] = {
      {"ヤマダ タロウ 胸部", "胸部"},
      {"やまだたろう様 胸部", "様 胸部"},
      {"ﾔﾏﾀﾞﾀﾛｳ 胸部", "胸部"},
      {"やまださん 胸部", "さん 胸部"},
      {"ヤマダの胸部", "の胸部"},
      {"ヤマノ 胸部", "ヤマノ 胸部"},
      {"カテーテル 胸部", "カテーテル 胸部"},
      {"タロ芋", "タロ芋"},
  };
  for (const char* person :
       {"Yamada^Tarou=山田^太郎=やまだ^たろう", "=山田^太郎=ヤマダ^タロウ", "Yamada^Tarou", "YAMADA^TARO"}) {
    test::expect_cleaned_rows({.person_names = {person}}, kAnyGroup);
  }
  constexpr Row kKanaHeader[] = {
      {"YAMADA TARO chest", "chest"},
      {"Yamada Tarou chest", "chest"},
      {"Taroh Yamada chest", "chest"},
      {"Yamaha chest", "Yamaha chest"},
      {"Taro", ""},
  };
  test::expect_cleaned_rows({.person_names = {"=山田^太郎=やまだ^たろう"}}, kKanaHeader);
  constexpr Row kOther[] = {
      {"しんじょう じゅんいち 胸部", "胸部"},
      {"シンジョウジュンイチ 胸部", "胸部"},
      {"シンチ 胸部", "シンチ 胸部"},
  };
  test::expect_cleaned_rows({.person_names = {"Shinjo^Junichi"}}, kOther);
  constexpr Row kWords[] = {
      {"アミラーゼ 上昇", "アミラーゼ 上昇"},
      {"リンパ節", "リンパ節"},
      {"カラー 画像", "カラー 画像"},
      {"カト 胸部", "カト 胸部"},
      {"リン 3.5", "リン 3.5"},
      {"ガード 条件", "ガード 条件"},
  };
  test::expect_cleaned_rows({.person_names = {"Kato^Rin"}}, kWords);
  test::expect_cleaned_rows({.person_names = {"Ami^Ran"}}, kWords);
  constexpr Row kSite[] = {{"サイト 名", "サイト 名"}, {"サイトウ 胸部", "胸部"}};
  test::expect_cleaned_rows({.person_names = {"Saito^Ken"}}, kSite);
}

TEST(DescriptorReadings, PinyinJoinedAndWithTones) {
  constexpr Row kRows[] = {
      {"wangxiaoming", ""},   {"Wáng Xiǎomíng chest", "chest"},  {"wang2 xiao3ming2 chest", "chest"},
      {"WANG XiaoMing", ""},  {"Xiao-Ming Wang chest", "chest"}, {"Xiao Ming WANG", ""},
      {"T2 xiao", "T2 xiao"}, {"wang2d map", "2d map"},
  };
  test::expect_cleaned_rows({.person_names = {"Wang^Xiaoming=王^小明"}}, kRows);
  constexpr Row kUmlaut[] = {{"Lv Jing chest", "chest"},
                             {"LYU JING chest", "chest"},
                             {"Lü Jing chest", "chest"},
                             {"Lu Jing chest", "chest"},
                             {"LV function", "LV function"}};
  test::expect_cleaned_rows({.person_names = {"Lü^Jing"}}, kUmlaut);
}

TEST(DescriptorReadings, KoreanNamesAsMcCuneAndReischauerSpellThem) {
  constexpr Row kCheolsu[] = {
      {"KNEE Cholsu AX", "KNEE AX"},
      {"Chol-su knee", "knee"},
      {"CHOLSU", ""},
      {"Ch'ŏlsu knee", "knee"},
      {"Ch\u2019olsu knee", "knee"},
      {"Choulsou knee", "knee"},
      {"Tchoulsou Kim", ""},
      {"Chol Su Kim", ""},
      {"chole su", "chole su"},
      {"Cholesteatoma consult", "Cholesteatoma consult"},
  };
  test::expect_cleaned_rows({.person_names = {"=金^哲秀=김^철수"}}, kCheolsu);
  test::expect_cleaned_rows({.person_names = {"Kim^Chulsoo=金^哲秀=김^철수"}}, kCheolsu);
  constexpr Row kYeongho[] = {{"Yi Yongho chest", "chest"}, {"Yongho", ""}, {"Yi Yŏng-ho", ""}};
  test::expect_cleaned_rows({.person_names = {"=李^永鎬=이^영호"}}, kYeongho);
  constexpr Row kJeonghui[] = {{"Chonghui chest", "chest"}, {"Pak Chonghui", ""}, {"PAK CHŎNG-HŬI", ""}};
  test::expect_cleaned_rows({.person_names = {"=朴^正熙=박^정희"}}, kJeonghui);
  constexpr Row kByeonggap[] = {{"Cho Pyonggap chest", "chest"}, {"Pyŏng-gap Cho", ""}, {"PYONGGAP", ""}};
  test::expect_cleaned_rows({.person_names = {"=趙^炳甲=조^병갑"}}, kByeonggap);
  constexpr Row kOthers[] = {
      {"Song Sonyong chest", "chest"}, {"Pyon Hyongjun", ""}, {"son of Kim", "son of"}, {"song", ""}};
  test::expect_cleaned_rows({.person_names = {"=成^善英=성^선영", "=卞^炯俊=변^형준"}}, kOthers);
}

TEST(DescriptorReadings, LettersThatLatinAlphabetsOfOtherCountriesLack) {
  struct Name {
    const char* person;
    std::vector<Row> rows;
  };
  const Name kNames[] = {
      {"Þorsteinsdóttir^Guðrún", {{"Thorsteinsdottir Gudrun knee", "knee"}, {"ÞORSTEINSDÓTTIR", ""}}},
      {"Thorsteinsdottir^Gudrun", {{"Þorsteinsdóttir Guðrún knee", "knee"}, {"THORSTEINSDOTTIR", ""}}},
      {"Æbeltoft^Søren", {{"Aebeltoft Soeren knee", "knee"}, {"AEBELTOFT", ""}, {"ÆBELTOFT Soren", ""}}},
      {"Aebeltoft^Soeren", {{"Æbeltoft Søren knee", "knee"}, {"Søren", ""}}},
      {"Kjærgaardsen^Åse", {{"Kjaergaardsen Aase", ""}, {"Kjærgårdsen Ase", ""}, {"KJAERGARDSEN knee", "knee"}}},
      {"Kjaergaardsen^Aase", {{"Kjærgårdsen Åse", ""}, {"Kjærgaardsen knee", "knee"}}},
      {"Œuvrardin^Cœurette", {{"Oeuvrardin Coeurette", ""}, {"OEUVRARDIN knee", "knee"}}},
      {"Oeuvrardin^Coeurette", {{"Œuvrardin Cœurette", ""}}},
      {"Đorđevićanin^Đurđa", {{"Djordjevicanin Djurdja", ""}, {"Dordevicanin Durda", ""}}},
      {"Djordjevicanin^Djurdja", {{"Đorđevićanin Đurđa", ""}, {"DORDEVICANIN", ""}}},
      {"Bjoernebraaten^O", {{"Bjørnebråten knee", "knee"}, {"Bjørnebraaten", ""}, {"Bjoernebraten", ""}}},
      {"Bjørnebråten^Øyvind", {{"Bjornebraaten Oyvind", ""}, {"Bjoernebraten Oeyvind", ""}}},
      {"Maas^Saar", {{"mAs 200 SAR 0.5", "mAs 200 SAR 0.5"}, {"Maas knee", "knee"}}},
      {"Haas^Maar", {{"has fluid, MAR on", "has fluid, MAR on"}, {"œdème fœtus", "œdème fœtus"}}},
  };
  for (const Name& name : kNames) test::expect_cleaned_rows({.person_names = {name.person}}, name.rows);
}

TEST(DescriptorReadings, RussianNamesInTheirCases) {
  constexpr Row kRows[] = {
      {"КТ Иванова", "КТ"},
      {"КТ Ивановым", "КТ"},
      {"Иванову назначено", "назначено"},
      {"пациентка Иванова КТ", "пациентка КТ"},
      {"о Петре Иванове", "о"},
      {"иванов", ""},
      {"КТ органов", "КТ органов"},
      {"Петрификаты", "Петрификаты"},
  };
  test::expect_cleaned_rows({.person_names = {"Иванов^Пётр"}}, kRows);
  constexpr Row kWoman[] = {{"КТ Ивановой Анны", "КТ"}, {"Иванову КТ", "КТ"}, {"Ивановских", "Ивановских"}};
  test::expect_cleaned_rows({.person_names = {"Иванова^Анна"}}, kWoman);
  constexpr Row kAdjective[] = {{"КТ Петровского", "КТ"}, {"Петровской КТ", "КТ"}, {"Петровскому", ""}};
  test::expect_cleaned_rows({.person_names = {"Петровский^Олег"}}, kAdjective);
}

}  // namespace
}  // namespace naru::dicom
