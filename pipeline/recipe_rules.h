/// What the keys of a recipe say together: which do not go with each other.
#pragma once

#include <string_view>

#include "pipeline/recipe.h"

namespace naru {

struct RecipeRule {
  std::string_view key;  ///< "section.key": the one at fault, whose place a message gives
  bool (*is_broken)(const Recipe&);
  std::string_view problem;
};

/// @throws Error{recipe_invalid} "ORIGIN:LINE:COLUMN: PROBLEM", at the place of `key`, which is as in RecipeRule
[[noreturn]] void refuse(const Recipe& recipe, std::string_view key, std::string_view problem);

/// @pre `recipe` was parsed @throws Error{recipe_invalid} "ORIGIN:LINE:COLUMN: ..." for the first rule that is broken
void require_rules(const Recipe& recipe);

}  // namespace naru
