#include "dicom/deidentify/descriptors.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "dicom/deidentify/descriptor_phrases.h"

namespace naru::dicom {
namespace {

Identifiers named(std::string person) { return {.person_names = {std::move(person)}}; }

std::string cleaned(const Identifiers& identifiers, std::string_view text) {
  return DescriptorCleaner(identifiers, {}, {}).clean(text).text;
}

std::size_t removed(const CleanedText& text, DescriptorReason reason) {
  return text.removed[static_cast<std::size_t>(reason)];
}

TEST(DescriptorCleaner, LeavesAnEmptyTextAndAnEmptyHeaderAlone) {
  EXPECT_EQ(cleaned({}, ""), "");
  EXPECT_EQ(cleaned({}, "  CT  HEAD  "), "  CT  HEAD  ");
  EXPECT_EQ(cleaned(named(""), "CT ^=^ HEAD"), "CT ^=^ HEAD");
  EXPECT_EQ(cleaned(named("^^^^=^=^"), "CT HEAD"), "CT HEAD");
}

TEST(DescriptorCleaner, SaysWhatWentAndWhy) {
  const Identifiers identifiers = {.person_names = {"Davidson^Douglas"}, .ids = {"87654321"}, .places = {"SNUH"}};
  const std::vector<std::string> listed = {"Projekt Falke"};
  const DescriptorCleaner cleaner(identifiers, {}, listed);
  const CleanedText text =
      cleaner.clean("CT Douglas Davidson 87654321 SNUH 20140321 010-1234-5678 900101-1234567 Dr. Hughes projekt falke");
  EXPECT_EQ(text.text, "CT Dr.");
  EXPECT_EQ(removed(text, DescriptorReason::name), 2U);
  EXPECT_EQ(removed(text, DescriptorReason::id), 1U);
  EXPECT_EQ(removed(text, DescriptorReason::place), 1U);
  EXPECT_EQ(removed(text, DescriptorReason::date), 1U);
  EXPECT_EQ(removed(text, DescriptorReason::contact), 1U);
  EXPECT_EQ(removed(text, DescriptorReason::national), 1U);
  EXPECT_EQ(removed(text, DescriptorReason::title), 1U);
  EXPECT_EQ(removed(text, DescriptorReason::listed), 2U);
  const std::vector<std::string> words = {"Douglas Davidson", "87654321",       "SNUH",   "20140321",
                                          "010-1234-5678",    "900101-1234567", "Hughes", "projekt falke"};
  EXPECT_EQ(text.removed_words, words);
}

TEST(DescriptorCleaner, NamesEveryReason) {
  constexpr std::array<std::string_view, kDescriptorReasons> kNames = {"name",     "id",    "place", "date",  "contact",
                                                                       "national", "title", "age",   "listed"};
  for (std::size_t i = 0; i < kNames.size(); ++i) EXPECT_EQ(name(static_cast<DescriptorReason>(i)), kNames[i]);
}

TEST(DescriptorCleaner, ClosesGaps) {
  const Identifiers davidson = named("Davidson^Douglas");
  EXPECT_EQ(cleaned(davidson, "AX (Davidson) T1"), "AX T1");
  EXPECT_EQ(cleaned(davidson, "AX [Davidson]"), "AX");
  EXPECT_EQ(cleaned(davidson, "AX, Davidson, T1"), "AX, T1");
  EXPECT_EQ(cleaned(davidson, "AX Davidson, T1"), "AX, T1");
  EXPECT_EQ(cleaned(davidson, "AX_Davidson_T1"), "AX_T1");
  EXPECT_EQ(cleaned(davidson, "Davidson - AX"), "AX");
  EXPECT_EQ(cleaned(davidson, "AX: Davidson"), "AX:");
  EXPECT_EQ(cleaned(davidson, "line one\r\nDavidson\r\nline two"), "line one\r\n\r\nline two");
  EXPECT_EQ(cleaned({}, "SCAN20140321AX"), "SCAN AX");
}

TEST(DescriptorCleaner, KeepsListedWordsFromPatternsButNotFromTheHeader) {
  const std::vector<std::string> keep = {"Zyvorski", "Davidson", "20140321"};
  const DescriptorCleaner cleaner(named("Davidson^Douglas"), keep, {});
  EXPECT_EQ(cleaner.clean("CT for Zyvorski").text, "CT for Zyvorski");
  EXPECT_EQ(cleaner.clean("protocol 20140321").text, "protocol 20140321");
  EXPECT_EQ(cleaner.clean("CT Davidson").text, "CT");
}

TEST(DescriptorCleaner, RemovesListedWordsInAnyWriting) {
  const std::vector<std::string> remove = {"Falke", "한빛 연구"};
  const DescriptorCleaner cleaner({}, {}, remove);
  EXPECT_EQ(cleaner.clean("CT FALKE 3mm").text, "CT 3mm");
  EXPECT_EQ(cleaner.clean("ＦＡＬＫＥ").text, "");
  EXPECT_EQ(cleaner.clean("Falken").text, "Falken");
  EXPECT_EQ(cleaner.clean("한빛 연구 CT").text, "CT");
}

TEST(DescriptorCleaner, FollowsNoPatternWhereOnlyIdentifiersAreAskedFor) {
  const DescriptorCleaner cleaner({.person_names = {"Davidson^Douglas"}, .ids = {"87654321"}, .dates = {"20140321"}},
                                  {}, {});
  EXPECT_EQ(cleaner.remove_identifiers("Dr. Hughes 20140322 010-1234-5678").text, "Dr. Hughes 20140322 010-1234-5678");
  EXPECT_EQ(cleaner.remove_identifiers("AX 20140321 2014-03-21 21.3.2014 5mm").text,
            "AX 5mm");  // the header's own date
  EXPECT_EQ(cleaner.remove_identifiers("DAVIDSON 87654321 CT").text, "CT");
}

TEST(DescriptorCleaner, TakesNoPlaceholderForAnIdentifier) {
  const Identifiers placeholders = {
      .person_names = {"ANONYMOUS", "UNKNOWN^UNKNOWN", "TEST^PATIENT", "N/A", "NONE", "Unknown^Patient=^="},
      .ids = {"", "0", "00000000", "UNKNOWN", "ANONYMOUS", "NONE", "N/A", "TEST", "TEST01", "PHANTOM1", "1", "12",
              "XXXXX"},
      .places = {"UNKNOWN", "NONE", "Radiology", "CT", "MR1", "Department of Radiology", "HOSPITAL"},
      .dates = {"", "0", "19000000", "abcdefgh"},
      .uids = {""},
      .others = {"NONE", "", "chest pain", "Christian"}};
  for (const char* text : {"UNKNOWN", "TEST PATIENT", "anonymous scan", "N/A", "PHANTOM1 QA", "MR1 CT", "Radiology CT",
                           "T1 AX 12", "chest pain", "00000000", "Department of Radiology"}) {
    EXPECT_EQ(cleaned(placeholders, text), text);
  }
}

TEST(DescriptorCleaner, SeesThroughWidthMarksAndJamo) {
  const Identifiers hong = named("Hong^Gildong=洪^吉洞=홍^길동");
  EXPECT_EQ(cleaned(hong, "ＨＯＮＧ　ＧＩＬＤＯＮＧ CT"), "CT");
  EXPECT_EQ(cleaned(hong, "\u1112\u1169\u11BC\u1100\u1175\u11AF\u1103\u1169\u11BC CT"), "CT");
  EXPECT_EQ(cleaned(hong, "Ho\u200Bng\u00ADGildong CT"), "CT");
  EXPECT_EQ(cleaned(named("Mu\u0308ller^Jo\u0308rg"), "MÜLLER Jorg"), "");
  EXPECT_EQ(cleaned(named("Müller^Jörg"), "Mueller, Joerg CT"), "CT");
  EXPECT_EQ(cleaned(named("MUELLER^JOERG"), "Müller CT"), "CT");
  EXPECT_EQ(cleaned(named("ヤマダ^タロウ"), "ﾔﾏﾀﾞ ﾀﾛｳ CT"), "CT");
  EXPECT_EQ(cleaned(named("Иванов^Пётр"), "КТ ИВАНОВ ПЕТР"), "КТ");
}

TEST(DescriptorCleaner, FindsAWordInAnyMixtureOfCases) {
  for (const char* text : {"QuAcKeNbUsH chest", "qUACKENBUSH chest", "QUackENbuSH chest", "quackenbush chest",
                           "QUACKENBUSH chest", "qUaCkEnBuSh chest", "QuackenBush chest"}) {
    EXPECT_EQ(cleaned(named("Quackenbush^Ann"), text), "chest") << text;
    EXPECT_EQ(cleaned(named("QuAcKeNbUsH^Ann"), text), "chest") << text;
    EXPECT_EQ(cleaned({.ids = {"Quackenbush"}}, text), "chest") << text;
    EXPECT_EQ(cleaned({.places = {"Quackenbush Clinic"}}, text), "chest") << text;
  }
  EXPECT_EQ(cleaned(named("Quackenbush^Ann"), "AxTseFsQuAcK"), "AxTseFsQuAcK");
}

TEST(DescriptorCleaner, FindsANameThatWasCutOrShortened) {
  const Identifiers zwickelbauer = named("Zwickelbauer^Thaddeus");
  for (const char* text : {"Zwickelbaue", "ZWICKELBAU", "zwickelb", "Zwickelb.", "Zwick.", "Zwickel-\nbauer",
                           "Zwickel-\r\nbauer", "Zwickel\nbauer", "TZwick", "TZWICK", "zwickt", "ZWICTHAD", "THADZWICK",
                           "thadzwickelbauer", "Thad Zwickelbauer", "Zwickelb. T.", "T. Zwick", "ThadZwick"}) {
    EXPECT_EQ(cleaned(zwickelbauer, "CT " + std::string(text) + " venous"), "CT venous") << text;
  }
  for (const char* text : {"Zwic", "zwick", "Thad", "Zwickauer"}) EXPECT_EQ(cleaned(zwickelbauer, text), text);
  const Identifiers wordy = {.person_names = {"Contreras^Abdominski", "Beckenbauer^Franz", "Sagitov^Ivan",
                                              "Carotti^Anna", "Waterman^Spinelli", "Transfeld^Coronado"}};
  for (const char* text :
       {"CT contr. abdom. becken", "sagit. carot. art. water", "spine trans coron. ap", "w contr thora"}) {
    EXPECT_EQ(cleaned(wordy, text), text);
  }
}

TEST(DescriptorCleaner, FindsPartsBehindTheFiveOfAName) {
  EXPECT_EQ(cleaned(named("^^^Zwickelbauer^^Thaddeus"), "Abd Zwickelbauer x Thaddeus"), "Abd x");
}

TEST(DescriptorCleaner, KeepsAWordWithAParticleThatIsANameInOtherOrder) {
  EXPECT_EQ(cleaned(named("이^지연"), "조영 지연이 관찰됨"), "조영 지연이 관찰됨");  // "a delay"
  EXPECT_EQ(cleaned(named("이^지연"), "이지연님 복부"), "님 복부");
}

/// A department is called after what it looks at.
TEST(DescriptorCleaner, KeepsPartsOfTheBodyThatADepartmentIsCalledAfter) {
  for (const char* place : {"Hand Surgery", "Foot Clinic", "Head", "High Field MRI", "Bone Center"}) {
    const Identifiers identifiers = {.places = {place}};
    for (const char* text : {"HAND AP", "Foot", "AAHead_Scout", "gre_field_mapping", "bone"}) {
      EXPECT_EQ(cleaned(identifiers, text), text) << place;
    }
  }
  EXPECT_EQ(cleaned({.places = {"Hart Clinic"}}, "Hart Clinic CT"), "CT");
}

/// A word that is a part of a thousand persons costs no more than it does of fifty.
TEST(DescriptorCleaner, TakesManyPersonsAndManyWordsInItsStride) {
  Identifiers identifiers;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) identifiers.person_names.push_back(std::string("Zwickel") + a + b + "^Thaddeus");
  }
  std::string text, paths;
  for (int n = 0; n < 4000; ++n) text += "zwicke thadd ", paths += "/home/a ";
  EXPECT_EQ(cleaned(identifiers, text).find("zwicke"), std::string::npos);
  EXPECT_EQ(cleaned({}, paths).find("home"), std::string::npos);
}

TEST(DescriptorCleaner, FindsEachOfManyPersonsOfOneSurname) {
  Identifiers identifiers;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) {
      for (const char* end : {"mir", "sol", "vex", "tun", "rak"}) {
        identifiers.person_names.push_back(std::string("Quill^Oz") + a + b + end);
      }
    }
  }
  EXPECT_EQ(cleaned(identifiers, "Ozaamir Quill, CT, Ozzzrak Quill"), "CT");
}

TEST(DescriptorCleaner, FindsHanNamesInOtherForms) {
  for (const char* text : {"王小東 腹部", "王小东 腹部", "小東 腹部", "王 小東 腹部"}) {
    EXPECT_EQ(cleaned(named("王^小东"), text), "腹部") << text;
    EXPECT_EQ(cleaned(named("王^小東"), text), "腹部") << text;
  }
  EXPECT_EQ(cleaned(named("𠮷田^花子"), "吉田 花子 胸部"), "胸部");
  EXPECT_EQ(cleaned(named("渡辺^恵"), "渡邊惠 渡邉恵 胸部"), "胸部");
  EXPECT_EQ(cleaned(named("渡邊^恵"), "渡邉恵 胸部"), "胸部");  // they have a third form in common
  EXPECT_EQ(cleaned(named("鐘^餘"), "鐘 餘"), "");
}

TEST(DescriptorCleaner, ReadsEscapes) {
  for (const char* text : {"M&#252;ller", "M&#xFC;ller", "M&uuml;ller", "M%C3%BCller", "M=C3=BCLLER", "M\\u00fcller",
                           "M\\'fcller", "M\\u252?ller", "&#77;&#252;ller"}) {
    const std::string left = cleaned(named("Müller^Jürgen"), "CT " + std::string(text) + " ax");
    EXPECT_EQ(left.find("ller"), std::string::npos) << left;
  }
  EXPECT_EQ(cleaned(named("김^민준"), "CT &#44608;&#48124;&#51456; ax"), "CT ax");
  EXPECT_EQ(cleaned(named("김^민준"), "CT %EA%B9%80%EB%AF%BC%EC%A4%80 \\uAE40\\uBBFC\\uC900 ax"), "CT ax");
  for (const char* text :
       {"0.0%20 AX & T1; &", "100%C3", "b=1000 TE=20", "&#65;&;&#9999999999; \\uD800 \\u \\'", "%", "=C3", "\\"}) {
    EXPECT_EQ(cleaned(named("Müller^Jürgen"), text), text);
  }
}

TEST(DescriptorCleaner, ReadsEscapesOfAsciiOnlyForWhatTheHeaderNames) {
  for (const char* text : {"%46%65%61%74%68%65%72%73%74%6F%6E%65 T1", "for%20%46eatherstone T1", "=46eatherstone T1",
                           "Feather=73tone T1", "%46eatherstone T1", "&#70;eatherstone T1"}) {
    EXPECT_EQ(cleaned(named("Featherstone^Wilhelmina"), text).find("erstone"), std::string::npos) << text;
    EXPECT_EQ(cleaned(named("Featherstone^Wilhelmina"), text).find("%65"), std::string::npos) << text;
  }
  dicom::Identifiers id;
  id.ids = {"PID7734991"};
  EXPECT_EQ(cleaned(id, "%50ID7734991 T1"), "T1");
  for (const char* text : {"TE=45ms b=50 s", "FA=65deg TR=4A", "contrast 50%50%60", "0.0%20 AX"}) {
    EXPECT_EQ(cleaned(named("Featherstone^Wilhelmina"), text), text);
  }
}

TEST(DescriptorCleaner, TakesControlsForNothing) {
  for (const char* text : {"Feath\x07"
                           "erstone T1",
                           "Feath\x1F"
                           "erstone T1",
                           "Feath\x7F"
                           "erstone T1",
                           "Feath\xC2\x85"
                           "erstone T1",
                           "\x01"
                           "Featherstone\x02 T1"}) {
    const std::string left = cleaned(named("Featherstone^Wilhelmina"), text);
    EXPECT_EQ(left.find("erstone"), std::string::npos) << left;
    EXPECT_TRUE(left.ends_with("T1")) << left;
  }
  EXPECT_EQ(cleaned(named("Featherstone^Wilhelmina"), "sag\tT1\r\nax"), "sag\tT1\r\nax");
}

TEST(DescriptorCleaner, SameWordsAreTheSameInAnyCaseAndWidth) {
  EXPECT_TRUE(dicom::is_same_phrase("Abc", "abc"));
  EXPECT_TRUE(dicom::is_same_phrase("ＡＢＣ", "abc"));
  EXPECT_FALSE(dicom::is_same_phrase("abc", "abd"));
}

TEST(DescriptorCleaner, TakesTheMarkThatRepeatsAnIdeographForOne) {
  EXPECT_EQ(cleaned(named("佐々木^茂"), "佐々木茂 胸部"), "胸部");
  EXPECT_EQ(cleaned(named("佐々木茂"), "佐々木茂 胸部"), "胸部");
}

TEST(DescriptorCleaner, KeepsBytesThatAreNoUtf8) {
  EXPECT_EQ(cleaned(named("Davidson^Douglas"), "CT \xFF\xFE Davidson"), "CT \xFF\xFE");
  EXPECT_EQ(cleaned({}, "\xC3"), "\xC3");
}

TEST(DescriptorCleaner, StopsAtNoLength) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "CT Douglas Davidson 홍길동 1.2.3-4_ ";
  const CleanedText result = DescriptorCleaner(named("Davidson^Douglas"), {}, {}).clean(text);
  EXPECT_EQ(result.text.find("Davidson"), std::string::npos);
  EXPECT_EQ(removed(result, DescriptorReason::name), 40000U);
  const std::string one_word(200000, 'a'), one_number(200000, '1');
  std::string mixed;
  while (mixed.size() < 200000) mixed += "aAbB";
  EXPECT_EQ(cleaned({.person_names = {"Davidson^Abbo"}, .ids = {"aabbaac"}, .places = {"Abbac Clinic"}}, mixed), mixed);
  EXPECT_EQ(cleaned(named("Davidson^Douglas"), one_word), one_word);
  EXPECT_EQ(cleaned(named("Davidson^Douglas"), one_number), one_number);
}

TEST(DescriptorCleaner, RemovesWhatWasRemovedOnceAndForAll) {
  const DescriptorCleaner cleaner({.person_names = {"Hong^Gildong=洪^吉洞=홍^길동"}, .ids = {"87654321"}}, {}, {});
  for (const char* text : {"HONG GILDONG 2014-03-21 CT", "홍길동 환자 87654321", "P4^P101 20140321 Dr. Hughes, MD"}) {
    const std::string once = cleaner.clean(text).text;
    EXPECT_EQ(cleaner.clean(once).text, once);
  }
}

TEST(DescriptorCleaner, TakesUidsOfAnyRootButTheStandards) {
  EXPECT_EQ(cleaned({}, "copy of 2.25.329800735698586629295641978511506172918"), "copy of");
  EXPECT_EQ(cleaned({}, "copy of 1.3.12.2.1107.5.2.36.40414"), "copy of");
  for (const char* text : {"1.2.840.10008.5.1.4.1.1.2", "2.25 mm", "2.25.2014 2.25.3"}) {
    EXPECT_EQ(DescriptorCleaner({}, {}, {}).remove_identifiers(text).text, text);
  }
}

TEST(DescriptorCleaner, KeepsCommonWordsThatAreALocationOrADeviceAsWell) {
  const Identifiers header = {.ids = {"MR1", "DX", "CHEST", "1"}, .places = {"ER", "CT 1", "Room 2", "ICU"}};
  for (const char* text : {"ER CT 1 chest", "MR1 room 2", "ICU portable DX CHEST 1"}) {
    EXPECT_EQ(cleaned(header, text), text);
  }
}

TEST(DescriptorCleaner, MayBeMoved) {
  DescriptorCleaner first(named("Davidson^Douglas"), {}, {});
  DescriptorCleaner second(std::move(first));
  EXPECT_EQ(second.clean("CT Davidson").text, "CT");
}

/// Names with the spellings that are in use for them, and by the rules of Revised Romanisation.
struct Spelled {
  const char* person;
  std::vector<std::string> spellings;
};

TEST(DescriptorCleaner, KnowsHangulInLatinLetters) {
  const std::vector<Spelled> names = {
      {"김^철수", {"Kim Chul-soo", "KIM CHEOLSU", "Chulsoo Kim"}},
      {"이^영희", {"Lee Young-hee", "YI YEONGHUI", "Rhee Younghee"}},
      {"박^지성", {"Park Ji-sung", "PAK JISEONG"}},
      {"손^흥민", {"Son Heung-min", "SON HEUNGMIN"}},
      {"류^현진", {"Ryu Hyun-jin", "YOO HYEONJIN"}},
      {"반^기문", {"Ban Ki-moon", "BAN GIMUN"}},
      {"김^연아", {"Kim Yuna", "KIM YEONA"}},
      {"박^찬호", {"Park Chan-ho", "PAK CHAN HO"}},
      {"윤^석열", {"Yoon Suk-yeol", "YUN SEOKYEOL"}},
      {"문^재인", {"Moon Jae-in", "MUN JAEIN"}},
      {"정^몽구", {"Chung Mong-koo", "JEONG MONGGU"}},
      {"정^의선", {"Chung Eui-sun", "JUNG UISEON"}},
      {"노^무현", {"Roh Moo-hyun", "NO MUHYEON"}},
      {"박^근혜", {"Park Geun-hye", "PARK KEUNHYE"}},
      {"이^명박", {"Lee Myung-bak", "RHEE MYEONGBAK"}},
      {"전^두환", {"Chun Doo-hwan", "JEON DUHWAN"}},
      {"안^철수", {"Ahn Cheol-soo", "AN CHULSOO"}},
      {"홍^준표", {"Hong Joon-pyo", "HONG JUNPYO"}},
      {"박^찬욱", {"Park Chan-wook", "PARK CHANUK"}},
      {"이^병헌", {"Lee Byung-hun", "YI BYEONGHEON"}},
      {"김^대중", {"Kim Dae-jung", "GIM DAEJUNG"}},
      {"이^건희", {"Lee Kun-hee", "LEE GEONHUI"}},
      {"황^우석", {"Hwang Woo-suk", "HWANG USEOK"}},
      {"조^용필", {"Cho Yong-pil", "JO YONGPIL"}},
      {"백^남준", {"Nam June Paik", "BAEK NAMJUN"}},
      {"차^범근", {"Cha Bum-kun", "CHA BEOMGEUN"}},
      {"홍^명보", {"Hong Myung-bo", "HONG MYEONGBO"}},
      {"구^자철", {"Koo Ja-cheol", "GU JACHEOL"}},
      {"남궁^민", {"Namkoong Min", "NAMGUNG MIN"}},
      {"황보^관", {"Hwangbo Kwan", "HWANGBO GWAN"}},
      {"최^경주", {"Choi Kyung-ju", "CHOE GYEONGJU", "K. J. Choi"}},
      {"송^강호", {"Song Kang-ho", "SONG GANGHO"}},
      {"장^미란", {"Jang Mi-ran", "CHANG MIRAN"}},
      {"이^소연", {"Yi So-yeon", "LEE SOYEON"}},
      {"한^석규", {"Han Suk-kyu", "HAN SEOKGYU"}},
      {"허^준호", {"Huh Joon-ho", "HEO JUNHO"}},
  };
  for (const Spelled& entry : names) {
    const DescriptorCleaner cleaner(named(entry.person), {}, {});
    for (const std::string& spelling : entry.spellings) {
      EXPECT_EQ(cleaner.clean("CT " + spelling + " brain").text, "CT brain") << entry.person << " " << spelling;
      std::string joined = spelling;
      std::erase_if(joined, [](char c) { return c == ' ' || c == '-' || c == '.'; });
      EXPECT_EQ(cleaner.clean("CT " + joined + " brain").text, "CT brain") << entry.person << " " << joined;
    }
  }
}

/// The files of a series repeat their texts: what is remembered is what would be made again.
TEST(DescriptorCleaner, SaysTheSameOfATextSeenBefore) {
  Identifiers own = named("Davidson^Douglas");
  own.places.push_back("Zyvorski Clinic");
  const DescriptorCleaner cleaner(own, {}, {});
  const std::string text = "Zyvorski Clinic, D. Davidson seen by Dr. Hargreaves 2020-03-04";
  PhraseList told;
  told.add("seen");
  const auto in_turn = [&](const DescriptorCleaner& by) {
    return std::array{by.clean(text), by.remove_identifiers(text), by.remove_identifiers(text, true),
                      by.clean(text, &told)};
  };
  const auto first = in_turn(cleaner), again = in_turn(cleaner);
  for (std::size_t n = 0; n < first.size(); ++n) {
    EXPECT_EQ(again[n].text, first[n].text) << n;
    EXPECT_EQ(again[n].removed, first[n].removed) << n;
    EXPECT_EQ(again[n].removed_words, first[n].removed_words) << n;
    EXPECT_EQ(again[n].told_words, first[n].told_words) << n;
    for (std::size_t other = 0; other < n; ++other) EXPECT_NE(first[n].text, first[other].text) << n << " " << other;
  }
}

TEST(ProtocolWords, AreThoseThatDoNotIdentify) {
  for (const char* word : {"HEAD", "May", "lung", "복부", "contrast", "CT"})
    EXPECT_TRUE(is_protocol_word(word)) << word;
  for (const char* word : {"Davidson", "Kim", "홍길동", "Zyvorski", ""}) EXPECT_FALSE(is_protocol_word(word)) << word;
}

}  // namespace
}  // namespace naru::dicom
