#include "pipeline/recipe_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "pipeline/recipe_deid.h"

namespace naru {

namespace {

bool has_one_modality(const Recipe& r) { return r.modality.size() == 1; }

bool has_lanczos(GridConvention convention) {
  return convention == GridConvention::naru || convention == GridConvention::torchio ||
         convention == GridConvention::itk;
}

constexpr std::array kRules = {
    RecipeRule{"intensity.normalize", [](const Recipe& r) { return r.normalize == Normalize::window && !r.clip; },
               "[intensity] normalize = \"window\" needs clip"},
    RecipeRule{"output.dtype",
               [](const Recipe& r) { return r.normalize != Normalize::none && r.dtype == DType::int16; },
               "[output] dtype = \"int16\" cannot hold normalised values; use \"float32\""},
    RecipeRule{"resample.interpolator",
               [](const Recipe& r) { return r.interpolator == Interpolator::lanczos && !has_lanczos(r.convention); },
               "[resample] interpolator = \"lanczos\" is known to the conventions naru, torchio and itk alone; use "
               "\"bspline\""},
    RecipeRule{"resample.antialias",
               [](const Recipe& r) { return r.antialias && r.convention != GridConvention::naru; },
               "[resample] antialias = true goes with convention = \"naru\" alone, since the other tools do not do the "
               "same"},
    RecipeRule{"resample.antialias", [](const Recipe& r) { return r.antialias && !r.spacing_mm; },
               "[resample] antialias = true needs spacing_mm: at \"native\" no voxel becomes larger"},
    RecipeRule{"resample.antialias",
               [](const Recipe& r) { return r.antialias && r.interpolator == Interpolator::nearest; },
               "[resample] antialias = true blends stored values, which interpolator = \"nearest\" keeps; use "
               "\"linear\""},
    RecipeRule{
        "intensity.bias_field",
        [](const Recipe& r) { return r.bias_field != "none" && !(has_one_modality(r) && r.modality.front() == "MR"); },
        "[intensity] bias_field is a matter of MR coils: it needs [select] modality = [\"MR\"]"},
    RecipeRule{"crop.threshold", [](const Recipe& r) { return r.crop && !r.crop->foreground && r.crop->threshold; },
               "[crop] threshold belongs to foreground = true"},
    RecipeRule{"crop.margin_mm", [](const Recipe& r) { return r.crop && !r.places->contains("crop.foreground"); },
               "[crop] margin_mm belongs to foreground = true"},
    RecipeRule{"intensity.foreground",
               [](const Recipe& r) {
                 return r.foreground && r.normalize != Normalize::zscore && r.normalize != Normalize::nyul;
               },
               "[intensity] foreground belongs to normalize = \"zscore\" or \"nyul\""},
    RecipeRule{"intensity.mean", [](const Recipe& r) { return r.mean && !r.deviation; },
               "[intensity] mean and deviation go together"},
    RecipeRule{"intensity.deviation", [](const Recipe& r) { return r.deviation && !r.mean; },
               "[intensity] mean and deviation go together"},
    RecipeRule{"intensity.mean",
               [](const Recipe& r) { return r.mean && (r.normalize != Normalize::zscore || r.foreground); },
               "[intensity] mean and deviation belong to normalize = \"zscore\" without foreground, whose own they "
               "replace"},
    RecipeRule{"intensity.nyul_landmarks",
               [](const Recipe& r) { return r.nyul_landmarks && r.normalize != Normalize::nyul; },
               "[intensity] nyul_landmarks belongs to normalize = \"nyul\""},
    RecipeRule{"intensity.normalize",
               [](const Recipe& r) { return r.normalize == Normalize::nyul && !has_one_modality(r); },
               "[intensity] normalize = \"nyul\" needs one modality in [select], since one scale holds for all cases"},
    RecipeRule{
        "output.layout", [](const Recipe& r) { return r.layout == "nnunet" && !has_one_modality(r); },
        "[output] layout = \"nnunet\" needs one modality in [select], since nnU-Net gives a channel one meaning"},
    RecipeRule{"output.compression",
               [](const Recipe& r) { return r.layout == "nnunet" && r.compression == Compression::none; },
               "[output] layout = \"nnunet\" needs compression = \"gzip\""},
};

/// What `naru prepare` does not do.
constexpr std::array kPrepareRules = {
    RecipeRule{"select.modality",
               [](const Recipe& r) {
                 return std::ranges::any_of(
                     r.modality, [](const std::string& code) { return code != "CT" && code != "MR" && code != "PT"; });
               },
               "[select] modality may name \"CT\", \"MR\" and \"PT\" for naru prepare"},
    RecipeRule{"deidentify.options",
               [](const Recipe& r) {
                 return std::ranges::find(r.options, "clean-pixel-data") != r.options.end() && r.regions.empty() &&
                        r.text != "redact";
               },
               "[deidentify] options: \"clean-pixel-data\" blanks nothing by itself: add [pixels] regions or text = "
               "\"redact\""},
};

void check_rules(std::span<const RecipeRule> rules, const Recipe& recipe) {
  for (const RecipeRule& rule : rules) {
    if (rule.is_broken(recipe)) refuse(recipe, rule.key, rule.problem);
  }
}

void check_shares(const Recipe& recipe) {
  if (!recipe.split) return;
  const double sum = recipe.split->train + recipe.split->val + recipe.split->test;
  if (std::abs(sum - 1) > 1e-9) refuse(recipe, "split", fmt::format("[split] shares add up to {:.10g}, not 1", sum));
}

}  // namespace

void refuse(const Recipe& recipe, std::string_view key, std::string_view problem) {
  std::string place = fmt::format("recipe {}", recipe.name);
  if (recipe.places) {
    if (const auto found = recipe.places->find(key); found != recipe.places->end()) place = found->second;
  }
  throw Error(ErrorCode::recipe_invalid, fmt::format("{}: {}", place, problem));
}

void require_rules(const Recipe& recipe) {
  check_rules(deid_rules(), recipe);
  check_rules(kRules, recipe);
  check_shares(recipe);
}

void require_for_prepare(const Recipe& recipe) { check_rules(kPrepareRules, recipe); }

}  // namespace naru
