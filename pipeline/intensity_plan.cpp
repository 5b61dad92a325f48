#include "pipeline/intensity_plan.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "pipeline/grid_plan.h"

namespace naru {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Percentiles kPercentiles{0.5, 99.5};  // nnU-Net's fingerprint uses the same two

struct Range {
  double low = 0, high = 0;
};

UnitRange clip_of(const Recipe& recipe) {
  return recipe.clip ? UnitRange{recipe.clip->low, recipe.clip->high} : UnitRange{};
}

/// Stored values to clipped units, in f64.
struct Units {
  double slope, intercept;
  UnitRange clip;
  double operator()(double stored) const { return std::clamp(slope * stored + intercept, clip.low, clip.high); }
};

Range sorted(double a, double b) { return {std::min(a, b), std::max(a, b)}; }

/// Mean and population deviation of clipped units over the bins above `above` (stored).
Statistics unit_statistics(const Histogram& histogram, const Units& units, double above) {
  Statistics result;
  double sum = 0, squares = 0, least = kInfinity, most = -kInfinity;
  const auto each = [&](auto&& visit) {
    for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
      const double stored = static_cast<double>(histogram.first_value) + static_cast<double>(bin);
      if (histogram.counts[bin] != 0 && stored > above) visit(units(stored), histogram.counts[bin]);
    }
  };
  each([&](double value, std::uint64_t count) {
    result.count += count;
    least = std::min(least, value), most = std::max(most, value);
    sum += value * static_cast<double>(count);
  });
  if (result.count == 0) return result;
  result.mean = least;
  if (least == most) return result;  // a sum would be off by its last bit, and the deviation no longer 0
  result.mean = sum / static_cast<double>(result.count);
  each([&](double value, std::uint64_t count) {
    squares += (value - result.mean) * (value - result.mean) * static_cast<double>(count);
  });
  result.deviation = std::sqrt(squares / static_cast<double>(result.count));
  return result;
}

/// Every stored value becomes a whole number that int16 holds.
bool is_exact_in_int16(const Units& units, const Histogram& histogram) {
  for (const double value : {units.slope, units.intercept, units.clip.low, units.clip.high}) {
    if (value != std::floor(value)) return false;  // infinite bounds count as whole
  }
  const Statistics stored = statistics(histogram);
  const Range range = sorted(units(stored.min), units(stored.max));
  return range.low >= std::numeric_limits<std::int16_t>::min() &&
         range.high <= std::numeric_limits<std::int16_t>::max();
}

void add_window(IntensityPlan& plan, Range range, const char* method) {
  if (range.low < range.high) {
    plan.map = windowed(plan.map, range.low, range.high);
  } else {
    plan.map.offset = static_cast<float>(-range.low);  // constant volume; what lies beside it is 0 too
    plan.map.clip_low = plan.map.clip_high = static_cast<float>(range.low);
  }
  plan.steps_after.push_back({{"op", "normalize"}, {"method", method}, {"low", range.low}, {"high", range.high}});
}

/// A histogram whose values rise with the units. Of a negative slope the greatest stored value is the least unit, and
/// what is bright would count as background.
struct Rising {
  Histogram histogram;
  dicom::Rescale bins;
};

Rising rising(const Histogram& histogram, const dicom::Rescale& bins) {
  if (bins.slope >= 0 || histogram.counts.empty()) return {histogram, bins};
  const auto last = histogram.first_value + static_cast<std::int32_t>(histogram.counts.size()) - 1;
  return {{-last, {histogram.counts.rbegin(), histogram.counts.rend()}}, {-bins.slope, bins.intercept}};
}

/// The clipped voxels by stored value, ascending: what lies beyond the clip counts at its bound, which may lie between
/// two stored values. @pre values rise with the units
std::vector<ValueCount> clipped(const Histogram& histogram, const Units& units) {
  const auto stored = [&](double value) { return (value - units.intercept) / units.slope; };
  const double low = stored(units.clip.low), high = stored(units.clip.high);
  std::vector<ValueCount> result;
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    if (histogram.counts[bin] == 0) continue;
    const double value = std::clamp(static_cast<double>(histogram.first_value) + static_cast<double>(bin), low, high);
    if (result.empty() || result.back().value != value) result.push_back({value, 0});
    result.back().count += histogram.counts[bin];
  }
  return result;
}

double mean_of(std::span<const ValueCount> values) {
  double count = 0, sum = 0;
  for (const ValueCount& one : values) {
    count += static_cast<double>(one.count);
    sum += static_cast<double>(one.count) * one.value;
  }
  return sum / count;
}

/// Stored values above it are foreground. Where all clipped voxels are alike none is brighter than the others: all are.
double threshold_of(Foreground foreground, const Histogram& rising, const Units& units) {
  if (foreground == Foreground::all) return -kInfinity;
  const std::vector<ValueCount> values = clipped(rising, units);
  if (values.size() < 2) return -kInfinity;
  return foreground == Foreground::otsu ? otsu_threshold(values) : mean_of(values);
}

void add_zscore(IntensityPlan& plan, const Recipe& recipe, const Histogram& histogram, const Units& units) {
  if (recipe.mean) {
    plan.map = zscored(plan.map, *recipe.mean, *recipe.deviation);
    plan.steps_after.push_back(
        {{"op", "normalize"}, {"method", "zscore"}, {"mean", *recipe.mean}, {"deviation", *recipe.deviation}});
    return;
  }
  const Foreground kind = foreground_of(recipe);
  const auto [values, bins] = rising(histogram, {units.slope, units.intercept});
  const Units of_bins{bins.slope, bins.intercept, units.clip};
  Statistics foreground = unit_statistics(values, of_bins, threshold_of(kind, values, of_bins));
  if (foreground.count == 0) foreground = unit_statistics(values, of_bins, -kInfinity);
  plan.map = zscored(plan.map, foreground.mean, foreground.deviation > 0 ? foreground.deviation : 1);
  plan.steps_after.push_back({{"op", "normalize"},
                              {"method", "zscore"},
                              {"foreground", name(kind)},
                              {"foreground_voxels", foreground.count},
                              {"mean", foreground.mean},
                              {"deviation", foreground.deviation}});
}

void add_nyul(IntensityPlan& plan, const Recipe& recipe, const NyulLandmarks& landmarks,
              const NyulLandmarks& standard) {
  plan.landmarks = nyul_map(landmarks, standard);
  plan.steps_after.push_back({{"op", "normalize"},
                              {"method", "nyul"},
                              {"foreground", name(foreground_of(recipe))},
                              {"percentiles", kNyulPercentiles},
                              {"landmarks", landmarks},
                              {"standard_scale", standard}});
}

void add_normalization(IntensityPlan& plan, const Recipe& recipe, const Histogram& histogram, const Units& units) {
  const auto between = [&](double low, double high) { return sorted(units(low), units(high)); };
  const auto ends = [&] {
    const Statistics stored = statistics(histogram);
    return between(stored.min, stored.max);
  };
  switch (recipe.normalize) {
    case Normalize::none: break;
    case Normalize::window: add_window(plan, {recipe.clip->low, recipe.clip->high}, "window"); break;
    case Normalize::minmax: add_window(plan, ends(), "minmax"); break;
    case Normalize::percentile: {
      Range range =
          sorted(percentile(histogram, kPercentiles.low, units), percentile(histogram, kPercentiles.high, units));
      // Nearly all voxels have one value, as those outside of a mask: what is left makes the range.
      if (range.low == range.high) range = ends();
      add_window(plan, range, "percentile");
      break;
    }
    case Normalize::zscore: add_zscore(plan, recipe, histogram, units); break;
    case Normalize::nyul: break;  // see plan_intensity
  }
}

}  // namespace

bool clips_to_source(const Recipe& recipe) {
  return recipe.spacing_mm && recipe.convention == GridConvention::nnunet &&
         recipe.interpolator == Interpolator::bspline;
}

void clip_to_source(IntensityPlan& plan, const Recipe& recipe, const dicom::Stack& stack, const Histogram& histogram,
                    const dicom::Rescale& bins) {
  const Statistics stored = statistics(histogram);
  if (stored.count == 0) return;
  // Where the clip came before, it is before that these are the units.
  const IntensityMap& clip = plan.maps_before ? plan.before : plan.map;
  const Units units{bins.slope, bins.intercept, {clip.clip_low, clip.clip_high}};
  Range range = sorted(units(stored.min), units(stored.max));
  if (is_straightened(stack, recipe)) {
    const double beside = std::clamp(stack.padding_units, units.clip.low, units.clip.high);
    range = {std::min(range.low, beside), std::max(range.high, beside)};
  }
  plan.map.clip_low = std::max(plan.map.clip_low, static_cast<float>(range.low));
  plan.map.clip_high = std::min(plan.map.clip_high, static_cast<float>(range.high));
  const auto cast = plan.steps_after.end() - 1;
  const nlohmann::ordered_json step = {{"op", "clip_to_source"}, {"low", range.low}, {"high", range.high}};
  plan.steps_after.insert(cast, step);
}

NyulLandmarks landmarks_of(const Recipe& recipe, const Histogram& histogram, const dicom::Rescale& bins) {
  const auto [values, units] = rising(histogram, bins);
  const UnitRange clip = clip_of(recipe);
  Histogram foreground =
      values_above(values, threshold_of(foreground_of(recipe), values, {units.slope, units.intercept, clip}));
  if (statistics(foreground).count == 0) foreground = values;
  return nyul_landmarks(foreground, units.slope, units.intercept, clip);
}

std::optional<Percentiles> percentiles_alone(const Recipe& recipe) {
  return recipe.normalize == Normalize::percentile ? std::optional(kPercentiles) : std::nullopt;
}

bool needs_histogram(const Recipe& recipe) {
  const bool asks_for_dtype = !recipe.dtype && recipe.normalize == Normalize::none;
  return asks_for_dtype || clips_to_source(recipe) || normalizes_by_histogram(recipe);
}

bool normalizes_by_histogram(const Recipe& recipe) {
  return recipe.normalize != Normalize::none && recipe.normalize != Normalize::window && !recipe.mean;
}

bool maps_before_resampling(const Recipe& recipe, const dicom::Stack& stack) {
  if (recipe.clip && recipe.clip_when == ClipWhen::before) return true;
  return recipe.spacing_mm && recipe.interpolator == Interpolator::lanczos && !normalizes_sinc(recipe.convention) &&
         stack.rescale.intercept != 0 && !recipe.restores();
}

IntensityPlan plan_intensity(const Recipe& recipe, const dicom::Stack& stack, const Histogram& histogram,
                             const dicom::Rescale& bins, const std::optional<NyulLandmarks>& standard) {
  const UnitRange clip = clip_of(recipe);
  const Units units{bins.slope, bins.intercept, clip};
  IntensityPlan plan;
  plan.steps_before = plan.steps_after = nlohmann::ordered_json::array();
  const bool clips_before = recipe.clip && recipe.clip_when == ClipWhen::before;
  plan.maps_before = maps_before_resampling(recipe, stack);
  IntensityMap rescale;
  if (!recipe.restores()) {
    rescale.slope = static_cast<float>(stack.rescale.slope);
    rescale.intercept = static_cast<float>(stack.rescale.intercept);
  }
  (plan.maps_before ? plan.before : plan.map) = rescale;
  IntensityMap& clipped = clips_before ? plan.before : plan.map;
  clipped.clip_low = static_cast<float>(clip.low);
  clipped.clip_high = static_cast<float>(clip.high);
  if (stack.dtype == DType::float32) {
    plan.steps_before.push_back({{"op", "rescale"}, {"per_slice", true}, {"source", stack.rescale_source}});
  } else {
    plan.steps_before.push_back({{"op", "rescale"},
                                 {"slope", stack.rescale.slope},
                                 {"intercept", stack.rescale.intercept},
                                 {"from_header", stack.has_rescale},
                                 {"source", stack.rescale_source}});
  }
  if (recipe.bias_field != "none") plan.steps_before.push_back({{"op", "bias_field"}, {"method", recipe.bias_field}});
  if (recipe.denoise != "none") plan.steps_before.push_back({{"op", "denoise"}, {"method", recipe.denoise}});
  if (recipe.clip) {
    auto& steps = clips_before ? plan.steps_before : plan.steps_after;
    steps.push_back({{"op", "clip"}, {"low", clip.low}, {"high", clip.high}});
  }
  add_normalization(plan, recipe, histogram, units);
  if (recipe.normalize == Normalize::nyul) {
    assert(standard);
    add_nyul(plan, recipe, landmarks_of(recipe, histogram, bins), *standard);
  }
  const bool keeps_values = (!recipe.spacing_mm || recipe.interpolator == Interpolator::nearest) &&
                            !is_straightened(stack, recipe) && stack.dtype != DType::float32 && !recipe.restores();
  const bool is_whole = recipe.normalize == Normalize::none && keeps_values && is_exact_in_int16(units, histogram);
  plan.dtype = recipe.dtype ? *recipe.dtype : is_whole ? DType::int16 : DType::float32;
  plan.steps_after.push_back({{"op", "cast"}, {"dtype", name(plan.dtype)}});
  return plan;
}

}  // namespace naru
