#include "server/recipe_text.h"

#include <algorithm>

#include "pipeline/recipe.h"

namespace naru::server {

std::string recipe_text(std::string_view name_or_toml) {
  if (name_or_toml.empty()) return "";
  const auto builtins = builtin_recipes();
  const auto found = std::ranges::find(builtins, name_or_toml, &BuiltinRecipe::name);
  const std::string_view toml = found == builtins.end() ? name_or_toml : found->toml;
  parse_recipe(toml, "recipe");
  return std::string(toml);
}

}  // namespace naru::server
