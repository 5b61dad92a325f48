#include "pipeline/deid_dataset.h"

#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "pipeline/deidentify.h"

namespace naru {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

DeidInstance instance(const std::string& patient, const std::string& number) {
  DeidInstance one;
  one.patient = patient;
  one.study = "2.25.1";
  one.series = "2.25.2";
  one.instance = "2.25." + number;
  one.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";
  one.modality = "CT";
  one.transfer_syntax_uid = "1.2.840.10008.1.2.1";
  one.facts = {std::string(64, 'c'), 524288};
  return one;
}

class DeidDatasetTest : public ::testing::Test {
 protected:
  /// The document in which an identifier is found; "" where none is.
  std::string document_with(const dicom::Identifiers& identifiers) {
    const auto documents = deid_documents(instances_, counts_, recipe_, project_);
    const auto of_none = deid_documents({}, {}, recipe_, project_);
    try {
      prove_documents(documents, of_none, written_, identifiers);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::internal);
      const std::string message = error.what();
      return message.substr(0, message.find(' '));
    }
    return "";
  }
  static dicom::Identifiers id(const std::string& text) {
    dicom::Identifiers identifiers;
    identifiers.ids = {text};
    return identifiers;
  }
  static dicom::Identifiers person(const std::string& text) {
    dicom::Identifiers identifiers;
    identifiers.person_names = {text};
    return identifiers;
  }

  std::vector<DeidInstance> instances_ = {instance("patient-00000000000000aa", "7")};
  dicom::DeidCounts counts_;
  Recipe recipe_ = default_deid_recipe();
  std::string project_ = "default";
  std::string written_;
};

TEST_F(DeidDatasetTest, FindsAnIdentifierThatBecameAPath) {
  instances_ = {instance("patient-kovalenko", "7")};
  EXPECT_EQ(document_with(person("Kovalenko^Iryna")), "SHA256SUMS");
  instances_ = {instance("patient-00000000000000aa", "20401177")};
  EXPECT_EQ(document_with(id("20401177")), "");  // inside a longer number
  instances_ = {instance("80401177", "7")};
  EXPECT_EQ(document_with(id("80401177")), "SHA256SUMS");
}

TEST_F(DeidDatasetTest, FindsAnIdentifierThatStandsInTheManifestAlone) {
  instances_[0].modality = "KOVALENKO";
  EXPECT_EQ(document_with(person("Kovalenko^Iryna")), "dataset.json");  // counts.by_modality
  instances_[0].modality = "CT";
  instances_[0].pixels_reason = "Kovalenko";
  EXPECT_EQ(document_with(person("Kovalenko^Iryna")), "manifest.jsonl");
}

TEST_F(DeidDatasetTest, WhatWeCountedOrComputedIdentifiesNobody) {
  counts_.by_action["X"] = 4711471;
  instances_[0].facts.size_bytes = 80401177;
  instances_[0].facts.sha256 = "a12345" + std::string(58, 'c');
  EXPECT_EQ(document_with(id("80401177")), "");
  EXPECT_EQ(document_with(id("4711471")), "");
  EXPECT_EQ(document_with(id("a12345")), "");
  EXPECT_EQ(document_with(id("00aa")), "");
}

TEST_F(DeidDatasetTest, WordsThatTheDocumentsHoldAnywayAreNoEvidence) {
  for (const char* name : {"Basic^Naru", "Card^Anna", "Series", "Ultra^Pixels", "Rtstruct"}) {
    EXPECT_EQ(document_with(person(name)), "") << name;
  }
  project_ = "kovalenko";  // the hospital's own choice
  EXPECT_EQ(document_with(person("Kovalenko^Iryna")), "");
}

TEST_F(DeidDatasetTest, WhatPeopleWroteIsSearchedButForPlacesAndOurOwnNames) {
  recipe_.publication = {"CC BY 4.0", "Kovalenko, Iryna", "https://x.example/80401177", "1", "2026-11-01"};
  written_ = written_by_people(recipe_, project_);
  EXPECT_EQ(document_with(person("Kovalenko^Iryna")), "the");
  EXPECT_EQ(document_with(id("80401177")), "the");
  EXPECT_EQ(document_with(person("Default")), "");
  dicom::Identifiers places;
  places.places = {"Kovalenko, Iryna"};
  EXPECT_EQ(document_with(places), "");
}

TEST_F(DeidDatasetTest, EveryTextOfARecipeIsWrittenByPeopleButForKnownMakers) {
  const std::vector<std::function<void(Recipe&)>> changes = {
      [](Recipe& r) {
        r.modality = {"CT", "80401177"};
      },
      [](Recipe& r) {
        r.private_elements = {{0x0019, "unit 80401177", 0x0C, false}};
      },
      [](Recipe& r) {
        r.regions = {{"80401177", "GE MEDICAL SYSTEMS", "", 2, 4, 0, 0, 1, 1}};
      },
      [](Recipe& r) {
        r.regions = {{"CT", "Siemens of 80401177", "", 2, 4, 0, 0, 1, 1}};
      },
      [](Recipe& r) {
        r.regions = {{"CT", "SIEMENS", "80401177", 2, 4, 0, 0, 1, 1}};
      }};
  for (std::size_t n = 0; n < changes.size(); ++n) {
    recipe_ = default_deid_recipe();
    changes[n](recipe_);
    written_ = written_by_people(recipe_, project_);
    EXPECT_EQ(document_with(id("80401177")), "the") << n;
    EXPECT_EQ(document_with(id("80401178")), "") << n;
  }
  recipe_.regions = {{"CT", "Shimadzu Corporation", "", 2, 4, 0, 0, 1, 1}};
  written_ = written_by_people(recipe_, project_);
  EXPECT_EQ(document_with(person("Shimadzu^Taro")), "");
  EXPECT_EQ(document_with(person("Kovalenko^Iryna")), "");
}

TEST_F(DeidDatasetTest, HoldsTheRecipeButForItsWords) {
  recipe_.remove_words = {"Zonnebloem"};
  recipe_.keep_words = {"Gated"};
  recipe_.attributes = {{0x00081030, dicom::DeidAction::X}};
  const auto documents = deid_documents(instances_, counts_, recipe_, project_);
  for (const auto& [name, text] : documents) {
    EXPECT_THAT(text, Not(HasSubstr("Zonnebloem"))) << name;
    EXPECT_THAT(text, Not(HasSubstr("Gated"))) << name;
  }
  const Json dataset = Json::parse(documents.at("dataset.json"));
  EXPECT_EQ(dataset["recipe"]["deidentify"]["attributes"][0]["tag"], "(0008,1030)");
  EXPECT_EQ(dataset["words_withheld"], 2);
  // A hash over the words would let anybody test a guess.
  Recipe guess = recipe_;
  EXPECT_NE(dataset["recipe_sha256"], recipe_sha256(guess));
  guess.remove_words = guess.keep_words = {};
  EXPECT_EQ(dataset["recipe_sha256"], recipe_sha256(guess));
}

TEST_F(DeidDatasetTest, TellsOfARecipesTomlAllButWordsAndComments) {
  const std::string schema = "schema = \"naru.recipe/1\"\nname = \"t\"\n";
  for (const std::string rules :
       {"[deidentify]\nremove_words = [\"Zonnebloem\"]  # Zonnebloem\nkeep_words = [\"Gated\"]\n",
        "deidentify.remove_words = [\"Zonnebloem\"]\ndeidentify.keep_words = [\"Gated\"]\n",
        "# Gated\ndeidentify = {options = [\"clean-descriptors\"], remove_words = [\"Zonnebloem\"]}\n"
        "[output]\ncreator = 'A \"Hospital\"'\n[intensity]\nclip = [-200, 300.5]\n",
        "[[deidentify.private]]\ngroup = \"0019\"\ncreator = \"ACME\"\nelement = \"0C\"\nkeep = false\n", ""}) {
    const std::string told = deliverable_toml(schema + rules);
    EXPECT_THAT(told, Not(HasSubstr("Zonnebloem"))) << rules;
    EXPECT_THAT(told, Not(HasSubstr("Gated"))) << rules;
    EXPECT_EQ(recipe_sha256(parse_recipe(told, "told")),
              recipe_sha256(deliverable(parse_recipe(schema + rules, "own"))));
  }
}

TEST_F(DeidDatasetTest, SaysWhenTheProfileMayNotBeClaimed) {
  const auto card = [&] { return deid_documents(instances_, counts_, recipe_, project_).at("README.md"); };
  EXPECT_THAT(card(), Not(HasSubstr("weakened")));
  recipe_.attributes = {{0x00100010, dicom::DeidAction::K}};
  EXPECT_THAT(card(), HasSubstr("weakened by rules of the hospital's own"));
  EXPECT_EQ(
      Json::parse(deid_documents(instances_, counts_, recipe_, project_).at("dataset.json"))["weaker_than_profile"],
      true);
}

TEST_F(DeidDatasetTest, CountsWhatTheManifestHolds) {
  instances_.push_back(instance("patient-00000000000000aa", "8"));
  instances_.push_back(instance("patient-00000000000000bb", "9"));
  instances_[2].study = "2.25.3";
  instances_[2].modality = "";
  instances_[1].pixels_are_kept = false;
  const Json counts = Json::parse(deid_documents(instances_, counts_, recipe_, project_).at("dataset.json"))["counts"];
  EXPECT_EQ(counts["instances"], 3);
  EXPECT_EQ(counts["patients"], 2);
  EXPECT_EQ(counts["studies"], 2);
  EXPECT_EQ(counts["series"], 1);
  EXPECT_EQ(counts["by_modality"], (Json{{"CT", 2}, {"other", 1}}));
  EXPECT_EQ(counts["by_pixels"], (Json{{"changed", 1}, {"kept", 2}}));
}

/// Words that every document has say nothing of a patient who is called so.
TEST_F(DeidDatasetTest, TakesNoWordsOfItsOwnForSomebody) {
  for (const char* name : {"Basic^Profile", "Sums^Anna", "Data^Card", "Transfer^Syntax", "Confidentiality^Profile"}) {
    EXPECT_EQ(document_with(person(name)), "") << name;
  }
}

}  // namespace
}  // namespace naru
