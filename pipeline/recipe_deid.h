/// The keys of a recipe with which a hospital writes its own rules of de-identification: how they are read from TOML
/// and written down again. What each means stands in docs/how-to/write-a-recipe.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "pipeline/recipe.h"
#include "pipeline/recipe_rules.h"
#include "pipeline/toml_value.h"

namespace naru {

// [deidentify]
void read_options(const TomlValue& value, Recipe& recipe);
void read_attributes(const TomlValue& value, Recipe& recipe);
void read_private_elements(const TomlValue& value, Recipe& recipe);
void read_words(const TomlValue& value, std::vector<std::string>& words);
void read_date_shift_bound(const TomlValue& value, Recipe& recipe);
// [pixels]
void read_classes(const TomlValue& value, Recipe& recipe);
void read_thresholds(const TomlValue& value, Recipe& recipe);
void read_regions(const TomlValue& value, Recipe& recipe);

/// Null where the recipe holds none, as every writer below.
nlohmann::ordered_json attributes_json(const Recipe& recipe);
nlohmann::ordered_json private_elements_json(const Recipe& recipe);
nlohmann::ordered_json words_json(const std::vector<std::string>& words);
nlohmann::ordered_json date_shift_bound_json(const Recipe& recipe);
nlohmann::ordered_json classes_json(const Recipe& recipe);
nlohmann::ordered_json thresholds_json(const Recipe& recipe);
nlohmann::ordered_json regions_json(const Recipe& recipe);

/// What these keys say together.
std::span<const RecipeRule> deid_rules();

}  // namespace naru
