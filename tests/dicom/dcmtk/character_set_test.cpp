// Bytes of the standard's own examples (PS3.5 annexes H, I, J, K) and of the character sets' code tables, with their
// texts in Unicode; DCMTK decodes the sound ones as well, independently.

#include "dicom/dcmtk/character_set.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first in every DCMTK program.
#include <dcmtk/dcmdata/dcspchrs.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace naru::dicom {
namespace {

struct Example {
  const char* title;
  std::string stated;
  std::string bytes;
  std::string text;
  Vr value_representation = vr("PN");
};

std::ostream& operator<<(std::ostream& out, const Example& example) { return out << example.title; }

const std::vector<Example>& sound_examples() {
  static const std::vector<Example> examples = {
      {"ascii", "", "Hong^Gildong", "Hong^Gildong"},
      {"empty", "ISO_IR 100", "", ""},
      {"latin 1", "ISO_IR 100", "Buc^J\xE9r\xF4me", "Buc^Jérôme"},
      {"latin 1 german", "ISO_IR 100",
       "\xC4neas^R\xFC"
       "diger",
       "Äneas^Rüdiger"},
      {"latin 2", "ISO_IR 101", "Wa\xB3\xEAsa", "Wałęsa"},
      {"latin 3", "ISO_IR 109",
       "\xC6"
       "u \xFE"
       "i",
       "Ĉu ŝi"},
      {"latin 4", "ISO_IR 110", "B\xBArzi\xF1\xB9", "Bērziņš"},
      {"latin 5", "ISO_IR 148", "\xDDnce \xFEi\xFE", "İnce şiş"},
      {"latin 9", "ISO_IR 203", "\xBDuvre 5 \xA4", "œuvre 5 €"},
      {"cyrillic", "ISO_IR 144",
       "\xBB\xEE\xDA"
       "ce\xDC\xD1yp\xD3",
       "Люкceмбypг"},
      {"arabic", "ISO_IR 127", "\xE2\xC8\xC7\xE6\xEA^\xE4\xE6\xD2\xC7\xD1", "قباني^لنزار"},
      {"greek", "ISO_IR 126", "\xC4\xE9\xEF\xED\xF5\xF3\xE9\xEF\xF2", "Διονυσιος"},
      {"hebrew", "ISO_IR 138", "\xF9\xF8\xE5\xEF^\xE3\xE1\xE5\xF8\xE4", "שרון^דבורה"},
      {"thai", "ISO_IR 166", "\xCA\xC1\xAA\xD2\xC2", "สมชาย"},
      {"katakana", "ISO_IR 13", "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3", "ﾔﾏﾀﾞ^ﾀﾛｳ"},
      {"utf-8", "ISO_IR 192", "Wang^XiaoDong=\xE7\x8E\x8B^\xE5\xB0\x8F\xE6\x9D\xB1=", "Wang^XiaoDong=王^小東="},
      {"gb18030", "GB18030", "Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB=", "Wang^XiaoDong=王^小东="},
      {"gb18030 of four bytes", "GB18030", "\x81\x39\xEF\x30", "㐁", vr("LO")},
      {"gbk", "GBK", "\xCD\xF5^\xD0\xA1\xB6\xAB", "王^小东"},
      {"japanese", "\\ISO 2022 IR 87",
       "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B",
       "Yamada^Tarou=山田^太郎=やまだ^たろう"},
      {"japanese over katakana", "ISO 2022 IR 13\\ISO 2022 IR 87",
       "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J=\x1B$B$d$^$@\x1B(J^\x1B$B$?$m$&\x1B(J",
       "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"},
      {"japanese supplement", "\\ISO 2022 IR 159", "\x1B$(D0!\x1B(B", "丂", vr("LO")},
      {"korean", "\\ISO 2022 IR 149",
       "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7=\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF",
       "Hong^Gildong=洪^吉洞=홍^길동"},
      {"korean back to ascii", "\\ISO 2022 IR 149", "\x1B$)C\xB1\xE8\xC8\xF1\xC1\xDF\x1B(B", "김희중"},
      {"korean lines", "\\ISO 2022 IR 149", "\x1B$)CThe \xB1\xE6\xB5\xBF\r\nsecond line\r\n\x1B$)C\xC8\xAB end",
       "The 길동\r\nsecond line\r\n홍 end", vr("LT")},
      {"chinese", "\\ISO 2022 IR 58",
       "Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB=", "Zhang^XiaoDong=张^小东="},
      {"switching single bytes", "ISO 2022 IR 100\\ISO 2022 IR 126", "\xC4 \x1B-F\xC4\xE9\x1B-A \xC4", "Ä Δι Ä",
       vr("LO")},
  };
  return examples;
}

class SoundText : public testing::TestWithParam<Example> {};

TEST_P(SoundText, IsDecodedAsTheStandardSays) {
  const auto decoded = CharacterSet(GetParam().stated).to_utf8(GetParam().bytes, GetParam().value_representation);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->text, GetParam().text);
  EXPECT_TRUE(decoded->is_as_stated);
}

/// DCMTK 3.6.7 does not know ISO_IR 203, and decodes the Yen sign where the others keep ASCII: no example holds one.
TEST_P(SoundText, IsWhatDcmtkDecodes) {
  DcmSpecificCharacterSet dcmtk;
  if (dcmtk.selectCharacterSet(GetParam().stated.c_str(), "ISO_IR 192").bad()) {
    GTEST_SKIP() << "DCMTK does not know " << GetParam().stated;
  }
  OFString expected;
  const bool is_name = GetParam().value_representation == vr("PN");
  ASSERT_TRUE(
      dcmtk.convertString(GetParam().bytes.c_str(), GetParam().bytes.size(), expected, is_name ? "^=" : "\r\n").good());
  const auto decoded = CharacterSet(GetParam().stated).to_utf8(GetParam().bytes, GetParam().value_representation);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->text, expected.c_str());
}

INSTANTIATE_TEST_SUITE_P(CharacterSet, SoundText, testing::ValuesIn(sound_examples()));

const std::vector<Example>& wrong_examples() {
  static const std::vector<Example> examples = {
      {"nothing stated, utf-8", "", "\xED\x99\x8D^\xEA\xB8\xB8\xEB\x8F\x99", "홍^길동"},
      {"nothing stated, korean", "", "Hong^Gildong=\xFB\xF3^\xD1\xCE\xD4\xD7=\xC8\xAB^\xB1\xE6\xB5\xBF",
       "Hong^Gildong=洪^吉洞=홍^길동"},
      {"nothing stated, escapes", "", "\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF", "홍^길동"},
      {"nothing stated, cp949 syllable", "", "\x8C\x63\xB9\xE6\xB0\xA2\xC7\xCF", "똠방각하", vr("LO")},
      {"nothing stated, western", "", "M\xFCller^J\xF6rg", "Müller^Jörg"},
      {"nothing stated, measure", "", "10\xB5m 45\xB0", "10µm 45°", vr("LO")},
      {"nothing stated, chinese", "", "\x81\x40\x82\x41\xFE\x50", "丂侫⺁", vr("LO")},
      {"149 without escapes", "\\ISO 2022 IR 149", "=\xFB\xF3^\xD1\xCE\xD4\xD7=\xC8\xAB^\xB1\xE6\xB5\xBF",
       "=洪^吉洞=홍^길동"},
      {"149 without escapes, one syllable", "\\ISO 2022 IR 149", "\xC8\xAB", "홍"},
      {"149 with one escape for all", "\\ISO 2022 IR 149", "\x1B$)C\xC8\xAB^\xB1\xE6\xB5\xBF", "홍^길동"},
      {"149 but utf-8", "\\ISO 2022 IR 149", "\xED\x99\x8D\xEA\xB8\xB8\xEB\x8F\x99", "홍길동"},
      {"149 escape without ESC", "\\ISO 2022 IR 149", "Hong^Gildong==$)C\xC8\xAB^$)C\xB1\xE6\xB5\xBF",
       "Hong^Gildong==홍^길동"},
      {"escape without ESC, nothing stated", "", "$)C\xC8\xAB\xB1\xE6\xB5\xBF CT", "홍길동 CT", vr("LO")},
      {"escape without ESC in ascii", "ISO_IR 100", "Hong^$)CGildong", "Hong^Gildong"},
      {"escape without ESC over latin 1", "ISO_IR 100", "$)C\xC8\xAB^$)C\xB1\xE6\xB5\xBF", "홍^길동"},
      {"japanese escape without ESC", "\\ISO 2022 IR 87", "Yamada=$B;3ED(B", "Yamada=山田"},
      {"latin 1 but korean", "ISO_IR 100", "\xC8\xAB^\xB1\xE6\xB5\xBF", "홍^길동"},
      {"latin 1 but korean description", "ISO_IR 100", "\xBA\xB9\xBA\xCE CT", "복부 CT", vr("LO")},
      {"latin 1 but utf-8", "ISO_IR 100", "M\xC3\xBCller", "Müller"},
      {"latin 1 but windows", "ISO_IR 100", "Crohn\x92s", "Crohn’s", vr("LO")},
      {"utf-8 but latin 1", "ISO_IR 192", "M\xFCller", "Müller"},
      {"utf-8 but korean", "ISO_IR 192", "\xC8\xAB^\xB1\xE6\xB5\xBF", "홍^길동"},
      {"gb18030 but utf-8", "GB18030", "\xE7\x8E\x8B^\xE5\xB0\x8F\xE6\x9D\xB1", "王^小東"},
      {"katakana but shift_jis", "ISO_IR 13", "\x8E\x52\x93\x63^\x91\xBE\x98\x59", "山田^太郎"},
      {"latin 1 but chinese", "ISO_IR 100", "\xCD\xF5^\xD0\xA1\xC3\xF7", "王^小明"},
      {"korean but chinese", "\\ISO 2022 IR 149", "\xD5\xC5^\xCE\xB0\xC7\xBF", "张^伟强"},
      {"nothing stated, shift_jis", "", "\x8E\x52\x93\x63^\x91\xBE\x98\x59", "山田^太郎"},
      {"japanese but euc-jp", "\\ISO 2022 IR 87", "\xBB\xB3\xC5\xC4^\xC2\xC0\xCF\xBA", "山田^太郎"},
      {"unknown term", "ISO_IR 999", "M\xC3\xBCller", "Müller"},
      {"set not stated", "\\ISO 2022 IR 87", "\x1B$)C\xC8\xAB", "홍"},
  };
  return examples;
}

class WrongText : public testing::TestWithParam<Example> {};

TEST_P(WrongText, IsDecodedAllTheSameAndSaysSo) {
  const auto decoded = CharacterSet(GetParam().stated).to_utf8(GetParam().bytes, GetParam().value_representation);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->text, GetParam().text);
  EXPECT_FALSE(decoded->is_as_stated);
}

INSTANTIATE_TEST_SUITE_P(CharacterSet, WrongText, testing::ValuesIn(wrong_examples()));

TEST(CharacterSet, KeepsLatinTextThatOnlyLooksKorean) {
  for (const std::string bytes : {"\xC4neas", "M\xFC\xDFig", "\xC5str\xF6m", "Caf\xE9 \xE9t\xE9", "\xABok\xBB"}) {
    const auto decoded = CharacterSet("ISO_IR 100").to_utf8(bytes, vr("PN"));
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(decoded->is_as_stated) << decoded->text;
  }
}

TEST(CharacterSet, DecodesHangulBeyondKsX1001BehindItsEscape) {
  const CharacterSet set("\\ISO 2022 IR 149");
  EXPECT_EQ(set.to_utf8("\x1B$)C\x8C\x63\xB9\xE6\xB0\xA2\xC7\xCF CT", vr("LO"))->text, "똠방각하 CT");
  EXPECT_EQ(set.to_utf8("Hong=\x1B$)C\xAA\x42^\x1B$)C\x8C\x63", vr("PN"))->text, "Hong=찦^똠");
}

TEST(CharacterSet, GivesEachPossibleTextWhereItIsInDoubt) {
  const CharacterSet set("");
  EXPECT_FALSE(set.to_utf8("\xC8\xAB", vr("PN")));
  const auto readings = set.readings("\xC8\xAB", vr("PN"));
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].text, "홍");
  EXPECT_EQ(readings[1].text, "全");
}

TEST(CharacterSet, DecidesFromAllTextsWhatEachOneIs) {
  CharacterSet korean(""), chinese("");
  const std::string_view doubtful = "\xC8\xAB", hangul = "\xBA\xB9\xBA\xCE \xC1\xB6\xBF\xB5\xC1\xF5\xB0\xAD",
                         hanzi = "\xCD\xF5^\xD0\xA1\xC3\xF7";
  korean.settle(std::vector<CharacterSet::Text>{{doubtful, vr("PN")}, {hangul, vr("LO")}});
  chinese.settle(std::vector<CharacterSet::Text>{{doubtful, vr("PN")}, {hanzi, vr("PN")}});
  EXPECT_EQ(korean.to_utf8(doubtful, vr("PN"))->text, "홍");
  EXPECT_EQ(chinese.to_utf8(doubtful, vr("PN"))->text, "全");
}

TEST(CharacterSet, TakesPlainUtf8ForItselfBesideTextsInAnotherSet) {
  CharacterSet set("ISO_IR 100");
  const std::string_view hangul = "\xBA\xB9\xBA\xCE \xC1\xB6\xBF\xB5\xC1\xF5\xB0\xAD";
  set.settle(std::vector<CharacterSet::Text>{{hangul, vr("LO")}, {"복부", vr("LO")}});
  EXPECT_EQ(set.to_utf8(hangul, vr("LO"))->text, "복부 조영증강");
  EXPECT_EQ(set.to_utf8("복부", vr("LO"))->text, "복부");
}

TEST(CharacterSet, BelievesStatedUtf8ThatHoldsControls) {
  const auto decoded = CharacterSet("ISO_IR 192").to_utf8("Crohn\xC2\x92s", vr("LO"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->text, "Crohn\xC2\x92s");
  EXPECT_TRUE(decoded->is_as_stated);
}

TEST(CharacterSet, TakesTermsInLooseSpelling) {
  for (const char* term : {"ISO_IR 100", "ISO-IR 100", "ISO IR 100", " ISO_IR 100 ", "iso_ir 100", "ISO 2022 IR 100"}) {
    const auto decoded = CharacterSet(term).to_utf8("\xE9", vr("LO"));
    ASSERT_TRUE(decoded) << term;
    EXPECT_EQ(decoded->text, "é") << term;
    EXPECT_TRUE(decoded->is_as_stated) << term;
  }
}

TEST(CharacterSet, GivesNothingWhereNothingDecodes) {
  for (const std::string bytes : {"\xFF\xFF", "A\x1B\x01", "\xC8\xFF\x80", "\x1B$)"}) {
    EXPECT_FALSE(CharacterSet("").to_utf8(bytes, vr("LO"))) << bytes.size();
    EXPECT_FALSE(CharacterSet("ISO_IR 192").to_utf8(bytes, vr("LO"))) << bytes.size();
  }
}

TEST(CharacterSet, ResetsAtTheDelimitersOfTheValueRepresentation) {
  const CharacterSet set("ISO 2022 IR 100\\ISO 2022 IR 126");
  const std::string bytes = "\x1B-F\xC4\\\xC4^\xC4=\xC4";
  EXPECT_EQ(set.to_utf8(bytes, vr("LO"))->text, "Δ\\Ä^Ä=Ä");
  EXPECT_EQ(set.to_utf8(bytes, vr("LT"))->text, "Δ\\Δ^Δ=Δ");
  EXPECT_EQ(set.to_utf8("\x1B-F\xC4^\xC4=\xC4", vr("PN"))->text, "Δ^Ä=Ä");
  EXPECT_EQ(set.to_utf8("\x1B-F\xC4\t\xC4", vr("UT"))->text, "Δ\tÄ");
}

TEST(CharacterSet, TakesDelimitersInsideWideCharactersAsHalvesOfThem) {
  // 0x5C is half of 十 (3D 3D is 書): neither ends a value.
  const auto decoded = CharacterSet("\\ISO 2022 IR 87").to_utf8("\x1B$B==\x21\x5C\x1B(B", vr("PN"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->text, "十＋");
}

TEST(CharacterSet, MayBeUsedInManyThreads) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::vector<int> wrong(4, 0);
  for (int& count : wrong) {
    threads.emplace_back([&count] {
      for (int i = 0; i < 500; ++i) {
        for (const Example& example : sound_examples()) {
          const auto decoded = CharacterSet(example.stated).to_utf8(example.bytes, example.value_representation);
          count += decoded && decoded->text == example.text ? 0 : 1;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

bool has(const std::vector<std::string>& encodings, const std::string& wanted) {
  return std::find(encodings.begin(), encodings.end(), wanted) != encodings.end();
}

TEST(AllEncodings, HoldEveryFormOfAKoreanName) {
  const auto encodings = CharacterSet::all_encodings("홍길동");
  EXPECT_TRUE(has(encodings, "\xED\x99\x8D\xEA\xB8\xB8\xEB\x8F\x99"));
  EXPECT_TRUE(has(encodings, "\xC8\xAB\xB1\xE6\xB5\xBF"));
  EXPECT_TRUE(has(encodings, "\x1B$)C\xC8\xAB\xB1\xE6\xB5\xBF"));
  EXPECT_TRUE(has(encodings, std::string("\x4D\xD6\x38\xAE\xD9\xB3")));  // UTF-16LE
  EXPECT_TRUE(has(encodings, std::string("\xD6\x4D\xAE\x38\xB3\xD9")));
  EXPECT_TRUE(has(encodings, "\u1112\u1169\u11BC\u1100\u1175\u11AF\u1103\u1169\u11BC"));
}

TEST(AllEncodings, DesignateAnewInEachComponent) {
  EXPECT_TRUE(has(CharacterSet::all_encodings("홍^길동"), "\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF"));
}

TEST(AllEncodings, HoldOtherScripts) {
  EXPECT_TRUE(has(CharacterSet::all_encodings("Γεώργιος"), "\xC3\xE5\xFE\xF1\xE3\xE9\xEF\xF2"));
  EXPECT_TRUE(has(CharacterSet::all_encodings("Иванов"), "\xB8\xD2\xD0\xDD\xDE\xD2"));
  EXPECT_TRUE(has(CharacterSet::all_encodings("Иванов"), "\xC8\xC2\xC0\xCD\xCE\xC2")) << "Windows-1251, capitals";
  EXPECT_TRUE(has(CharacterSet::all_encodings("שלמה"), "\xF9\xEC\xEE\xE4"));
  EXPECT_TRUE(has(CharacterSet::all_encodings("Şükrü"), "\xDE\xFCkr\xFC"));
  EXPECT_TRUE(has(CharacterSet::all_encodings("Żaneta"),
                  "\xAF"
                  "aneta"));
  EXPECT_TRUE(has(CharacterSet::all_encodings("Müller"), "M\xFCller"));
  EXPECT_TRUE(has(CharacterSet::all_encodings("Mu\u0308ller"), "M\xFCller"));
  EXPECT_TRUE(has(CharacterSet::all_encodings("山田"), "\x8E\x52\x93\x63"));
  EXPECT_TRUE(has(CharacterSet::all_encodings("山田"), "\x1B$B;3ED\x1B(B"));
  EXPECT_TRUE(has(CharacterSet::all_encodings("小东"), "\xD0\xA1\xB6\xAB"));
}

TEST(AllEncodings, HoldNoDuplicatesAndNothingForNothing) {
  const auto encodings = CharacterSet::all_encodings("Hong");
  EXPECT_EQ(encodings.size(), 3U);  // as it is, UTF-16 LE and BE
  EXPECT_TRUE(CharacterSet::all_encodings("").empty());
}

}  // namespace
}  // namespace naru::dicom
