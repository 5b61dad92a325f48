#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "pipeline/recipe.h"

namespace naru::cli {

namespace {

using Json = nlohmann::ordered_json;

int list(const Context& context) {
  Json rows = Json::array();
  for (const BuiltinRecipe& recipe : builtin_recipes()) {
    rows.push_back({{"name", recipe.name},
                    {"summary", recipe.summary},
                    {"sha256", recipe_sha256(parse_recipe(recipe.toml, recipe.name))}});
    if (!context.output.json) print("{:<14} {}\n", recipe.name, recipe.summary);
  }
  if (context.output.json) print_json({{"schema", "naru.recipes/1"}, {"recipes", std::move(rows)}});
  return kExitDone;
}

int show(const std::string& name, const Context& context) {
  for (const BuiltinRecipe& recipe : builtin_recipes()) {
    if (recipe.name != name) continue;
    if (context.output.json) {
      print_json(to_json(parse_recipe(recipe.toml, recipe.name)));
    } else {
      print("{}", recipe.toml);
    }
    return kExitDone;
  }
  throw Error(ErrorCode::usage, "no built-in recipe has that name: see 'naru recipes'");
}

}  // namespace

Action define_recipes(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand("show", "print one built-in recipe as TOML");
  sub->add_option("NAME", *name, "as listed by 'naru recipes'")->required();
  sub->footer("Example:\n  naru recipes show ct-1mm > my.toml");
  return [name, sub](const Context& context) { return sub->parsed() ? show(*name, context) : list(context); };
}

}  // namespace naru::cli
