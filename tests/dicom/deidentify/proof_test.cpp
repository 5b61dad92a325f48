#include "dicom/deidentify/proof.h"

#include <gtest/gtest.h>

#include <random>

namespace naru::test {

namespace {

using dicom::Identifiers;
using dicom::ProofSearch;

bool finds(const Identifiers& identifiers, std::string_view text, ProofSearch::Where where = ProofSearch::Where::text) {
  return ProofSearch(identifiers).find(std::as_bytes(std::span(text)), where).has_value();
}

Identifiers person(std::string name) { return {.person_names = {std::move(name)}}; }

TEST(Proof, FindsNamesInUsualOrdersAndSpellings) {
  const Identifiers davidson = person("Davidson^Douglas");
  for (const char* text : {"CT for Douglas Davidson", "DAVIDSON", "davidson, douglas", "DouglasDavidson",
                           "x_Davidson_y", "Davidson^Douglas", "douglas davidson"}) {
    EXPECT_TRUE(finds(davidson, text)) << text;
  }
  for (const char* text : {"Davidsonian", "McDavidson", "Doug", "", "David"})
    EXPECT_FALSE(finds(davidson, text)) << text;
}

TEST(Proof, FindsANameWithAnApostrophe) {
  const Identifiers brien = person("O'Brien^Sean");
  for (const char* text : {"O'Brien", "CT O'BRIEN", "o'brien's chest"}) EXPECT_TRUE(finds(brien, text)) << text;
  EXPECT_FALSE(finds(brien, "O'Brienne"));
}

TEST(Proof, FindsEveryComponentGroupInEveryEncoding) {
  const Identifiers hong = person("Hong^Gildong=洪^吉洞=홍^길동");
  EXPECT_TRUE(finds(hong, "환자 홍길동"));
  EXPECT_TRUE(finds(hong, "洪吉洞"));
  EXPECT_TRUE(finds(hong, "\xC8\xAB\xB1\xE6\xB5\xBF"));                       // EUC-KR
  EXPECT_TRUE(finds(hong, std::string_view("\x4D\xD6\x38\xAE\xD9\xB3", 6)));  // UTF-16 LE
  EXPECT_TRUE(finds(hong, std::string_view("\xD6\x4D\xAE\x38\xB3\xD9", 6)));  // UTF-16 BE
  EXPECT_TRUE(finds(hong, std::string_view("H\0o\0n\0g\0 \0G\0i\0l\0d\0o\0n\0g\0", 24)));
  EXPECT_FALSE(finds(hong, "홍역"));
}

TEST(Proof, FindsIdsUidsAndDatesThatStandAlone) {
  const Identifiers identifiers{.ids = {"A-4711", "123456"}, .dates = {"20140321"}, .uids = {"1.2.840.1.99"}};
  for (const char* text : {"x A-4711", "id=123456;", "20140321", "201403211015", "uid 1.2.840.1.99."}) {
    EXPECT_TRUE(finds(identifiers, text)) << text;
  }
  for (const char* text : {"1234567", "0.123456", "123456.5", "1.2.840.1.99.1", "20140321999", "11.2.840.1.99"}) {
    EXPECT_FALSE(finds(identifiers, text)) << text;
  }
}

TEST(Proof, TakesWordsThatProveNothingForNoPattern) {
  const Identifiers identifiers{.person_names = {"Head^A", "ANONYMOUS"}, .ids = {"1", "CT"}, .places = {"ICU"}};
  EXPECT_FALSE(finds(identifiers, "HEAD CT 1 ICU ANONYMOUS"));
  const std::string allowed[] = {"ACMESCAN Model"};
  const std::string text = "Acmescan";
  EXPECT_FALSE(ProofSearch(person("Acmescan^Anna"))
                   .find(std::as_bytes(std::span(text)), ProofSearch::Where::text, dicom::AllowedTexts(allowed)));
  EXPECT_TRUE(finds(person("Acmescan^Anna"), text));
  EXPECT_FALSE(finds(person("이^지연"), "조영 지연이 관찰됨"));  // "a delay"
  for (const char* test : {"Head^Phantom", "QC^Water", "CHEST^TEST"}) {
    EXPECT_FALSE(finds(person(test), "head phantom, qc water, chest test")) << test;
  }
  EXPECT_TRUE(finds(person("Davidson^Test"), "test davidson"));
  EXPECT_TRUE(finds(person("Head^Chest"), "head chest"));
  EXPECT_TRUE(finds(person("홍^길동"), "복부 길동홍"));
}

TEST(Proof, WantsMoreOfPixelsThanOfText) {
  const Identifiers identifiers{.person_names = {"Davidson^D"}, .dates = {"20140321"}};
  EXPECT_TRUE(finds(identifiers, "....Davidson....", ProofSearch::Where::binary));
  EXPECT_FALSE(finds(identifiers, "....20140321....", ProofSearch::Where::binary));
}

TEST(Proof, FindsAWordAtAnyPlaceOfPixels) {
  const ProofSearch search(person("Davidson^Douglas=洪^吉洞=홍^길동이"));
  const std::string words[] = {"Davidson", std::string("d\0a\0v\0i\0d\0s\0o\0n\0", 16), "홍길동이",
                               "\xC8\xAB\xB1\xE6\xB5\xBF\xC0\xCC"};  // "홍길동이" in KS X 1001
  for (const std::string& word : words) {
    for (const char background : {'\0', '\1', '\xFF'}) {
      for (const std::size_t at : {0, 1, 2, 3, 5, 4090, 4093, 4096, 8185, 9000 - 16}) {
        std::string pixels(9000, background);
        pixels.replace(at, word.size(), word);
        const auto hit = search.find(std::as_bytes(std::span(pixels)), ProofSearch::Where::binary);
        ASSERT_TRUE(hit) << word << " at " << at;
        EXPECT_LE(at - hit->offset, 1U) << at;  // a zero before UTF-16 of one order begins that of the other
      }
    }
  }
}

TEST(Proof, FindsUtf16AmongPixelsThatLookLikeIt) {
  const ProofSearch search({.ids = {"MRN-4433221"}});
  for (const bool is_big : {false, true}) {
    std::string word;
    for (const char c : std::string_view("MRN-4433221"))
      word += is_big ? std::string({'\0', c}) : std::string({c, '\0'});
    for (const char background : {'\0', 'A', '\xF9'}) {  // of the low bytes: air in CT takes the values of letters
      for (std::size_t at = 4080; at < 4100; ++at) {
        std::string pixels(9000, '\0');
        for (std::size_t n = 0; n < pixels.size(); n += 2) pixels[n] = background;
        pixels.replace(at, word.size() + 1, " " + word);
        EXPECT_TRUE(search.find(std::as_bytes(std::span(pixels)), ProofSearch::Where::binary)) << at << background;
      }
    }
  }
}

TEST(Proof, FindsUtf16ThatBeginsWithOtherLettersInThePieceBefore) {
  const ProofSearch search({.ids = {"홍길MRN44332211"}});
  std::string word("\x4D\xD6\x38\xAE");  // the Hangul in UTF-16
  for (const char c : std::string_view("MRN44332211")) word += {c, '\0'};
  for (std::size_t at = 4060; at < 4100; ++at) {
    std::string pixels(9000, '\1');
    pixels.replace(at, word.size(), word);
    const auto hit = search.find(std::as_bytes(std::span(pixels)), ProofSearch::Where::binary);
    ASSERT_TRUE(hit) << at;
    EXPECT_EQ(hit->offset, at);
  }
}

TEST(Proof, FindsUtf16InAnyCaseAmongPixels) {
  const ProofSearch search({.person_names = {"Vermeulen^Tess"}});
  for (const std::string_view name : {"VERMEULEN, TESS", "Tess Vermeulen", "vermeulen"}) {
    std::string word;
    for (const char c : name) word += {c, '\0'};
    for (std::size_t at = 100; at < 110; ++at) {
      std::string pixels(9000, '\1');
      pixels.replace(at, word.size(), word);
      EXPECT_TRUE(search.find(std::as_bytes(std::span(pixels)), ProofSearch::Where::binary)) << name << " at " << at;
    }
  }
}

TEST(Proof, FindsWhatASimpleSearchFinds) {
  // Every pattern at every place of random bytes, many at once.
  std::mt19937 random(7);
  Identifiers identifiers;
  for (int n = 0; n < 200; ++n) identifiers.ids.push_back("ID" + std::to_string(100000 + random() % 900000));
  const ProofSearch search(identifiers);
  for (int n = 0; n < 300; ++n) {
    std::string text(500, '\0');
    for (char& c : text) c = static_cast<char>(random() % 64 + 1);  // no letters: ids stand alone
    EXPECT_FALSE(search.find(std::as_bytes(std::span(text)), ProofSearch::Where::text));
    const std::string& id = identifiers.ids[random() % identifiers.ids.size()];
    const std::size_t at = random() % (text.size() - id.size() - 2) + 1;
    text.replace(at, id.size(), id);
    text[at - 1] = text[at + id.size()] = ' ';
    const auto hit = search.find(std::as_bytes(std::span(text)), ProofSearch::Where::text);
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->offset, at);
  }
}

}  // namespace

}  // namespace naru::test
