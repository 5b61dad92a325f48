// Files whose Specific Character Set is missing or wrong: what is kept is right or gone, and the name is gone.

#include "dicom/deidentify/file_texts.h"

#include <gtest/gtest.h>

#include "dicom/dcmtk/character_conversion.h"
#include "dicom/deidentify/patient_words.h"
#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::DeidOption;
using dicom::Set;
using namespace std::string_literals;

constexpr dicom::Tag kName = 0x00100010, kStudyDescription = 0x00081030, kCharacterSet = 0x00080005;

std::string in(Set set, std::string_view utf8) {
  std::string bytes;
  EXPECT_TRUE(dicom::append_from_utf8(set, utf8, bytes)) << utf8;
  return bytes;
}

/// KS X 1001 with its vendors' extension, behind the escape of ISO 2022 IR 149.
std::string escaped(std::string_view utf8) { return "\x1B$)C" + in(Set::uhc, utf8); }

SliceBytes slice(const char* stated, std::string name, std::string description) {
  SliceBytes result;
  if (*stated != '\0') result.text(kCharacterSet, "CS", stated);
  result.text(kName, "PN", std::move(name)).text(kStudyDescription, "LO", std::move(description));
  return result;
}

Deidentified cleaned(const SliceBytes& source) {
  return Deidentified(source.bytes(), policy_with({DeidOption::clean_descriptors}));
}

struct Case {
  const char* title;
  const char* stated;
  Set set;
  const char *name, *description;  ///< in UTF-8
  const char* kept;
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.title; }

class WronglyStated : public testing::TestWithParam<Case> {};

TEST_P(WronglyStated, LosesTheNameAndKeepsTheRest) {
  const Case& one = GetParam();
  const Deidentified done = cleaned(slice(one.stated, in(one.set, one.name), in(one.set, one.description)));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(kStudyDescription), one.kept);
  EXPECT_EQ(done.value(kCharacterSet), "ISO_IR 192");
  EXPECT_FALSE(done.result.counts.notes.contains("charset_undecodable"));
  std::string joined = one.name;
  std::erase(joined, '^');
  EXPECT_FALSE(done.holds(joined));
  EXPECT_FALSE(done.holds(in(one.set, joined)));
}

INSTANTIATE_TEST_SUITE_P(
    FileTexts, WronglyStated,
    testing::Values(
        Case{"nothing, GBK", "", Set::gb18030, "王^小明", "王小明 胸部平扫", "胸部平扫"},
        Case{"Latin 1, GBK", "ISO_IR 100", Set::gb18030, "王^小明", "王小明 胸部平扫", "胸部平扫"},
        Case{"Latin 1, GBK in letters alone", "ISO_IR 100", Set::gb18030, "刘^伟", "刘伟 胸部 CT", "胸部 CT"},
        Case{"Korean, GBK", "\\ISO 2022 IR 149", Set::gb18030, "张^伟强", "张伟强 颅脑增强扫描", "颅脑增强扫描"},
        Case{"nothing, Korean", "", Set::uhc, "홍^길동", "홍길동 복부 CT", "복부 CT"},
        Case{"Latin 1, Korean", "ISO_IR 100", Set::uhc, "홍^길동", "홍길동 복부 CT", "복부 CT"},
        Case{"Latin 1, Korean beyond KS X 1001", "ISO_IR 100", Set::uhc, "홍^똠", "홍똠 복부 조영증강",
             "복부 조영증강"},
        Case{"UTF-8, Korean", "ISO_IR 192", Set::uhc, "홍^길동", "홍길동 복부 CT", "복부 CT"},
        Case{"UTF-8, Latin 1", "ISO_IR 192", Set::latin1, "Müller^Jörg", "Schädel Müller axial", "Schädel axial"},
        Case{"nothing, Latin 1", "", Set::latin1, "Müller^Jörg", "Schädel Müller axial", "Schädel axial"},
        Case{"nothing, Shift_JIS", "", Set::shift_jis, "山田^太郎", "山田太郎 胸部単純", "胸部単純"},
        Case{"Latin 1, Shift_JIS", "ISO_IR 100", Set::shift_jis, "山田^太郎", "山田太郎 胸部単純", "胸部単純"},
        Case{"Japanese, EUC-JP", "\\ISO 2022 IR 87", Set::jis_x_0208, "山田^太郎", "山田太郎 胸部単純", "胸部単純"},
        Case{"nothing, UTF-8", "", Set::utf8, "홍^길동", "홍길동 복부 CT", "복부 CT"},
        Case{"Chinese, UTF-8", "GB18030", Set::utf8, "王^小明", "王小明 胸部平扫", "胸部平扫"}));

class RightlyStated : public testing::TestWithParam<Case> {};

TEST_P(RightlyStated, KeepsEveryTextAsItIs) {
  const Case& one = GetParam();
  const std::string description =
      std::string_view(one.stated).starts_with('\\') ? escaped(one.description) : in(one.set, one.description);
  const Deidentified done = cleaned(slice(one.stated, "Hong^Gildong", description));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(kStudyDescription), one.kept);
  EXPECT_FALSE(done.result.counts.notes.contains("charset_undecodable"));
}

INSTANTIATE_TEST_SUITE_P(
    FileTexts, RightlyStated,
    testing::Values(Case{"Korean", "\\ISO 2022 IR 149", Set::uhc, "", "복부 CT", "복부 CT"},
                    Case{"Korean beyond KS X 1001", "\\ISO 2022 IR 149", Set::uhc, "", "똠방각하 CT", "똠방각하 CT"},
                    Case{"UTF-8", "ISO_IR 192", Set::utf8, "", "뇌 MRI", "뇌 MRI"},
                    Case{"Latin 1", "ISO_IR 100", Set::latin1, "", "Größe 45° FUNÇÃO", "Größe 45° FUNÇÃO"},
                    Case{"Latin 2", "ISO_IR 101", Set::latin2, "", "głowa żołądek", "głowa żołądek"},
                    Case{"Cyrillic", "ISO_IR 144", Set::cyrillic, "", "голова грудь", "голова грудь"},
                    Case{"GB18030", "GB18030", Set::gb18030, "", "头颅平扫", "头颅平扫"},
                    Case{"half-width Katakana", "ISO_IR 13", Set::shift_jis, "", "ｷﾖｳﾌﾞ", "ｷﾖｳﾌﾞ"}));

TEST(FileTexts, FindsANameBeyondKsX1001InKoreanText) {
  const Deidentified done = cleaned(slice("\\ISO 2022 IR 149", escaped("찦똠이"), escaped("찦똠이 복부 CT")));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(kStudyDescription), "복부 CT");
}

TEST(FileTexts, DecidesForAllTextsOfAFileTogether) {
  // 충 alone is as likely Chinese; beside the others it is not.
  const std::string alone = "CT " + in(Set::uhc, "충");
  EXPECT_EQ(cleaned(slice("", "Hong^Gildong", alone)).value(kStudyDescription), "CT");
  SliceBytes source = slice("", in(Set::uhc, "홍^길동"), alone);
  source.text(0x0008103E, "LO", in(Set::uhc, "흉부 조영증강"));
  EXPECT_EQ(cleaned(source).value(kStudyDescription), "CT 충");
}

TEST(FileTexts, LosesTheWordsOfWhichItIsInDoubtWhatTheyAre) {
  const Deidentified done = cleaned(slice("", "Hong^Gildong", "MR " + in(Set::uhc, "충") + " brain"));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(kStudyDescription), "MR brain");
  EXPECT_EQ(done.result.counts.notes.at("charset_undecodable"), 1U);
}

TEST(FileTexts, KnowsANameInEveryWayInWhichItMayBeRead) {
  const std::string file = slice("", in(Set::uhc, "충"), "MR").bytes();
  const auto found = dicom::collect_identifiers(std::as_bytes(std::span(file)), {});
  ASSERT_TRUE(found);
  EXPECT_GT(found->person_names.size(), 1U);
  EXPECT_TRUE(std::ranges::find(found->person_names, "충") != found->person_names.end());
}

TEST(FileTexts, LosesAValueThatNothingDecodesAndSaysSo) {
  const Deidentified done = cleaned(slice("ISO_IR 192", "Hong^Gildong", "MR \xFF\xFF"));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(kStudyDescription).value_or(""), "");
  EXPECT_EQ(done.result.counts.notes.at("charset_undecodable"), 1U);
}

TEST(FileTexts, HonoursTheSetThatAnItemStates) {
  SliceBytes source = slice("ISO_IR 100", in(Set::gb18030, "王^小明"), in(Set::gb18030, "王小明 胸部平扫"));
  source.raw(0x00400275, "SQ",
             item(SliceBytes::element(kCharacterSet, "CS", "ISO_IR 192") +
                  SliceBytes::element(0x00400007, "LO", "Crâne 王小明 ")) +
                 item(SliceBytes::element(kCharacterSet, "CS", "\\ISO 2022 IR 149 ") +
                      SliceBytes::element(0x00400007, "LO", escaped("복부 CT") + " ")));
  const Deidentified done = cleaned(source);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(kStudyDescription), "胸部平扫");
  EXPECT_EQ(done.value(0x00400007, 0), "Crâne");
  EXPECT_EQ(done.value(0x00400007, 1), "복부 CT");
}

TEST(FileTexts, FindsANameByItsBytesWhereTheTextIsDecodedAsSomethingElse) {
  // The bytes of 길동 in UHC are also Cyrillic letters, and that is what the file states.
  dicom::Identifiers known;
  known.person_names = {"홍^길동"};
  const dicom::DeidentifyPolicy policy = policy_with({DeidOption::clean_descriptors});
  const dicom::PatientWords words(known, policy);
  const std::string file = slice("ISO_IR 144", "Hong^Gildong", "CT " + in(Set::uhc, "길동")).bytes();
  const auto bytes = std::as_bytes(std::span(file));
  const auto without = dicom::Deidentifier(policy, test_key(), "0.1").run(bytes);
  EXPECT_FALSE(without.counts.notes.contains("charset_undecodable"));
  const auto with = dicom::Deidentifier(policy, test_key(), "0.1").run(bytes, &words);
  ASSERT_FALSE(with.reason);
  EXPECT_EQ(with.counts.notes.at("charset_undecodable"), 1U);
}

TEST(FileTexts, FindANameInOtherCasesWhereAnotherSetIsMeant) {
  struct Meant {
    const char *stated, *name, *word;
    Set set, read_as;
  };
  for (const auto& [stated, name, word, set, read_as] :
       {Meant{"ISO_IR 144", "Кузнецов^Борис", "КУЗНЕЦОВ", Set::windows1251, Set::cyrillic},
        Meant{"ISO_IR 144", "ЧЕХОВА^ЯНА", "Чехова", Set::windows1251, Set::cyrillic},
        Meant{"ISO_IR 100", "Παπαδόπουλος^Νίκος", "ΠΑΠΑΔΟΠΟΥΛΟΣ", Set::windows1253, Set::latin1},
        Meant{"ISO_IR 100", "Śliwińska^Żaneta", "ŚLIWIŃSKA", Set::latin2, Set::latin1}}) {
    const Deidentified done = cleaned(slice(stated, in(set, name), "MR " + in(set, word) + " T2"));
    ASSERT_FALSE(done.result.reason) << name;
    std::string as_read;
    ASSERT_TRUE(dicom::append_as_utf8(read_as, in(set, word), as_read));
    EXPECT_FALSE(done.holds(as_read)) << name;
    EXPECT_TRUE(done.value(kStudyDescription).value_or("").ends_with("T2")) << name;
  }
  const Deidentified done =
      cleaned(slice("", in(Set::latin2, "Śliwińska^Żaneta"), in(Set::latin2, "TK głowy ŚLIWIŃSKA Sliwinska T2")));
  EXPECT_FALSE(done.holds("Sliwinska"));
  EXPECT_FALSE(done.holds("SKA"));
  EXPECT_TRUE(done.value(kStudyDescription).value_or("").ends_with(" T2"));
}

TEST(FileTexts, ReadANameThatIsAsStatedInNoOtherSet) {
  const auto others_of = [](const char* stated, const std::string& name) {
    return dicom::CharacterSet(stated).other_readings(name, dicom::vr("PN"));
  };
  EXPECT_TRUE(others_of("ISO_IR 100", in(Set::latin1, "Müller^Jörg")).empty());
  EXPECT_TRUE(others_of("ISO_IR 100", in(Set::latin1, "Sørensen^Åse")).empty());
  EXPECT_TRUE(others_of("ISO_IR 100", "Davidson^Douglas").empty());
  EXPECT_TRUE(others_of("", in(Set::uhc, "홍^길동")).empty());
  EXPECT_TRUE(others_of("ISO_IR 144", in(Set::cyrillic, "ИВАНОВ^ПЁТР")).empty());
}

TEST(FileTexts, DecideNothingWhereAllIsAscii) {
  const std::string file = SliceBytes().text(kCharacterSet, "CS", "ISO_IR 100").bytes();
  const auto table = dicom::read_elements(std::as_bytes(std::span(file)), 132, {true, false});
  EXPECT_FALSE(dicom::CharacterSets(table, std::as_bytes(std::span(file))).has_non_ascii());
}

TEST(AsciiWords, AreThoseWithoutAByteBeyondIt) {
  const auto of = [](std::string_view text) { return dicom::ascii_words(std::as_bytes(std::span(text))); };
  EXPECT_EQ(of("MR \xC8\xAB brain"), "MR brain");
  EXPECT_EQ(of("\xC8\xAB, MR T1/T2"), "MR T1/T2");
  EXPECT_EQ(of("CT\x8C\x63 axial"), "axial");  // 0x63 is half of a character
  EXPECT_EQ(of("MR brain"), "MR brain");
  EXPECT_EQ(of("MR \x1B$B;3ED\x1B(B \xC8"), "");  // so is each byte behind the escape
  EXPECT_EQ(of("\xC8\xAB"), "");
}

}  // namespace

}  // namespace naru::test
