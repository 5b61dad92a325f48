#include "server/jobs/job_recipe.h"

#include <algorithm>

#include "pipeline/deid_dataset.h"
#include "pipeline/deidentify.h"
#include "pipeline/recipe.h"

namespace naru::server {

namespace {

bool is_toml(std::string_view name_or_toml) { return name_or_toml.find_first_of("=\n") != std::string_view::npos; }

}  // namespace

std::string recipe_toml(WorkKind kind, std::string_view name_or_toml) {
  if (name_or_toml.empty()) return {};
  const auto builtins = builtin_recipes();
  const auto found = std::ranges::find(builtins, name_or_toml, &BuiltinRecipe::name);
  if (found == builtins.end() && !is_toml(name_or_toml)) {
    throw Error(ErrorCode::recipe_invalid, "the recipe is neither the name of a built-in nor TOML");
  }
  const std::string_view toml = is_toml(name_or_toml) ? name_or_toml : found->toml;
  const Recipe recipe = parse_recipe(toml, "recipe");
  if (kind == WorkKind::prepare) require_for_prepare(recipe);
  return std::string(toml);
}

std::string told_recipe(std::string_view name_or_toml) {
  return is_toml(name_or_toml) ? deliverable_toml(name_or_toml) : std::string(name_or_toml);
}

bool has_gpu_part(WorkKind kind, std::string_view toml) {
  return kind == WorkKind::prepare || (!toml.empty() && parse_recipe(toml, "recipe").looks_for_text());
}

std::string recipe_identity(WorkKind kind, std::string_view name_or_toml) {
  const std::string toml = recipe_toml(kind, name_or_toml);
  if (!toml.empty()) return recipe_sha256(parse_recipe(toml, "recipe"));
  return kind == WorkKind::deidentify ? recipe_sha256(default_deid_recipe()) : "by_modality";
}

}  // namespace naru::server
