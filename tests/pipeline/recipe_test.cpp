#include "pipeline/recipe.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/pipeline/recipe_text.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

using test::kRecipeStart;
using test::recipe_problem;
using ::testing::HasSubstr;

TEST(Recipe, ParsesEveryBuiltin) {
  std::vector<std::string> names;
  for (const BuiltinRecipe& builtin : builtin_recipes()) {
    const Recipe recipe = parse_recipe(builtin.toml, builtin.name);
    EXPECT_EQ(recipe.name, builtin.name);
    names.push_back(recipe.name);
  }
  EXPECT_THAT(names, ::testing::ElementsAre("original-grid", "ct-1mm", "mr-1mm", "ct-nnunet", "mr-nnunet"));
}

TEST(Recipe, BuiltinsSayWhatTheContractSays) {
  const Recipe ct = load_recipe("ct-1mm");
  EXPECT_EQ(ct.spacing_mm, (Vec3{1, 1, 1}));
  EXPECT_EQ(ct.clip->low, -1024);
  EXPECT_EQ(ct.clip->high, 3071);
  EXPECT_EQ(ct.dtype, DType::int16);
  EXPECT_EQ(ct.interpolator, Interpolator::linear);
  const Recipe mr = load_recipe("mr-1mm");
  EXPECT_EQ(mr.normalize, Normalize::zscore);
  EXPECT_EQ(mr.dtype, DType::float32);
  EXPECT_FALSE(load_recipe("original-grid").spacing_mm);
  EXPECT_EQ(load_recipe("ct-nnunet").layout, "nnunet");
}

TEST(Recipe, NamesLineAndColumnOfAnUnknownKey) {
  EXPECT_THAT(recipe_problem("[resample]\n  spacing = [1, 1, 1]\n"), HasSubstr("f.toml:4:3: unknown key \"spacing\""));
  EXPECT_THAT(recipe_problem("[resmaple]\n"), HasSubstr("f.toml:3:2: unknown key \"resmaple\""));
  EXPECT_THAT(recipe_problem("nmae = 1\n"), HasSubstr("f.toml:3:1: unknown key \"nmae\""));
}

TEST(Recipe, RefusesKeysWithoutEnd) {
  std::string key = "a";
  for (int level = 1; level < 260000; ++level) key += ".a";
  EXPECT_THAT(recipe_problem(key + " = 1\n"), HasSubstr("f.toml:3:1: a line may have at most 256 dots"));
  EXPECT_THAT(recipe_problem("[" + key + "]\nb = 1\n"), HasSubstr("f.toml:3:1: a line may have at most 256 dots"));
}

TEST(Recipe, NamesLineAndColumnOfASyntaxError) { EXPECT_THAT(recipe_problem("[resample\n"), HasSubstr("f.toml:3:10")); }

TEST(Recipe, RefusesValuesOfTheWrongKind) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"[resample]\nspacing_mm = 1.0\n", "must be a list"},
      {"[[resample]]\nspacing_mm = [1.0, 1.0, 1.0]\n", "resample is a section: [resample]"},
      {"[resample]\nspacing_mm = [1.0, 1.0]\n", "list of 3 numbers"},
      {"[resample]\nspacing_mm = [0.0, 1.0, 1.0]\n", "between 0.01 and 100"},
      {"[resample]\nspacing_mm = [nan, 1.0, 1.0]\n", "finite"},
      {"[resample]\nspacing_mm = \"isotropic\"\n", "must be one of: native"},
      {"[resample]\nantialias = 1\n", "true or false"},
      {"[intensity]\nclip = [300, -200]\n", "low < high"},
      {"[intensity]\nclip = [0.0, 1e-39]\n", "so far apart"},
      {"[intensity]\nclip = [1e39, 2e39]\n", "must lie between"},
      {"[intensity]\nclip = [100000.0, 100000.001]\n", "so far apart"},
      {"[select]\nmin_slices = -1\n", "0 or more"},
      {"[select]\nmodality = [\"ct\"]\n", "may name"},
      {"[select]\nbody_part = [\"CHEST\", \"Thorax\"]\n", "body_part may name: ABDOMEN, "},
      {"[orient]\naxes = \"RAX\"\n", "must name one of L/R"},
      {"[orient]\naxes = \"RLS\"\n", "must name one of L/R"},
      {"[split]\ntrain = 1.5\n", "between 0 and 1"},
      {"[split]\ntrain = 0.5\n", "add up to 0.5"},
      {"[split]\ntrain = 0.7\nval = 0.1\n", "add up to 0.8, not 1"},
      {"[select]\nmodality = [\"CT]\n", "a quote may be missing"},
      {"[orient]\naxes = RAS\n", "a quote may be missing"},
      {"[deidentify]\noptions = [\"retain-everything\"]\n", "knows no"},
      {"[deidentify]\noptions = [\"retain-longitudinal-full-dates\", \"retain-longitudinal-modified-dates\"]\n",
       "exclude each other"},
  };
  for (const auto& [toml, message] : cases) EXPECT_THAT(recipe_problem(toml), HasSubstr(std::string(message))) << toml;
}

TEST(Recipe, RefusesWhatThisVersionCannotDoRatherThanIgnoringIt) {
  for (const std::string_view toml : {"[output]\nlayout = \"bids\"\n", "[output]\ndtype = \"float16\"\n",
                                      "[output]\ncompression = \"zstd\"\n", "[labels]\n"}) {
    EXPECT_THAT(recipe_problem(toml), HasSubstr("not available in this version")) << toml;
  }
}

TEST(Recipe, SaysWhyFloat16IsRefusedAndWhatToTake) {
  EXPECT_THAT(recipe_problem("[output]\ndtype = \"float16\"\n"),
              AllOf(HasSubstr("NIfTI-1"), HasSubstr("use \"float32\"")));
}

TEST(Recipe, WritesKeysThatRefineAMethodOnlyWhereTheyAreSet) {
  const auto plain = to_json(load_recipe("mr-1mm"))["intensity"];
  for (const char* key : {"foreground", "nyul_landmarks", "bias_field", "denoise"}) {
    EXPECT_FALSE(plain.contains(key)) << key;
  }
  const Recipe recipe = parse_recipe(std::string(kRecipeStart) +
                                         "[select]\nmodality = [\"MR\"]\n[intensity]\nnormalize = \"nyul\"\n"
                                         "nyul_landmarks = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]\n"
                                         "foreground = \"otsu\"\nbias_field = \"n4\"\ndenoise = \"curvature\"\n",
                                     "f");
  const auto json = to_json(recipe)["intensity"];
  EXPECT_EQ(json["foreground"], "otsu");
  EXPECT_EQ(json["nyul_landmarks"][9], 90);
  EXPECT_EQ(json["bias_field"], "n4");
  EXPECT_EQ(json["denoise"], "curvature");
  EXPECT_EQ(to_json(parse_recipe(std::string(kRecipeStart) + "[intensity]\nbias_field = \"none\"\n", "f")),
            to_json(parse_recipe(kRecipeStart, "f")));
}

TEST(Recipe, TakesMeanAndDeviationOfADataSet) {
  const std::string start = std::string(kRecipeStart) + "[intensity]\nnormalize = \"zscore\"\n";
  const auto plain = to_json(parse_recipe(start, "f"))["intensity"];
  EXPECT_FALSE(plain.contains("mean") || plain.contains("deviation"));
  const Recipe recipe = parse_recipe(start + "mean = -75.5\ndeviation = 144\n", "f");
  EXPECT_EQ(to_json(recipe)["intensity"]["mean"], -75.5);
  EXPECT_EQ(to_json(recipe)["intensity"]["deviation"], 144);
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"zscore\"\nmean = 1\n"), HasSubstr("go together"));
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"zscore\"\ndeviation = 1\n"), HasSubstr("go together"));
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"zscore\"\nmean = 1\ndeviation = 0\n"),
              HasSubstr("must lie between"));
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"zscore\"\nmean = nan\ndeviation = 1\n"), HasSubstr("finite"));
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"zscore\"\nmean = 1e300\ndeviation = 1\n"),
              HasSubstr("must lie between"));
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"zscore\"\nmean = 1\ndeviation = 1e-39\n"),
              HasSubstr("must lie between"));
  EXPECT_THAT(recipe_problem("[intensity]\nmean = 1\ndeviation = 2\n"), HasSubstr("belong to normalize"));
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"zscore\"\nforeground = \"all\"\nmean = 1\ndeviation = 2\n"),
              HasSubstr("without foreground"));
}

TEST(Recipe, CropsOnlyWhereAskedTo) {
  const Recipe recipe = parse_recipe(std::string(kRecipeStart) + "[crop]\nforeground = true\nmargin_mm = 7.5\n", "f");
  ASSERT_TRUE(recipe.crop);
  EXPECT_EQ(recipe.crop->margin_mm, 7.5);
  EXPECT_EQ(to_json(recipe)["crop"]["foreground"], true);
  EXPECT_FALSE(to_json(recipe)["crop"].contains("threshold"));
  const Recipe off = parse_recipe(std::string(kRecipeStart) + "[crop]\nforeground = false\nmargin_mm = 7.5\n", "f");
  EXPECT_EQ(to_json(off), to_json(parse_recipe(kRecipeStart, "f")));
  EXPECT_THAT(recipe_problem("[crop]\nthreshold = 4.0\n"), HasSubstr("belongs to foreground"));
  EXPECT_THAT(recipe_problem("[crop]\nmargin_mm = 4.0\n"), HasSubstr("belongs to foreground"));
  EXPECT_THAT(recipe_problem("[crop]\nforeground = true\nmargin_mm = -1\n"), HasSubstr("between 0 and"));
}

TEST(Recipe, TakesTheForegroundThatIsUsualForAMethod) {
  Recipe recipe;
  recipe.normalize = Normalize::zscore;
  EXPECT_EQ(foreground_of(recipe), Foreground::otsu);
  recipe.normalize = Normalize::nyul;
  EXPECT_EQ(foreground_of(recipe), Foreground::mean);
  recipe.foreground = Foreground::all;
  EXPECT_EQ(foreground_of(recipe), Foreground::all);
}

TEST(Recipe, RefusesCombinationsThatContradict) {
  EXPECT_THAT(recipe_problem("[resample]\nconvention = \"monai\"\ninterpolator = \"lanczos\"\n"),
              HasSubstr("use \"bspline\""));
  EXPECT_THAT(recipe_problem("[resample]\nconvention = \"itk\"\nantialias = true\n"),
              HasSubstr("antialias = true goes with"));
  EXPECT_THAT(recipe_problem("[resample]\nantialias = true\n"), HasSubstr("antialias = true needs spacing_mm"));
  EXPECT_THAT(recipe_problem("[resample]\nspacing_mm = [2, 2, 2]\ninterpolator = \"nearest\"\nantialias = true\n"),
              HasSubstr("use \"linear\""));
  EXPECT_THAT(recipe_problem("[intensity]\nforeground = \"all\"\n"), HasSubstr("belongs to normalize"));
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"nyul\"\n"), HasSubstr("needs one modality"));
  EXPECT_THAT(recipe_problem("[intensity]\nnyul_landmarks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n"),
              HasSubstr("belongs to normalize"));
  EXPECT_THAT(recipe_problem("[intensity]\nnyul_landmarks = [0, 1, 2, 3, 3, 5, 6, 7, 8, 9, 10]\n"),
              HasSubstr("ascend"));
  EXPECT_THAT(recipe_problem("[intensity]\nnyul_landmarks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1e10]\n"),
              HasSubstr("must lie between"));
  EXPECT_THAT(
      recipe_problem("[intensity]\nnyul_landmarks = [0, 1e-20, 2e-20, 3e-20, 4e-20, 5e-20, 6e-20, 7e-20, 8e-20, "
                     "9e-20, 1e-19]\n"),
      HasSubstr("or more apart"));
  EXPECT_THAT(recipe_problem("[intensity]\nnyul_landmarks = [-1e10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n"),
              HasSubstr("must lie between"));
  EXPECT_THAT(recipe_problem("[select]\nmodality = [\"CT\"]\n[intensity]\nbias_field = \"n4\"\n"),
              HasSubstr("[\"MR\"]"));
  EXPECT_THAT(recipe_problem("[intensity]\nbias_field = \"n4\"\n"), HasSubstr("[\"MR\"]"));
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"window\"\n"), HasSubstr("needs clip"));
  EXPECT_THAT(recipe_problem("[intensity]\nnormalize = \"zscore\"\n[output]\ndtype = \"int16\"\n"),
              HasSubstr("cannot hold"));
  EXPECT_THAT(recipe_problem("[output]\nlayout = \"nnunet\"\n"), HasSubstr("needs one modality"));
}

TEST(Recipe, NamesLineAndColumnOfWhatDoesNotGoTogether) {
  const std::string landmarks = "nyul_landmarks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n";
  const std::pair<std::string, std::string_view> cases[] = {
      {"[intensity]\nnormalize = \"window\"\n", "4:13: [intensity] normalize = \"window\" needs clip"},
      {"[intensity]\nnormalize = \"minmax\"\n[output]\ndtype = \"int16\"\n", "6:9: [output] dtype"},
      {"[resample]\nconvention = \"monai\"\ninterpolator = \"lanczos\"\n", "5:16: [resample] interpolator"},
      {"[resample]\nantialias = true\n", "4:13: [resample] antialias = true needs"},
      {"[resample]\nspacing_mm = [2, 2, 2]\nantialias = true\nconvention = \"itk\"\n", "5:13: [resample] antialias"},
      {"[resample]\nspacing_mm = [2, 2, 2]\ninterpolator = \"nearest\"\nantialias = true\n",
       "6:13: [resample] antialias"},
      {"[intensity]\nbias_field = \"n4\"\n", "4:14: [intensity] bias_field"},
      {"[crop]\nforeground = false\nthreshold = 3\n", "5:13: [crop] threshold"},
      {"[crop]\nmargin_mm = 3\n", "4:13: [crop] margin_mm"},
      {"[intensity]\nforeground = \"otsu\"\n", "4:14: [intensity] foreground"},
      {"[intensity]\nnormalize = \"zscore\"\nmean = 1\n", "5:8: [intensity] mean and deviation go"},
      {"[intensity]\nnormalize = \"zscore\"\ndeviation = 1\n", "5:13: [intensity] mean and deviation go"},
      {"[intensity]\ndeviation = 1\nmean = 1\n", "5:8: [intensity] mean and deviation belong"},
      {"[intensity]\n" + landmarks, "4:18: [intensity] nyul_landmarks"},
      {"intensity.normalize = \"nyul\"\n", "3:23: [intensity] normalize = \"nyul\" needs one modality"},
      {"[output]\nlayout = \"nnunet\"\n", "4:10: [output] layout"},
      {"[select]\nmodality = [\"CT\"]\n[output]\nlayout = \"nnunet\"\ncompression = \"none\"\n",
       "7:15: [output] layout = \"nnunet\" needs compression"},
      {"\n[split]\ntrain = 0.5\n", "4:1: [split] shares add up to 0.5"},
  };
  for (const auto& [toml, message] : cases) {
    EXPECT_THAT(recipe_problem(toml), HasSubstr("recipe f.toml:" + std::string(message))) << toml;
  }
}

TEST(Recipe, NamesLineAndColumnOfAWrongNameAndWhereOneIsMissing) {
  const auto problem = [](const std::string& name) -> std::string {
    try {
      parse_recipe("schema = \"naru.recipe/1\"\n" + name, "f.toml");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(problem("name = \"a/b\"\n"), HasSubstr("recipe f.toml:2:8: name must have 1 to 64 letters"));
  EXPECT_THAT(problem("name = \"" + std::string(65, 'a') + "\"\n"), HasSubstr("f.toml:2:8: name must have"));
  EXPECT_THAT(problem(""), HasSubstr("recipe f.toml:1:1: name must have"));
  EXPECT_EQ(problem("name = \"a-b_c.1\"\n"), "");
}

TEST(Recipe, DemandsItsSchema) {
  EXPECT_THROW(parse_recipe("name = \"r\"\n", "f"), Error);
  EXPECT_THROW(parse_recipe("schema = \"naru.recipe/2\"\nname = \"r\"\n", "f"), Error);
}

TEST(Recipe, HashDependsOnMeaningNotOnSpelling) {
  const Recipe plain = parse_recipe(std::string(kRecipeStart) + "[resample]\nspacing_mm = [1.0, 1.0, 1.0]\n", "a");
  const Recipe spelled =
      parse_recipe(std::string(kRecipeStart) + "# words\nresample.spacing_mm = [1, 1, 1.000]\n", "b");
  const Recipe other = parse_recipe(std::string(kRecipeStart) + "[resample]\nspacing_mm = [1.0, 1.0, 1.5]\n", "c");
  EXPECT_EQ(recipe_sha256(plain), recipe_sha256(spelled));
  EXPECT_NE(recipe_sha256(plain), recipe_sha256(other));
}

TEST(Recipe, LoadsAFileAndNamesAMissingOne) {
  const test::TempFolder folder;
  test::spill(folder / "mine.toml", std::string(kRecipeStart));
  EXPECT_EQ(load_recipe((folder / "mine.toml").string()).name, "r");
  EXPECT_THROW(load_recipe((folder / "other.toml").string()), Error);
}

TEST(Recipe, WantsADayOfTheCalendarForItsPublication) {
  const auto published = [](const std::string& date) {
    const std::string toml = std::string(kRecipeStart) + "[output]\ndate_published = \"" + date + "\"\n";
    return parse_recipe(toml, "r").publication.date_published;
  };
  EXPECT_EQ(published("2028-02-29"), "2028-02-29");
  for (const char* const wrong : {"2026-13-77", "2026-02-29", "2026-00-01", "2026-11-2", "26-11-28", "today"}) {
    EXPECT_THROW(published(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace naru
