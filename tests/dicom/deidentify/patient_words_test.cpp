#include "dicom/deidentify/patient_words.h"

#include <gmock/gmock.h>

#include <string_view>
#include <thread>
#include <vector>

namespace naru::dicom {
namespace {

Identifiers dates(std::vector<std::string> all) {
  Identifiers identifiers;
  identifiers.dates = std::move(all);
  return identifiers;
}

class PatientWordsTest : public ::testing::Test {
 protected:
  PatientWordsTest() : words_(shared(), {}) {}
  static Identifiers shared() {
    Identifiers identifiers;
    identifiers.person_names = {"Vermeulen^Tess", "Aalders^Bo", "Vermeulen^Tess"};
    return identifiers;
  }
  static bool finds(const ProofSearch& search, std::string_view text) {
    return search.find(std::as_bytes(std::span(text)), ProofSearch::Where::text).has_value();
  }
  PatientWords words_;
};

TEST_F(PatientWordsTest, AreSortedAndEachOnce) {
  EXPECT_THAT(words_.identifiers().person_names, ::testing::ElementsAre("Aalders^Bo", "Vermeulen^Tess"));
}

TEST_F(PatientWordsTest, ACleanerTakesOutTheWordsOfThePatientAndThoseOfTheFile) {
  Identifiers own;
  own.places = {"Hangang General Hospital"};
  EXPECT_EQ(words_.cleaner(own)->remove_identifiers("Thorax Vermeulen").text, "Thorax");
  EXPECT_EQ(words_.cleaner(own)->remove_identifiers("Thorax Hangang General Hospital").text, "Thorax");
  EXPECT_EQ(words_.cleaner({})->remove_identifiers("Thorax Vermeulen").text, "Thorax");
  EXPECT_EQ(words_.cleaner({})->remove_identifiers("Thorax Hangang General Hospital").text,
            "Thorax Hangang General Hospital");
}

TEST_F(PatientWordsTest, ASearchOfAFileIsForItsWordsAlone) {
  EXPECT_TRUE(finds(words_.search(), "for Vermeulen"));
  EXPECT_FALSE(finds(words_.search(), "on 20200102"));
  EXPECT_TRUE(finds(*words_.search_of(dates({"20200102"})), "on 20200102"));
  EXPECT_FALSE(finds(*words_.search_of(dates({"20200102"})), "for Vermeulen"));
}

TEST_F(PatientWordsTest, TheSameWordsGetWhatWasMadeBeforeAndOthersTheirOwn) {
  const auto first = words_.search_of(dates({"20200102"}));
  EXPECT_EQ(words_.search_of(dates({"20200102"})), first);
  EXPECT_NE(words_.search_of(dates({"20200103"})), first);
  EXPECT_EQ(words_.search_of(dates({"20200102"})), first);
  const auto cleaner = words_.cleaner(dates({"20200102"}));
  EXPECT_EQ(words_.cleaner(dates({"20200102"})), cleaner);
}

TEST_F(PatientWordsTest, ForgetsWhatWasMadeLongAgoAndMakesItAgain) {
  std::vector<std::shared_ptr<const ProofSearch>> made;
  for (int day = 10; day < 31; ++day) made.push_back(words_.search_of(dates({"202001" + std::to_string(day)})));
  EXPECT_EQ(words_.search_of(dates({"20200130"})), made.back());
  const auto again = words_.search_of(dates({"20200110"}));
  EXPECT_NE(again, made.front());
  EXPECT_TRUE(finds(*again, "on 20200110"));
}

TEST_F(PatientWordsTest, GivesEachOfManyThreadsTheSearchOfItsWords) {
  std::vector<int> wrong(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      threads.emplace_back([&, t] {
        for (int n = 0; n < 300; ++n) {
          const std::string date = "202001" + std::to_string(10 + (n + static_cast<int>(t)) % 12);
          if (!finds(*words_.search_of(dates({date})), "on " + date)) ++wrong[t];
        }
      });
    }
  }
  EXPECT_THAT(wrong, ::testing::Each(0));
}

}  // namespace
}  // namespace naru::dicom
