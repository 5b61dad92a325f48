#include "pipeline/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/text.h"
#include "pipeline/allow_list.h"
#include "pipeline/recipe_deid.h"
#include "pipeline/recipe_rules.h"
#include "pipeline/toml_value.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxRecipeBytes = 1 << 20;
constexpr double kMinSpacingMm = 0.01, kMaxSpacingMm = 100;

constexpr std::array<std::string_view, 6> kNormalize = {"none", "window", "minmax", "zscore", "percentile", "nyul"};
constexpr std::array<std::string_view, 3> kForeground = {"otsu", "mean", "all"};
constexpr std::array<std::string_view, 2> kClipWhen = {"before", "after"};
constexpr std::array<std::string_view, 3> kCompression = {"none", "gzip", "gzip-small"};
constexpr std::array<std::string_view, 1> kCompressionLater = {"zstd"};
constexpr std::array<std::string_view, 2> kDtypes = {"int16", "float32"};

/// A code of Modality (0008,0060): upper-case letters and digits.
bool is_modality(std::string_view code) {
  return code.size() >= 2 && code.size() <= 16 &&
         std::ranges::all_of(code, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

void read_modality(const TomlValue& value, Recipe& recipe) {
  recipe.modality = value.strings();
  if (!std::ranges::all_of(recipe.modality, is_modality)) value.fail("may name codes such as \"CT\", \"MR\", \"US\"");
}

/// A term that no image ever has would leave out all of them.
void read_body_part(const TomlValue& value, Recipe& recipe) {
  recipe.body_part = value.strings();
  for (const std::string& term : recipe.body_part) {
    if (public_body_part(term) != term) value.fail(fmt::format("may name: {}", fmt::join(public_body_parts(), ", ")));
  }
}

void read_spacing(const TomlValue& value, Recipe& recipe) {
  if (value.is_string()) {
    value.word({"native"});
    recipe.spacing_mm.reset();
    return;
  }
  const auto numbers = value.numbers(3);
  for (const double mm : numbers) {
    if (mm < kMinSpacingMm || mm > kMaxSpacingMm) {
      value.fail(fmt::format("must lie between {} and {} mm", kMinSpacingMm, kMaxSpacingMm));
    }
  }
  recipe.spacing_mm = Vec3{numbers[0], numbers[1], numbers[2]};
}

/// Of constants of normalisation: so that what they make stays far within f32. The least deviation is nnU-Net's.
constexpr double kMostUnits = 1e9, kLeastDeviation = 1e-8;

void read_clip(const TomlValue& value, Recipe& recipe) {
  const auto range = value.numbers(2);
  if (range[0] >= range[1]) value.fail("must be [low, high] with low < high");
  if (std::max(-range[0], range[1]) > kMostUnits || range[1] - range[0] < kLeastDeviation ||
      static_cast<float>(range[0]) == static_cast<float>(range[1])) {
    value.fail(fmt::format("must lie between {} and {}, its ends so far apart that 32-bit floats tell them apart",
                           -kMostUnits, kMostUnits));
  }
  recipe.clip = ClipRange{range[0], range[1]};
}

void read_mean(const TomlValue& value, Recipe& recipe) {
  recipe.mean = value.number();
  if (std::abs(*recipe.mean) > kMostUnits)
    value.fail(fmt::format("must lie between {} and {}", -kMostUnits, kMostUnits));
}

void read_deviation(const TomlValue& value, Recipe& recipe) {
  recipe.deviation = value.number();
  if (*recipe.deviation < kLeastDeviation || *recipe.deviation > kMostUnits) {
    value.fail(fmt::format("must lie between {} and {}", kLeastDeviation, kMostUnits));
  }
}

void read_nyul_landmarks(const TomlValue& value, Recipe& recipe) {
  const auto numbers = value.numbers(kNyulPercentiles.size());
  if (!std::ranges::is_sorted(numbers, std::less_equal<>())) value.fail("must ascend");
  if (std::max(-numbers.front(), numbers.back()) > kMostUnits || numbers.back() - numbers.front() < kLeastDeviation) {
    value.fail(
        fmt::format("must lie between {} and {}, its ends {} or more apart", -kMostUnits, kMostUnits, kLeastDeviation));
  }
  std::ranges::copy(numbers, recipe.nyul_landmarks.emplace().begin());
}

void read_dtype(const TomlValue& value, Recipe& recipe) {
  if (value.string() == "float16") {
    value.fail(
        "= \"float16\" is not available in this version: NIfTI-1, which both layouts write, has no such type; use "
        "\"float32\"");
  }
  recipe.dtype = value.one_of(kDtypes) == 0 ? DType::int16 : DType::float32;
}

/// A short text of one line.
std::string read_line(const TomlValue& value) {
  constexpr std::size_t kMostBytes = 300;
  std::string text = value.string();
  if (text.empty() || text.size() > kMostBytes || printable(text) != text) {
    value.fail(fmt::format("must be a text of 1 to {} bytes on one line", kMostBytes));
  }
  return text;
}

void read_date_published(const TomlValue& value, Recipe& recipe) {
  const std::string text = value.string();
  if (!is_date(text)) value.fail("must be a date as \"2026-11-28\"");
  recipe.publication.date_published = text;
}

void read_axes(const TomlValue& value, Recipe& recipe) {
  recipe.axes = value.string();
  if (!is_axis_codes(recipe.axes)) value.fail("must name one of L/R, one of P/A and one of S/I, e.g. \"RAS\"");
}

void read_share(const TomlValue& value, double& share) {
  share = value.number();
  if (share < 0 || share > 1) value.fail("must lie between 0 and 1");
}

CropRule& crop_rule(Recipe& recipe) {
  if (!recipe.crop) recipe.crop.emplace();
  return *recipe.crop;
}

void read_margin(const TomlValue& value, Recipe& recipe) {
  constexpr double kMostMm = 1000;
  crop_rule(recipe).margin_mm = value.number();
  if (recipe.crop->margin_mm < 0 || recipe.crop->margin_mm > kMostMm) {
    value.fail(fmt::format("must lie between 0 and {} mm", kMostMm));
  }
}

SplitShares& shares(Recipe& recipe) {
  if (!recipe.split) recipe.split.emplace();
  return *recipe.split;
}

Json where_set(const std::optional<double>& number) { return number ? Json(*number) : Json(nullptr); }
Json where_set(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json unless_none(const std::string& word) { return word == "none" ? Json(nullptr) : Json(word); }

std::string_view dtype_word(const Recipe& r) { return name(*r.dtype); }

/// One key of the recipe: how it is read and how it is written down again.
struct Key {
  std::string_view section, name;
  void (*read)(const TomlValue&, Recipe&);
  Json (*write)(const Recipe&);
  bool is_own_rule = false;  ///< of a hospital: written down only where there is one
};

// The order of rows is the order of work and of the JSON.
constexpr std::array kKeys = {
    Key{"select", "modality", read_modality, [](const Recipe& r) { return Json(r.modality); }},
    Key{"select", "body_part", read_body_part, [](const Recipe& r) { return Json(r.body_part); }},
    Key{"select", "min_slices", [](const TomlValue& v, Recipe& r) { r.min_slices = v.count(); },
        [](const Recipe& r) { return Json(r.min_slices); }},
    Key{"geometry", "gap",
        [](const TomlValue& v, Recipe& r) {
          r.gap = v.word({"reject", "interpolate", "keep_longest_run"});
        },
        [](const Recipe& r) { return Json(r.gap); }},
    Key{"geometry", "tilt",
        [](const TomlValue& v, Recipe& r) {
          r.tilt = v.word({"straighten", "keep"});
        },
        [](const Recipe& r) { return Json(r.tilt); }},
    Key{"deidentify", "profile", [](const TomlValue& v, Recipe& r) { r.profile = v.word({"basic"}); },
        [](const Recipe& r) { return Json(r.profile); }},
    Key{"deidentify", "options", read_options, [](const Recipe& r) { return Json(r.options); }},
    Key{"deidentify", "attributes", read_attributes, attributes_json, true},
    Key{"deidentify", "private", read_private_elements, private_elements_json, true},
    Key{"deidentify", "keep_words", [](const TomlValue& v, Recipe& r) { read_words(v, r.keep_words); },
        [](const Recipe& r) { return words_json(r.keep_words); }, true},
    Key{"deidentify", "remove_words", [](const TomlValue& v, Recipe& r) { read_words(v, r.remove_words); },
        [](const Recipe& r) { return words_json(r.remove_words); }, true},
    Key{"deidentify", "date_shift_bound_days", read_date_shift_bound, date_shift_bound_json, true},
    Key{"pixels", "text",
        [](const TomlValue& v, Recipe& r) {
          r.text = v.word({"keep", "redact", "quarantine"});
        },
        [](const Recipe& r) { return Json(r.text); }},
    Key{"pixels", "face",
        [](const TomlValue& v, Recipe& r) {
          r.face = v.word({"keep", "remove", "quarantine"});
        },
        [](const Recipe& r) { return Json(r.face); }},
    Key{"pixels", "classes", read_classes, classes_json, true},
    Key{"pixels", "thresholds", read_thresholds, thresholds_json, true},
    Key{"pixels", "regions", read_regions, regions_json, true},
    Key{"orient", "axes", read_axes, [](const Recipe& r) { return Json(r.axes); }},
    Key{"resample", "spacing_mm", read_spacing,
        [](const Recipe& r) { return r.spacing_mm ? Json(*r.spacing_mm) : Json("native"); }},
    Key{"resample", "convention",
        [](const TomlValue& v, Recipe& r) { r.convention = static_cast<GridConvention>(v.one_of(kGridConventions)); },
        [](const Recipe& r) { return Json(kGridConventions[static_cast<std::size_t>(r.convention)]); }},
    Key{"resample", "interpolator",
        [](const TomlValue& v, Recipe& r) { r.interpolator = static_cast<Interpolator>(v.one_of(kInterpolators)); },
        [](const Recipe& r) { return Json(kInterpolators[static_cast<std::size_t>(r.interpolator)]); }},
    Key{"resample", "antialias", [](const TomlValue& v, Recipe& r) { r.antialias = v.boolean(); },
        [](const Recipe& r) { return Json(r.antialias); }},
    Key{"intensity", "clip", read_clip,
        [](const Recipe& r) {
          return r.clip ? Json{r.clip->low, r.clip->high} : Json(nullptr);
        }},
    Key{"intensity", "clip_when",
        [](const TomlValue& v, Recipe& r) { r.clip_when = static_cast<ClipWhen>(v.one_of(kClipWhen)); },
        [](const Recipe& r) { return Json(kClipWhen[static_cast<std::size_t>(r.clip_when)]); }},
    Key{"intensity", "normalize",
        [](const TomlValue& v, Recipe& r) { r.normalize = static_cast<Normalize>(v.one_of(kNormalize)); },
        [](const Recipe& r) { return Json(kNormalize[static_cast<std::size_t>(r.normalize)]); }},
    Key{"intensity", "foreground",
        [](const TomlValue& v, Recipe& r) { r.foreground = static_cast<Foreground>(v.one_of(kForeground)); },
        [](const Recipe& r) { return r.foreground ? Json(name(*r.foreground)) : Json(nullptr); }, true},
    Key{"intensity", "mean", read_mean, [](const Recipe& r) { return where_set(r.mean); }, true},
    Key{"intensity", "deviation", read_deviation, [](const Recipe& r) { return where_set(r.deviation); }, true},
    Key{"intensity", "nyul_landmarks", read_nyul_landmarks,
        [](const Recipe& r) { return r.nyul_landmarks ? Json(*r.nyul_landmarks) : Json(nullptr); }, true},
    Key{"intensity", "philips_scale",
        [](const TomlValue& v, Recipe& r) {
          r.philips_scale = v.word({"display", "precise"});
        },
        [](const Recipe& r) { return Json(r.philips_scale); }},
    Key{"intensity", "bias_field",
        [](const TomlValue& v, Recipe& r) {
          r.bias_field = v.word({"none", "n4"});
        },
        [](const Recipe& r) { return unless_none(r.bias_field); }, true},
    Key{"intensity", "denoise",
        [](const TomlValue& v, Recipe& r) {
          r.denoise = v.word({"none", "curvature"});
        },
        [](const Recipe& r) { return unless_none(r.denoise); }, true},
    Key{"crop", "foreground", [](const TomlValue& v, Recipe& r) { crop_rule(r).foreground = v.boolean(); },
        [](const Recipe& r) { return r.crop ? Json(r.crop->foreground) : Json(nullptr); }, true},
    Key{"crop", "margin_mm", read_margin,
        [](const Recipe& r) { return r.crop ? Json(r.crop->margin_mm) : Json(nullptr); }, true},
    Key{"crop", "threshold", [](const TomlValue& v, Recipe& r) { crop_rule(r).threshold = v.number(); },
        [](const Recipe& r) { return r.crop && r.crop->threshold ? Json(*r.crop->threshold) : Json(nullptr); }, true},
    Key{"output", "layout",
        [](const TomlValue& v, Recipe& r) {
          r.layout =
              v.word({"plain", "nnunet"}, {"monai", "bids", "webdataset", "zarr", "npy", "mha", "nrrd", "dicom"});
        },
        [](const Recipe& r) { return Json(r.layout); }},
    Key{"output", "dtype", read_dtype, [](const Recipe& r) { return r.dtype ? Json(dtype_word(r)) : Json(nullptr); }},
    Key{"output", "compression",
        [](const TomlValue& v, Recipe& r) {
          r.compression = static_cast<Compression>(v.one_of(kCompression, kCompressionLater));
        },
        [](const Recipe& r) { return Json(kCompression[static_cast<std::size_t>(r.compression)]); }},
    Key{"output", "license", [](const TomlValue& v, Recipe& r) { r.publication.license = read_line(v); },
        [](const Recipe& r) { return where_set(r.publication.license); }, true},
    Key{"output", "creator", [](const TomlValue& v, Recipe& r) { r.publication.creator = read_line(v); },
        [](const Recipe& r) { return where_set(r.publication.creator); }, true},
    Key{"output", "url", [](const TomlValue& v, Recipe& r) { r.publication.url = read_line(v); },
        [](const Recipe& r) { return where_set(r.publication.url); }, true},
    Key{"output", "version", [](const TomlValue& v, Recipe& r) { r.publication.version = read_line(v); },
        [](const Recipe& r) { return where_set(r.publication.version); }, true},
    Key{"output", "date_published", read_date_published,
        [](const Recipe& r) { return where_set(r.publication.date_published); }, true},
    Key{"split", "train", [](const TomlValue& v, Recipe& r) { read_share(v, shares(r).train); },
        [](const Recipe& r) { return r.split ? Json(r.split->train) : Json(nullptr); }},
    Key{"split", "val", [](const TomlValue& v, Recipe& r) { read_share(v, shares(r).val); },
        [](const Recipe& r) { return r.split ? Json(r.split->val) : Json(nullptr); }},
    Key{"split", "test", [](const TomlValue& v, Recipe& r) { read_share(v, shares(r).test); },
        [](const Recipe& r) { return r.split ? Json(r.split->test) : Json(nullptr); }},
};

// [labels] is in the contract; its keys come with later versions.
constexpr std::array<std::string_view, 1> kSectionsLater = {"labels"};

std::vector<std::string_view> section_names() {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) {
    if (names.empty() || names.back() != key.section) names.push_back(key.section);
  }
  return names;
}

void read_section(std::string_view section, const toml::table& table, const TomlOrigin& origin, Recipe& recipe) {
  for (const auto& [name, node] : table) {
    const auto row = std::ranges::find_if(
        kKeys, [&, key = name.str()](const Key& k) { return k.section == section && k.name == key; });
    if (row == kKeys.end()) {
      std::vector<std::string_view> known;
      for (const Key& key : kKeys) {
        if (key.section == section) known.push_back(key.name);
      }
      fail_at(origin, name.source(),
              fmt::format("unknown key \"{}\" in [{}]; known: {}", name.str(), section, fmt::join(known, ", ")));
    }
    row->read(TomlValue(origin, fmt::format("[{}] {}", section, name.str()), node), recipe);
  }
}

constexpr std::string_view kNameForm = "must have 1 to 64 letters, digits, '-', '_' or '.'";

bool is_name(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !text.empty() && text.size() <= 64 && text.find_first_not_of(kLetters) == std::string_view::npos;
}

void read_root_value(const toml::key& key, const toml::node& node, const TomlOrigin& origin, Recipe& recipe) {
  const TomlValue value(origin, std::string(key.str()), node);
  if (key.str() == "schema") {
    if (value.string() != "naru.recipe/1") value.fail("must be \"naru.recipe/1\"");
  } else if (key.str() == "name") {
    recipe.name = value.string();
    if (!is_name(recipe.name)) value.fail(std::string(kNameForm));
  } else {
    fail_at(origin, key.source(),
            fmt::format("unknown key \"{}\"; known: schema, name, and the sections {}", key.str(),
                        fmt::join(section_names(), ", ")));
  }
}

RecipePlaces places_of(const toml::table& root, const TomlOrigin& origin) {
  RecipePlaces places;
  for (const auto& [section, node] : root) {
    places.emplace(section.str(), place_text(origin, node.source()));
    const toml::table* const keys = node.as_table();
    if (keys == nullptr) continue;
    for (const auto& [key, value] : *keys) {
      places.emplace(fmt::format("{}.{}", section.str(), key.str()), place_text(origin, value.source()));
    }
  }
  return places;
}

}  // namespace

Recipe parse_recipe(std::string_view toml_text, std::string_view name_or_file) {
  const std::string origin_name = fmt::format("recipe {}", name_or_file);
  const TomlOrigin origin{origin_name, ErrorCode::recipe_invalid};
  const toml::table root = parse_toml(toml_text, origin);
  Recipe recipe;
  const auto sections = section_names();
  if (!root.contains("schema")) {
    fail_at(origin, root.source(), "the first line must be schema = \"naru.recipe/1\"");
  }
  if (!root.contains("name")) fail_at(origin, root.source(), fmt::format("name {}", kNameForm));
  for (const auto& [key, node] : root) {
    if (std::ranges::find(kSectionsLater, key.str()) != kSectionsLater.end()) {
      fail_at(origin, key.source(), fmt::format("[{}] is not available in this version", key.str()));
    }
    const bool is_section = std::ranges::find(sections, key.str()) != sections.end();
    if (is_section && !node.is_table())
      fail_at(origin, key.source(), fmt::format("{0} is a section: [{0}]", key.str()));
    if (is_section) {
      read_section(key.str(), *node.as_table(), origin, recipe);
    } else {
      read_root_value(key, node, origin, recipe);
    }
  }
  recipe.places = std::make_shared<RecipePlaces>(places_of(root, origin));
  require_rules(recipe);
  if (recipe.crop && !recipe.crop->foreground) recipe.crop.reset();  // switched off
  return recipe;
}

Recipe load_recipe(const std::string& name_or_file) {
  for (const BuiltinRecipe& builtin : builtin_recipes()) {
    if (builtin.name == name_or_file) return parse_recipe(builtin.toml, builtin.name);
  }
  std::ifstream file(name_or_file, std::ios::binary);
  std::string text(kMaxRecipeBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (!file.eof() || text.size() > kMaxRecipeBytes) {
    throw Error(ErrorCode::recipe_invalid,
                fmt::format("recipe {}: neither a built-in (see 'naru recipes') nor a readable file of at most 1 MiB",
                            name_or_file));
  }
  return parse_recipe(text, name_or_file);
}

nlohmann::ordered_json to_json(const Recipe& recipe) {
  Json json = {{"schema", "naru.recipe/1"}, {"name", recipe.name}};
  for (const Key& key : kKeys) {
    Json value = key.write(recipe);
    if (!key.is_own_rule || !value.is_null()) json[key.section][key.name] = std::move(value);
  }
  return json;
}

std::string_view name(Foreground foreground) { return kForeground[static_cast<std::size_t>(foreground)]; }

Foreground foreground_of(const Recipe& recipe) {
  return recipe.foreground.value_or(recipe.normalize == Normalize::nyul ? Foreground::mean : Foreground::otsu);
}

dicom::StackOptions stack_options(const std::optional<Recipe>& recipe) {
  constexpr bool kNeedsHu = true;  // the built-in for CT clips in HU
  if (!recipe) return {dicom::GapPolicy::reject, false, kNeedsHu};
  const auto gap = recipe->gap == "interpolate"        ? dicom::GapPolicy::interpolate
                   : recipe->gap == "keep_longest_run" ? dicom::GapPolicy::keep_longest_run
                                                       : dicom::GapPolicy::reject;
  // nnU-Net's channel of CT is in HU, too.
  return {gap, recipe->philips_scale == "precise", recipe->clip.has_value() || recipe->layout == "nnunet",
          recipe->tilt == "keep", recipe->takes_volumes_only()};
}

std::string recipe_sha256(const Recipe& recipe) {
  const std::string text = to_json(recipe).dump();
  return sha256_hex(text);
}

}  // namespace naru
