/// From a recipe's [intensity] and a stack's stored values to the one map that the kernels apply.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "dicom/stack.h"
#include "kernels/intensity.h"
#include "kernels/nyul.h"
#include "kernels/piecewise.h"
#include "kernels/statistics.h"
#include "pipeline/recipe.h"

namespace naru {

struct IntensityPlan {
  IntensityMap before;  ///< applied to the stored voxels before resampling; used only where maps_before
  bool maps_before = false;
  IntensityMap map;                       ///< applied to what the resampling gives
  std::optional<PiecewiseMap> landmarks;  ///< applied to what `map` gives
  DType dtype = DType::int16;
  nlohmann::ordered_json steps_before, steps_after;  ///< the resampling, as the manifest lists them
};

/// Constants of normalisation are exact statistics of the native voxels (after the clip), from their histogram: so one
/// pass over the voxels rescales, clips, resamples, normalises and casts.
///   window      [clip low, clip high]            -> [0, 1]
///   minmax      [least, greatest]                -> [0, 1]
///   percentile  [0.5th, 99.5th percentile]       -> [0, 1], clipped
///   zscore      (units - mean) / deviation of the foreground (see foreground_of), or as the recipe gives them
///   nyul        the landmarks of the foreground to `standard`, straight in between
/// A constant volume becomes 0. dtype empty: int16 where no value is lost by it, else float32.
/// Where the stack is straightened or brought to units slice by slice no value is sure to be whole: float32.
/// @param bins what a value of the histogram means in units: the stack's rescale where stored values were counted
/// @param standard of nyul, which needs it
IntensityPlan plan_intensity(const Recipe& recipe, const dicom::Stack& stack, const Histogram& histogram,
                             const dicom::Rescale& bins, const std::optional<NyulLandmarks>& standard);

/// Nyul's landmarks of a case, in units after the clip. A foreground without values counts as all of them.
NyulLandmarks landmarks_of(const Recipe& recipe, const Histogram& histogram, const dicom::Rescale& bins);

/// True where the tool that the recipe follows clips what it interpolates to the least and greatest value before:
/// nnU-Net, through scikit-image. (Along a separate axis it does so slice by slice: kernels/resample.h.)
bool clips_to_source(const Recipe& recipe);
/// What lies beside the slices of a straightened stack is a value of the source, too.
void clip_to_source(IntensityPlan& plan, const Recipe& recipe, const dicom::Stack& stack, const Histogram& histogram,
                    const dicom::Rescale& bins);

/// True where the voxels are brought to units, as floats, before they are resampled: they are clipped then, or are
/// weighed by weights that do not add up to 1, with which a rescale that has an intercept does not commute.
bool maps_before_resampling(const Recipe& recipe, const dicom::Stack& stack);

struct Percentiles {
  double low, high;
};

/// The two which, with its ends, are all that the recipe asks of the histogram; empty where it asks for more, or for
/// none.
std::optional<Percentiles> percentiles_alone(const Recipe& recipe);

/// True where the recipe needs the histogram at all.
bool needs_histogram(const Recipe& recipe);

/// True where constants of normalisation come from it. Else only its ends count: whether int16 holds all values.
bool normalizes_by_histogram(const Recipe& recipe);

}  // namespace naru
