/// Recipes as the tests of what reads them write them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/error.h"
#include "pipeline/recipe.h"

namespace naru::test {

/// The two lines that every recipe needs.
constexpr std::string_view kRecipeStart = "schema = \"naru.recipe/1\"\nname = \"r\"\n";

/// @return why the recipe of these lines and `rest` is refused; "" where it is not
inline std::string recipe_problem(std::string_view rest) {
  try {
    parse_recipe(std::string(kRecipeStart) + std::string(rest), "f.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::recipe_invalid);
    return error.what();
  }
  return "";
}

}  // namespace naru::test
