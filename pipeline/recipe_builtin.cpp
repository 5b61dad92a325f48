#include <algorithm>
#include <array>

#include "pipeline/recipe.h"

namespace naru {

namespace {

constexpr std::string_view kOriginalGrid = R"(schema = "naru.recipe/1"
name = "original-grid"

# Voxels as acquired, in modality units (HU for CT); int16 where exact, else float32.
[orient]
axes = "RAS"
[resample]
spacing_mm = "native"
[output]
layout = "plain"
compression = "gzip"
)";

constexpr std::string_view kCt1mm = R"(schema = "naru.recipe/1"
name = "ct-1mm"

[select]
modality = ["CT"]
[orient]
axes = "RAS"
[resample]
spacing_mm = [1.0, 1.0, 1.0]
interpolator = "linear"
[intensity]
clip = [-1024, 3071]            # HU that 12 bits hold
clip_when = "after"
[output]
layout = "plain"
dtype = "int16"
compression = "gzip"
)";

constexpr std::string_view kMr1mm = R"(schema = "naru.recipe/1"
name = "mr-1mm"

[select]
modality = ["MR"]
[orient]
axes = "RAS"
[resample]
spacing_mm = [1.0, 1.0, 1.0]
interpolator = "linear"
[intensity]
normalize = "zscore"            # over the foreground: voxels above Otsu's threshold
[output]
layout = "plain"
dtype = "float32"
compression = "gzip"
)";

constexpr std::string_view kCtNnunet = R"(schema = "naru.recipe/1"
name = "ct-nnunet"

# nnU-Net resamples and normalises by itself: give it the native grid in HU.
[select]
modality = ["CT"]
[resample]
spacing_mm = "native"
[output]
layout = "nnunet"
compression = "gzip"
)";

constexpr std::string_view kMrNnunet = R"(schema = "naru.recipe/1"
name = "mr-nnunet"

# nnU-Net resamples and normalises by itself: give it the native grid.
[select]
modality = ["MR"]
[resample]
spacing_mm = "native"
[output]
layout = "nnunet"
compression = "gzip"
)";

constexpr std::array kBuiltin = {
    BuiltinRecipe{"original-grid", "native grid, modality units, int16 where exact else float32", kOriginalGrid},
    BuiltinRecipe{"ct-1mm", "CT at 1 mm isotropic, linear, HU clipped to [-1024, 3071], int16", kCt1mm},
    BuiltinRecipe{"mr-1mm", "MR at 1 mm isotropic, linear, foreground z-score, float32", kMr1mm},
    BuiltinRecipe{"ct-nnunet", "CT in nnU-Net's raw layout, native grid, HU", kCtNnunet},
    BuiltinRecipe{"mr-nnunet", "MR in nnU-Net's raw layout, native grid", kMrNnunet},
};

}  // namespace

std::span<const BuiltinRecipe> builtin_recipes() { return kBuiltin; }

std::string_view default_recipe_name(std::string_view modality) {
  return modality == "CT" ? "ct-1mm" : modality == "MR" ? "mr-1mm" : "original-grid";
}

}  // namespace naru
