/// What to make of a study: a recipe, written as TOML (`schema = "naru.recipe/1"`), in the order of the work.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry.h"
#include "core/volume.h"
#include "dicom/deidentify/policy.h"
#include "dicom/stack.h"
#include "kernels/nyul.h"
#include "kernels/resample.h"
#include "kernels/text_regions.h"

namespace naru {

inline constexpr std::array<std::string_view, 4> kInterpolators = {"nearest", "linear", "bspline", "lanczos"};

enum class Compression { none, gzip, gzip_small };
enum class Normalize { none, window, minmax, zscore, percentile, nyul };
enum class Foreground { otsu, mean, all };  ///< clipped values above Otsu's threshold, above their mean, or all
enum class ClipWhen { before, after };

/// A clip range in modality units (HU for CT).
struct ClipRange {
  double low = 0, high = 0;
};

/// Cropping to the foreground.
struct CropRule {
  bool foreground = false;
  double margin_mm = 5;
  std::optional<double> threshold;  ///< in modality units; empty: see crop_threshold
};

/// Shares of the patients; they add up to 1.
struct SplitShares {
  double train = 0, val = 0, test = 0;
};

/// What only those who hand a dataset over can say of it, for croissant.json; each may be empty.
struct Publication {
  std::string license, creator, url, version;
  std::string date_published;  ///< YYYY-MM-DD
};

/// Where each section ("crop") and each key ("crop.margin_mm") stands, for messages: "recipe my.toml:4:3".
using RecipePlaces = std::map<std::string, std::string, std::less<>>;

/// Every member but the last is one key of the TOML; what each means stands in docs/how-to/write-a-recipe.md.
struct Recipe {
  std::string name;
  // [select]: empty means any
  std::vector<std::string> modality, body_part;
  std::int64_t min_slices = 1;
  // [geometry]
  std::string gap = "reject", tilt = "straighten";
  // [deidentify]
  std::string profile = "basic";
  std::vector<std::string> options;
  std::vector<dicom::AttributeOverride> attributes;
  std::vector<dicom::PrivateOverride> private_elements;  ///< key "private"
  std::vector<std::string> keep_words, remove_words;
  std::optional<int> date_shift_bound_days;
  // [pixels]
  std::string text = "keep", face = "keep";
  std::vector<std::string> classes;                 ///< names of dicom::ImageClass; empty means any
  std::optional<std::array<double, 2>> thresholds;  ///< empty: TextThresholds' own
  std::vector<dicom::PixelRegion> regions;
  bool looks_for_text() const { return text != "keep"; }
  TextThresholds text_thresholds() const;
  bool looks_for_faces() const { return face != "keep"; }
  // [orient]
  std::string axes = "RAS";
  // [resample]
  std::optional<Vec3> spacing_mm;  ///< empty: native
  GridConvention convention = GridConvention::naru;
  Interpolator interpolator = Interpolator::linear;
  bool antialias = false;
  // [intensity]
  std::optional<ClipRange> clip;
  ClipWhen clip_when = ClipWhen::after;
  Normalize normalize = Normalize::none;
  std::optional<double> mean, deviation;        ///< of zscore, in units, both or none: of a data set, not of the case
  std::optional<Foreground> foreground;         ///< empty: what its method takes, see foreground_of
  std::optional<NyulLandmarks> nyul_landmarks;  ///< the standard scale; empty: the cases of the job teach it
  std::string philips_scale = "display";
  std::string bias_field = "none", denoise = "none";
  bool restores() const { return bias_field != "none" || denoise != "none"; }  ///< voxels are units before resampling
  // [crop]
  std::optional<CropRule> crop;  ///< empty: nothing is cropped
  // [output]
  std::string layout = "plain";
  bool takes_volumes_only() const { return layout == "nnunet"; }  ///< nnU-Net reads no 4-D images
  std::optional<DType> dtype;  ///< int16 or float32; empty: int16 where every value is exact, else float32
  Compression compression = Compression::gzip;
  Publication publication;
  // [split]
  std::optional<SplitShares> split;

  std::shared_ptr<const RecipePlaces> places;  ///< null where it was not parsed
};

/// Parses a recipe. `origin` names it in messages (a built-in's name or a file's).
/// @throws Error{recipe_invalid} "ORIGIN:LINE:COLUMN: ..." for a syntax error, an unknown section or key, a value of
/// the wrong type or range, a value that the contract knows but this version cannot do, or keys that do not go together
Recipe parse_recipe(std::string_view toml, std::string_view origin);

/// The recipe that `--recipe` names: a built-in, or else a file.
/// @throws Error{recipe_invalid} for an unknown name, an unreadable file, or as parse_recipe
Recipe load_recipe(const std::string& name_or_file);

/// @throws Error{recipe_invalid} for what `naru prepare` cannot do: other modalities than CT, MR and PT
void require_for_prepare(const Recipe& recipe);

/// The whole recipe with its defaults filled in, keys as in the TOML; a hospital's own rules (attributes, private,
/// keep_words, remove_words, date_shift_bound_days, regions) and keys that refine a method only where they are set. The
/// same recipe gives the same JSON.
nlohmann::ordered_json to_json(const Recipe& recipe);

/// The foreground that normalisation takes its constants from: what the recipe says, else Otsu's for the z-score and,
/// as published, what is above the mean for Nyul's landmarks.
Foreground foreground_of(const Recipe& recipe);
std::string_view name(Foreground foreground);

/// What the recipe says to de-identification.
dicom::DeidentifyPolicy policy_of(const Recipe& recipe);

/// What the recipe says to the sorting of slices; without one, what every built-in says.
dicom::StackOptions stack_options(const std::optional<Recipe>& recipe);

/// SHA-256 of to_json(recipe): identifies what was asked for, whatever its spelling.
std::string recipe_sha256(const Recipe& recipe);

struct BuiltinRecipe {
  std::string_view name, summary, toml;
};
std::span<const BuiltinRecipe> builtin_recipes();
/// The built-in for a modality when none is asked for: ct-1mm, mr-1mm, or original-grid for PET.
std::string_view default_recipe_name(std::string_view modality);

}  // namespace naru
