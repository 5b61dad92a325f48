// The recipes that people copy from documents and examples must parse, and the guide must name every key.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "pipeline/recipe.h"

namespace naru {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGuide = NARU_ROOT "/docs/how-to/write-a-recipe.md";

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The blocks between ```toml and ``` that are whole recipes.
std::vector<std::string> recipes_in(const std::string& text) {
  std::vector<std::string> recipes;
  const std::string open = "```toml\n";
  for (std::size_t at = 0; (at = text.find(open, at)) != std::string::npos;) {
    const std::size_t begin = at + open.size();
    at = text.find("```", begin);
    recipes.push_back(text.substr(begin, at - begin));
    if (!recipes.back().starts_with("schema")) recipes.pop_back();
  }
  return recipes;
}

TEST(Recipes, EveryExampleParses) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(NARU_ROOT "/examples")) {
    if (entry.path().extension() != ".toml") continue;
    EXPECT_NO_THROW(load_recipe(entry.path().string())) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 2);
}

TEST(Recipes, EveryRecipeInTheGuideParses) {
  const auto recipes = recipes_in(text_of(kGuide));
  EXPECT_GE(recipes.size(), 2u);
  for (const std::string& recipe : recipes) EXPECT_NO_THROW(parse_recipe(recipe, "guide")) << recipe;
}

TEST(Recipes, TheGuideNamesEverySectionKeyAndBuiltin) {
  const std::string guide = text_of(kGuide);
  const auto json = to_json(parse_recipe("schema = \"naru.recipe/1\"\nname = \"all\"\n", "all"));
  int keys = 0;
  for (const auto& [section, members] : json.items()) {
    if (!members.is_object()) continue;
    EXPECT_NE(guide.find(fmt::format("`[{}]`", section)), std::string::npos) << section;
    for (const auto& [key, value] : members.items()) {
      EXPECT_NE(guide.find(fmt::format("| `{}` |", key)), std::string::npos) << section << " " << key;
      ++keys;
    }
  }
  EXPECT_GE(keys, 20);
  for (const BuiltinRecipe& builtin : builtin_recipes()) {
    EXPECT_NE(guide.find(fmt::format("`{}`", builtin.name)), std::string::npos) << builtin.name;
  }
}

}  // namespace
}  // namespace naru
