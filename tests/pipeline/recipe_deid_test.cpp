#include "pipeline/recipe_deid.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/pipeline/recipe_text.h"

namespace naru {
namespace {

using Json = nlohmann::ordered_json;
using dicom::DeidAction;
using dicom::DeidOption;
using test::kRecipeStart;
using test::recipe_problem;
using ::testing::HasSubstr;

constexpr std::string_view kEverything = R"toml(
[deidentify]
options = ["clean-descriptors", "clean-pixel-data", "retain-safe-private"]
attributes = [
  {tag = "(0008,1030)", action = "X"},
  {tag = "(0010,0040)", action = "K"},
]
private = [{group = "0019", creator = "SIEMENS MR HEADER", element = "0C", keep = true}]
keep_words = ["Gated"]
remove_words = ["Zonnebloem"]
date_shift_bound_days = 365
[pixels]
classes = ["C", "B"]
thresholds = [0.3, 0.8]
[[pixels.regions]]
modality = "US"
manufacturer = "GE Healthcare"
model = "LOGIQ E9"
rows = 720
columns = 960
x = 0
y = 0
width = 960
height = 48
)toml";

Recipe parse(std::string_view rest) { return parse_recipe(std::string(kRecipeStart) + std::string(rest), "f.toml"); }

TEST(RecipeDeid, ReadsAHospitalsOwnRules) {
  const dicom::DeidentifyPolicy policy = policy_of(parse(kEverything));
  EXPECT_TRUE(policy.options.has(DeidOption::clean_descriptors));
  EXPECT_TRUE(policy.options.has(DeidOption::clean_pixel_data));
  EXPECT_TRUE(policy.options.has(DeidOption::retain_safe_private));
  EXPECT_FALSE(policy.options.has(DeidOption::retain_uids));
  ASSERT_EQ(policy.attributes.size(), 2U);
  EXPECT_EQ(policy.attributes[1].tag, 0x00100040U);
  EXPECT_EQ(policy.attributes[1].action, DeidAction::K);
  ASSERT_EQ(policy.private_elements.size(), 1U);
  EXPECT_EQ(policy.private_elements[0].group, 0x0019);
  EXPECT_EQ(policy.private_elements[0].creator, "SIEMENS MR HEADER");
  EXPECT_EQ(policy.private_elements[0].element, 0x0C);
  EXPECT_TRUE(policy.private_elements[0].keep);
  EXPECT_THAT(policy.keep_words, ::testing::ElementsAre("Gated"));
  EXPECT_THAT(policy.remove_words, ::testing::ElementsAre("Zonnebloem"));
  EXPECT_EQ(policy.date_shift_bound_days, 365);
  ASSERT_EQ(policy.regions.size(), 1U);
  EXPECT_EQ(policy.regions[0].model, "LOGIQ E9");
  EXPECT_EQ(policy.regions[0].height, 48);
}

TEST(RecipeDeid, EveryOptionOfTheStandardIsKnownByName) {
  for (const dicom::DeidOptionInfo& row : dicom::deid_options()) {
    const std::string with_option = fmt::format("[deidentify]\noptions = [\"{}\"]\n", row.name);
    EXPECT_EQ(recipe_problem(with_option + "[pixels]\nface = \"remove\"\n"), "") << row.name;
  }
}

TEST(RecipeDeid, CleansVisualFeaturesByRemovingFacesAlone) {
  EXPECT_THAT(recipe_problem("[deidentify]\noptions = [\"clean-recognizable-visual-features\"]\n"),
              HasSubstr("[pixels] face = \"remove\""));
  EXPECT_TRUE(
      policy_of(parse("[pixels]\nface = \"remove\"\n")).options.has(DeidOption::clean_recognizable_visual_features));
}

TEST(RecipeDeid, WritesDownWhatItReadAndNothingWhereThereIsNothing) {
  const Json json = to_json(parse(kEverything));
  EXPECT_EQ(json["deidentify"]["attributes"][0], (Json{{"tag", "(0008,1030)"}, {"action", "X"}}));
  EXPECT_EQ(json["deidentify"]["private"][0],
            (Json{{"group", "0019"}, {"creator", "SIEMENS MR HEADER"}, {"element", "0C"}, {"keep", true}}));
  EXPECT_EQ(json["deidentify"]["date_shift_bound_days"], 365);
  EXPECT_EQ(json["pixels"]["regions"][0]["columns"], 960);
  const Json plain = to_json(parse(""));
  for (const char* key : {"attributes", "private", "keep_words", "remove_words", "date_shift_bound_days"}) {
    EXPECT_TRUE(json["deidentify"].contains(key)) << key;
    EXPECT_FALSE(plain["deidentify"].contains(key)) << key;
  }
  EXPECT_FALSE(plain["pixels"].contains("regions"));
  EXPECT_NE(recipe_sha256(parse(kEverything)), recipe_sha256(parse("")));
}

// The hashes that datasets of version 0.1.0 hold; they must not change while the recipe does not.
TEST(RecipeDeid, RecipesWithoutOwnRulesKeepTheirHashes) {
  EXPECT_EQ(recipe_sha256(load_recipe("ct-1mm")), "f8dea18dbfa57cca9b313783fe60db5eb094312ca45ddfb8faa9b2ba6f35f04a");
  EXPECT_EQ(recipe_sha256(load_recipe("mr-nnunet")),
            "8f908aac747be8c93623198caf2731cd56f13b5d710dcaa2e579b8786171a99b");
}

TEST(RecipeDeid, NamesLineAndColumnOfAnUnknownKeyInARow) {
  EXPECT_THAT(recipe_problem("[deidentify]\nattributes = [{tag = \"(0008,1030)\", acton = \"X\"}]\n"),
              HasSubstr("f.toml:4:37: unknown key \"acton\" in [deidentify] attributes; known: tag, action"));
  EXPECT_THAT(recipe_problem("[[pixels.regions]]\nmodality = \"US\"\nrow = 1\n"),
              HasSubstr("f.toml:5:1: unknown key \"row\""));
  EXPECT_THAT(recipe_problem("[deidentify]\nattributs = []\n"), HasSubstr("f.toml:4:1: unknown key \"attributs\""));
}

TEST(RecipeDeid, RefusesRulesThatSayNothingUsable) {
  const std::string region =
      "[deidentify]\noptions = [\"clean-pixel-data\"]\n[[pixels.regions]]\nmodality = \"US\"\nmanufacturer = \"M\"\n";
  const std::pair<std::string, std::string> cases[] = {
      {"[deidentify]\nattributes = [{tag = \"0008,1030\", action = \"X\"}]\n", "in the form"},
      {"[deidentify]\nattributes = [{tag = \"(0008,103)\", action = \"X\"}]\n", "in the form"},
      {"[deidentify]\nattributes = [{tag = \"(0008,10G0)\", action = \"X\"}]\n", "in the form"},
      {"[deidentify]\nattributes = [{tag = \"(+008,1030)\", action = \"X\"}]\n", "in the form"},
      {"[deidentify]\nattributes = [{tag = \"(0019,100C)\", action = \"X\"}]\n", "private tag"},
      {"[deidentify]\nattributes = [{tag = \"(7FE0,0010)\", action = \"X\"}]\n", "no attribute that a rule can change"},
      {"[deidentify]\nattributes = [{tag = \"(0002,0010)\", action = \"X\"}]\n", "no attribute that a rule can change"},
      {"[deidentify]\nattributes = [{tag = \"(0008,0005)\", action = \"X\"}]\n", "no attribute that a rule can change"},
      {"[deidentify]\nattributes = [{tag = \"(FFFE,E000)\", action = \"X\"}]\n", "no attribute that a rule can change"},
      {"[deidentify]\nattributes = [{tag = \"(7FE0,0008)\", action = \"X\"}]\n", "no attribute that a rule can change"},
      {"[deidentify]\nattributes = [{tag = \"(6002,3000)\", action = \"K\"}]\n",
       "(6002,3000), which is removed in any"},
      {"[deidentify]\nattributes = [{tag = \"(5000,3000)\", action = \"C\"}]\n", "which is removed in any case"},
      {"[deidentify]\nattributes = [{tag = \"(7FE0,0001)\", action = \"K\"}]\n", "which is removed in any case"},
      {"[deidentify]\nattributes = [{tag = \"(0088,0200)\", action = \"K\"}]\n", "whose pixels are removed"},
      {"[deidentify]\nattributes = [{tag = \"(0018,0000)\", action = \"K\"}]\n", "which is removed in any case"},
      {"[deidentify]\nattributes = [{tag = \"(0008,1030)\", action = \"X/Z\"}]\n", "must be one of"},
      {"[deidentify]\nattributes = [{tag = \"(0008,0050)\", action = \"U\"}]\n", "holds no UIDs"},
      {"[deidentify]\nattributes = [{tag = \"(0008,1030)\"}]\n", "lacks the key \"action\""},
      {"[deidentify]\nattributes = [{tag = \"(0008,1030)\", action = \"X\"}, {tag = \"(0008,1030)\", action = "
       "\"K\"}]\n",
       "(0008,1030) twice"},
      {"[deidentify]\nattributes = [1]\n", "must be a list of tables"},
      {"[deidentify]\nprivate = [{group = \"0018\", creator = \"C\", element = \"0C\", keep = true}]\n", "odd group"},
      {"[deidentify]\nprivate = [{group = \"0019\", creator = \"\", element = \"0C\", keep = true}]\n",
       "1 to 64 bytes"},
      {"[deidentify]\nprivate = [{group = \"0019\", creator = \"C \", element = \"0C\", keep = false}]\n", "no blanks"},
      {"[deidentify]\nprivate = [{group = \"0019\", creator = \"C\", element = \"100C\", keep = true}]\n",
       "two hexadecimal digits"},
      {"[deidentify]\nprivate = [{group = \"0019\", creator = \"C\", element = \"0C\"}]\n", "lacks the key \"keep\""},
      {"[deidentify]\nkeep_words = [\"\"]\n", "1 to 256 bytes"},
      {"[deidentify]\nkeep_words = [\"A\"]\nremove_words = [\"A\"]\n", "the same word"},
      {"[deidentify]\nkeep_words = [\"Abc\"]\nremove_words = [\"abc\"]\n", "the same word"},
      {"[deidentify]\ndate_shift_bound_days = 0\n", "between 1 and 36500"},
      {"[deidentify]\ndate_shift_bound_days = 36501\n", "between 1 and 36500"},
      {"[pixels]\nclasses = []\n", "one or more of"},
      {"[pixels]\nclasses = [\"D\"]\n", "one or more of"},
      {"[pixels]\nclasses = [\"A\", \"A\"]\n", "one or more of"},
      {"[pixels]\nthresholds = [0.9, 0.5]\n", "low <= high"},
      {"[pixels]\nthresholds = [0.0, 0.5]\n", "0.05 <= low"},
      {"[pixels]\nthresholds = [0.5]\n", "2 numbers"},
      {region + "rows = 10\ncolumns = 10\nx = 0\ny = 0\nwidth = 11\nheight = 1\n", "width must lie between 1 and 10"},
      {region + "rows = 10\ncolumns = 10\nx = 10\ny = 0\nwidth = 1\nheight = 1\n", "x must lie between 0 and 9"},
      {region + "rows = 0\ncolumns = 10\nx = 0\ny = 0\nwidth = 1\nheight = 1\n", "rows must lie between 1 and 65535"},
      {region + "rows = 10\ncolumns = 10\nx = 0\ny = 0\nwidth = 1\n", "lacks the key \"height\""},
      {"[[pixels.regions]]\nmodality = \"US\"\nmanufacturer = \"M\"\nrows = 10\ncolumns = 10\nx = 0\ny = 0\nwidth = "
       "1\nheight = 1\n",
       "\"clean-pixel-data\""},
  };
  for (const auto& [toml, message] : cases) EXPECT_THAT(recipe_problem(toml), HasSubstr(message)) << toml;
}

TEST(RecipeDeid, NamesLineAndColumnOfWhatDoesNotGoTogether) {
  EXPECT_THAT(recipe_problem("[deidentify]\nkeep_words = [\"Abc\"]\nremove_words = [\"abc\"]\n"),
              HasSubstr("recipe f.toml:5:16: [deidentify] keep_words and remove_words"));
  EXPECT_THAT(recipe_problem("[deidentify]\noptions = [\"clean-recognizable-visual-features\"]\n"),
              HasSubstr("recipe f.toml:4:11: [deidentify] \"clean-recognizable-visual-features\""));
  EXPECT_THAT(recipe_problem("[[pixels.regions]]\nmodality = \"US\"\nmanufacturer = \"M\"\nrows = 9\ncolumns = 9\n"
                             "x = 0\ny = 0\nwidth = 1\nheight = 1\n"),
              HasSubstr("recipe f.toml:3:1: [pixels] regions"));
}

/// One that was made without a text has no place.
TEST(RecipeDeid, PrepareNamesTheRecipeThatWasNotParsed) {
  Recipe recipe;
  recipe.name = "made";
  recipe.modality = {"US"};
  try {
    require_for_prepare(recipe);
    FAIL() << "prepare takes no US";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("recipe made: [select] modality"));
  }
}

TEST(RecipeDeid, PrepareRefusesByNameWhatOnlyDeidentifyDoes) {
  EXPECT_NO_THROW(require_for_prepare(load_recipe("ct-1mm")));
  const auto problem = [](std::string_view rest) -> std::string {
    try {
      require_for_prepare(parse(rest));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::recipe_invalid);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(problem("[select]\nmodality = [\"CT\", \"US\"]\n"),
              HasSubstr("recipe f.toml:4:12: [select] modality may name \"CT\", \"MR\" and \"PT\""));
  EXPECT_THAT(problem("[deidentify]\noptions = [\"clean-pixel-data\"]\n"),
              AllOf(HasSubstr("recipe f.toml:4:11: [deidentify] options"), HasSubstr("add [pixels] regions")));
  EXPECT_EQ(problem(kEverything), "");
  EXPECT_EQ(problem("[pixels]\ntext = \"redact\"\n"), "");
}

TEST(RecipeDeid, RedactingTextIsTheOptionCleanPixelData) {
  EXPECT_TRUE(policy_of(parse("[pixels]\ntext = \"redact\"\n")).options.has(dicom::DeidOption::clean_pixel_data));
  EXPECT_FALSE(policy_of(parse("[pixels]\ntext = \"quarantine\"\n")).options.has(dicom::DeidOption::clean_pixel_data));
}

TEST(RecipeDeid, TextIsLookedForUnlessItIsKept) {
  EXPECT_TRUE(policy_of(parse("[pixels]\ntext = \"redact\"\n")).looks_for_text);
  EXPECT_TRUE(policy_of(parse("[pixels]\ntext = \"quarantine\"\n")).looks_for_text);
  EXPECT_FALSE(policy_of(parse("[pixels]\ntext = \"keep\"\n")).looks_for_text);
}

}  // namespace
}  // namespace naru
