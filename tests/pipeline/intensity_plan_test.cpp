#include "pipeline/intensity_plan.h"

#include <gtest/gtest.h>

#include <cmath>

namespace naru {
namespace {

Histogram histogram_of(std::initializer_list<std::pair<int, std::uint64_t>> counts) {
  Histogram histogram{-32768, std::vector<std::uint64_t>(65536, 0)};
  for (const auto& [value, count] : counts) histogram.counts[static_cast<std::size_t>(value + 32768)] = count;
  return histogram;
}

dicom::Stack stack_with(double slope, double intercept) {
  dicom::Stack stack;
  stack.rescale.slope = slope;
  stack.rescale.intercept = intercept;
  stack.has_rescale = true;
  return stack;
}

double applied(const IntensityMap& map, double stored) {
  const double units = std::clamp(map.slope * stored + map.intercept, double(map.clip_low), double(map.clip_high));
  return map.gain * units + map.offset;
}

/// A histogram of stored values, as every stack of whole numbers has it.
IntensityPlan planned(const Recipe& recipe, const dicom::Stack& stack, const Histogram& values) {
  return plan_intensity(recipe, stack, values, stack.rescale, recipe.nyul_landmarks);
}

TEST(IntensityPlan, KeepsInt16WhereEveryValueIsExact) {
  Recipe recipe;
  const Histogram values = histogram_of({{0, 1}, {4095, 1}});
  EXPECT_EQ(planned(recipe, stack_with(1, -1024), values).dtype, DType::int16);
  EXPECT_EQ(planned(recipe, stack_with(1, -1024.5), values).dtype, DType::float32);
  EXPECT_EQ(planned(recipe, stack_with(0.5, 0), values).dtype, DType::float32);
  EXPECT_EQ(planned(recipe, stack_with(10, 0), values).dtype, DType::float32);  // 40950 does not fit
  recipe.spacing_mm = Vec3{1, 1, 1};
  EXPECT_EQ(planned(recipe, stack_with(1, -1024), values).dtype,
            DType::float32);  // blended values are fractions
  recipe.interpolator = Interpolator::nearest;
  EXPECT_EQ(planned(recipe, stack_with(1, -1024), values).dtype, DType::int16);
}

TEST(IntensityPlan, ClipsToTheRangeOfTheSourceWhereNnunetDoes) {
  Recipe recipe;
  recipe.spacing_mm = Vec3{1, 1, 1};
  recipe.interpolator = Interpolator::bspline;
  EXPECT_FALSE(clips_to_source(recipe));
  recipe.convention = GridConvention::nnunet;
  EXPECT_TRUE(clips_to_source(recipe));
  EXPECT_TRUE(needs_histogram(recipe));
  recipe.clip = ClipRange{-500, 5000};
  const dicom::Stack stack = stack_with(-2, 1000);  // falls: 10 becomes 980, 2000 becomes -3000
  const Histogram values = histogram_of({{10, 3}, {2000, 1}});
  IntensityPlan plan = planned(recipe, stack, values);
  clip_to_source(plan, recipe, stack, values, stack.rescale);
  EXPECT_EQ(applied(plan.map, -100), 980);
  EXPECT_EQ(applied(plan.map, 5000), -500);
  const auto& steps = plan.steps_after;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[1], (nlohmann::ordered_json{{"op", "clip_to_source"}, {"low", -500.0}, {"high", 980.0}}));
  EXPECT_EQ(steps[2]["op"], "cast");
}

TEST(IntensityPlan, WhatLiesBesideStraightenedSlicesIsOfTheSource) {
  Recipe recipe;
  recipe.clip = ClipRange{-2000, 3000};
  dicom::Stack stack = stack_with(1, 0);
  stack.is_tilted = true;
  const Histogram values = histogram_of({{-900, 3}, {500, 1}});
  for (const auto& [padding, low, high] :
       {std::tuple{-1024.0, -1024.0, 500.0}, std::tuple{-5000.0, -2000.0, 500.0}, std::tuple{700.0, -900.0, 700.0}}) {
    stack.padding_units = padding;
    IntensityPlan plan = planned(recipe, stack, values);
    clip_to_source(plan, recipe, stack, values, stack.rescale);
    EXPECT_EQ(applied(plan.map, -9000), low);
    EXPECT_EQ(applied(plan.map, 9000), high);
  }
}

TEST(IntensityPlan, WindowMapsTheClipRangeToZeroAndOne) {
  Recipe recipe;
  recipe.clip = ClipRange{-200, 300};
  recipe.normalize = Normalize::window;
  const IntensityPlan plan = planned(recipe, stack_with(2, -1000), Histogram{});
  EXPECT_NEAR(applied(plan.map, 400), 0, 1e-6);
  EXPECT_NEAR(applied(plan.map, 650), 1, 1e-6);
  EXPECT_NEAR(applied(plan.map, 525), 0.5, 1e-6);
  EXPECT_NEAR(applied(plan.map, 9999), 1, 1e-6);
}

TEST(IntensityPlan, ZscoreUsesTheForegroundOnly) {
  Recipe recipe;
  recipe.normalize = Normalize::zscore;
  // Background at 0 and 1; foreground 100 and 104, once each: mean 102, deviation 2.
  const IntensityPlan plan = planned(recipe, stack_with(1, 0), histogram_of({{0, 50}, {1, 50}, {100, 1}, {104, 1}}));
  EXPECT_NEAR(applied(plan.map, 102), 0, 1e-5);
  EXPECT_NEAR(applied(plan.map, 104), 1, 1e-5);
  EXPECT_EQ(plan.dtype, DType::float32);
}

TEST(IntensityPlan, ZscoreTakesTheForegroundThatTheRecipeNames) {
  Recipe recipe;
  recipe.normalize = Normalize::zscore;
  const Histogram values = histogram_of({{0, 4}, {10, 4}, {60, 1}, {91, 1}});  // mean 19.1, Otsu's threshold 10
  recipe.foreground = Foreground::all;
  const IntensityPlan all = planned(recipe, stack_with(1, 0), values);
  EXPECT_NEAR(applied(all.map, 19.1), 0, 1e-5);
  EXPECT_EQ(all.steps_after[0]["foreground"], "all");
  EXPECT_EQ(all.steps_after[0]["foreground_voxels"], 10);
  recipe.foreground = Foreground::mean;
  const IntensityPlan mean = planned(recipe, stack_with(1, 0), values);
  EXPECT_NEAR(applied(mean.map, 75.5), 0, 1e-5);
  EXPECT_EQ(mean.steps_after[0]["foreground_voxels"], 2);
}

TEST(IntensityPlan, AForegroundIsBrightWhateverTheSignOfTheSlope) {
  const Histogram values = histogram_of({{0, 4}, {10, 4}, {60, 1}, {91, 1}});
  const Histogram turned = histogram_of({{0, 4}, {-10, 4}, {-60, 1}, {-91, 1}});
  for (const Normalize normalize : {Normalize::zscore, Normalize::nyul}) {
    for (const Foreground foreground : {Foreground::otsu, Foreground::mean, Foreground::all}) {
      Recipe recipe;
      recipe.normalize = normalize;
      recipe.foreground = foreground;
      recipe.nyul_landmarks = NyulLandmarks{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
      const auto rises = planned(recipe, stack_with(2, 5), values).steps_after;
      EXPECT_EQ(planned(recipe, stack_with(-2, 5), turned).steps_after, rises) << name(foreground);
    }
  }
}

TEST(IntensityPlan, ZscoreTakesConstantsOfTheRecipeWithoutAHistogram) {
  Recipe recipe;
  recipe.normalize = Normalize::zscore;
  EXPECT_TRUE(needs_histogram(recipe));
  recipe.mean = -75.5;
  recipe.deviation = 144;
  recipe.clip = ClipRange{-958, 326};
  EXPECT_FALSE(needs_histogram(recipe));
  const IntensityPlan plan = planned(recipe, stack_with(2, -1024), {});
  const auto expected = [](double units) { return (std::clamp(units, -958.0, 326.0) + 75.5) / 144; };
  for (const double stored : {-20.0, 100.0, 474.25, 3000.0}) {
    EXPECT_NEAR(applied(plan.map, static_cast<float>(stored)), expected(2 * stored - 1024), 1e-5);
  }
  EXPECT_EQ(plan.dtype, DType::float32);
  EXPECT_EQ(plan.steps_after[1],
            (nlohmann::ordered_json{{"op", "normalize"}, {"method", "zscore"}, {"mean", -75.5}, {"deviation", 144.0}}));
  // nnU-Net's own order of work: skimage then clips what it interpolates to the ends, which the histogram knows.
  recipe.spacing_mm = Vec3{1, 1, 1};
  recipe.convention = GridConvention::nnunet;
  recipe.interpolator = Interpolator::bspline;
  EXPECT_TRUE(needs_histogram(recipe));
}

TEST(IntensityPlan, NyulMapsLandmarksOfTheForegroundInUnits) {
  Recipe recipe;
  recipe.normalize = Normalize::nyul;
  recipe.nyul_landmarks = NyulLandmarks{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
  Histogram values = histogram_of({{0, 5000}});
  for (int v = 1000; v <= 2000; ++v) values.counts[static_cast<std::size_t>(v + 32768)] = 1;
  const dicom::Stack stack = stack_with(2, 5);
  const NyulLandmarks landmarks = landmarks_of(recipe, values, stack.rescale);
  for (std::size_t i = 0; i < landmarks.size(); ++i) {
    EXPECT_NEAR(landmarks[i], 2 * (1000 + 10 * kNyulPercentiles[i]) + 5, 1e-9);
  }
  const IntensityPlan plan = planned(recipe, stack, values);
  ASSERT_TRUE(plan.landmarks);
  EXPECT_EQ(plan.landmarks->from[5], 3005);
  EXPECT_EQ(plan.landmarks->to[5], 50);
  EXPECT_EQ(applied(plan.map, 1500), 3005);  // units before the landmarks
  EXPECT_EQ(plan.dtype, DType::float32);
  recipe.clip = ClipRange{0, 3500};
  EXPECT_EQ(landmarks_of(recipe, values, stack.rescale)[10], 3500);
}

TEST(IntensityPlan, NyulsLandmarksAreThoseOfClippedVoxels) {
  Recipe recipe;
  recipe.normalize = Normalize::nyul;
  recipe.foreground = Foreground::all;
  recipe.clip = ClipRange{100, 900};
  const NyulLandmarks rising = landmarks_of(recipe, histogram_of({{0, 1}, {500, 1}}), {2, 0});
  const NyulLandmarks falling = landmarks_of(recipe, histogram_of({{0, 1}, {-500, 1}}), {-2, 0});
  for (std::size_t i = 0; i < rising.size(); ++i) EXPECT_NEAR(rising[i], 100 + 8 * kNyulPercentiles[i], 1e-9);
  EXPECT_EQ(falling, rising);
}

TEST(IntensityPlan, TakesRestoredVoxelsAsUnits) {
  Recipe recipe;
  recipe.denoise = "curvature";
  const IntensityPlan plan = planned(recipe, stack_with(2, -1024), histogram_of({{5, 1}}));
  EXPECT_EQ(applied(plan.map, 7), 7);
  EXPECT_EQ(plan.dtype, DType::float32);
  EXPECT_EQ(plan.steps_before[0]["slope"], 2);
  EXPECT_EQ(plan.steps_before[1]["op"], "denoise");
}

TEST(IntensityPlan, ZscoreTakesStatisticsAfterTheClip) {
  Recipe recipe;
  recipe.normalize = Normalize::zscore;
  recipe.clip = ClipRange{0, 104};
  const IntensityPlan plan = planned(recipe, stack_with(1, 0), histogram_of({{0, 100}, {100, 1}, {9000, 1}}));
  EXPECT_NEAR(applied(plan.map, 9000), applied(plan.map, 104), 1e-6);
}

/// Without the clip the mean is 226, and all above it becomes 40.
TEST(IntensityPlan, TheForegroundIsThatOfClippedVoxels) {
  Recipe recipe;
  recipe.clip = ClipRange{0, 40};
  recipe.foreground = Foreground::mean;
  recipe.normalize = Normalize::zscore;
  const Histogram values = histogram_of({{-500, 50}, {0, 50}, {10, 20}, {30, 20}, {1000, 40}});
  const Histogram turned = histogram_of({{500, 50}, {0, 50}, {-10, 20}, {-30, 20}, {-1000, 40}});
  const auto step = planned(recipe, stack_with(1, 0), values).steps_after[1];
  EXPECT_EQ(step["foreground_voxels"], 60);
  EXPECT_NEAR(step["mean"].get<double>(), (20 * 30 + 40 * 40) / 60.0, 1e-9);
  EXPECT_GT(step["deviation"].get<double>(), 4);
  EXPECT_EQ(planned(recipe, stack_with(-1, 0), turned).steps_after[1], step);
  recipe.foreground = Foreground::otsu;  // between 10 and 30; of all voxels it is far above 30
  EXPECT_EQ(planned(recipe, stack_with(1, 0), values).steps_after[1]["foreground_voxels"], 60);
  recipe.normalize = Normalize::nyul;
  recipe.foreground = Foreground::mean;
  EXPECT_EQ(landmarks_of(recipe, values, {1, 0}).front(), 30);
}

/// At a slope of 100 the clip lies between stored values: those beyond it count at its bounds, not at the next value
/// within, so that the mean is 832.3 and 800 is background.
TEST(IntensityPlan, VoxelsBeyondTheClipCountAtItsBounds) {
  Recipe recipe;
  recipe.normalize = Normalize::zscore;
  recipe.foreground = Foreground::mean;
  recipe.clip = ClipRange{50, 950};
  const auto step = planned(recipe, stack_with(100, 0), histogram_of({{0, 15}, {8, 1}, {20, 100}})).steps_after[1];
  EXPECT_EQ(step["foreground_voxels"], 100);
  EXPECT_EQ(step["mean"], 950);
  EXPECT_EQ(step["deviation"], 0);
  const auto turned = planned(recipe, stack_with(-100, 0), histogram_of({{0, 15}, {-8, 1}, {-20, 100}})).steps_after[1];
  EXPECT_EQ(turned, step);
}

TEST(IntensityPlan, AClipWithoutAStoredValueStillPartsVoxels) {
  const Histogram values = histogram_of({{1, 30}, {2, 30}, {3, 20}, {7, 20}});
  for (const Foreground foreground : {Foreground::otsu, Foreground::mean}) {
    Recipe recipe;
    recipe.normalize = Normalize::zscore;
    recipe.foreground = foreground;
    recipe.clip = ClipRange{210, 290};
    const auto step = planned(recipe, stack_with(100, 0), values).steps_after[1];
    EXPECT_EQ(step["foreground_voxels"], 40) << name(foreground);
    EXPECT_EQ(step["mean"], 290) << name(foreground);
    recipe.clip = ClipRange{-50, 100};  // all are 100 then, and none is brighter
    EXPECT_EQ(planned(recipe, stack_with(100, 0), values).steps_after[1]["foreground_voxels"], 100) << name(foreground);
  }
}

TEST(IntensityPlan, MinmaxAndPercentileReachTheirEnds) {
  Recipe recipe;
  recipe.normalize = Normalize::minmax;
  const Histogram values = histogram_of({{-5, 1}, {0, 998}, {15, 1}});
  const IntensityPlan minmax = planned(recipe, stack_with(1, 0), values);
  EXPECT_NEAR(applied(minmax.map, -5), 0, 1e-6);
  EXPECT_NEAR(applied(minmax.map, 15), 1, 1e-6);
  recipe.normalize = Normalize::percentile;
  const Histogram ramp = [] {
    Histogram h = histogram_of({});
    for (int v = 0; v <= 1000; ++v) h.counts[static_cast<std::size_t>(v + 32768)] = 1;
    return h;
  }();
  const IntensityPlan percentile = planned(recipe, stack_with(1, 0), ramp);
  EXPECT_NEAR(applied(percentile.map, 5), 0, 1e-6);    // 0.5 % of 0..1000
  EXPECT_NEAR(applied(percentile.map, 995), 1, 1e-6);  // 99.5 %
}

TEST(IntensityPlan, NegativeSlopesKeepLowBelowHigh) {
  Recipe recipe;
  recipe.normalize = Normalize::minmax;
  const IntensityPlan plan = planned(recipe, stack_with(-2, 10), histogram_of({{0, 1}, {5, 1}}));
  EXPECT_NEAR(applied(plan.map, 5), 0, 1e-6);
  EXPECT_NEAR(applied(plan.map, 0), 1, 1e-6);
}

TEST(IntensityPlan, AConstantVolumeBecomesZeroInsteadOfNan) {
  for (const Normalize method : {Normalize::minmax, Normalize::percentile, Normalize::zscore}) {
    Recipe recipe;
    recipe.normalize = method;
    const IntensityPlan plan = planned(recipe, stack_with(1, 0), histogram_of({{77, 10}}));
    EXPECT_NEAR(applied(plan.map, 77), 0, 1e-6) << static_cast<int>(method);
  }
}

/// A sum of equal values divided by their count is not always that value.
TEST(IntensityPlan, AForegroundOfOneValueHasADeviationOf1) {
  for (const double slope : {2.3, 0.1, 1.7, 3.333}) {
    for (const std::uint64_t count : {7, 1000, 102'400}) {
      Recipe recipe;
      recipe.normalize = Normalize::zscore;
      const IntensityPlan plan = planned(recipe, stack_with(slope, 0), histogram_of({{0, count}, {3, count}}));
      EXPECT_NEAR(applied(plan.map, 3), 0, 1e-6) << slope << ' ' << count;
      EXPECT_NEAR(applied(plan.map, 0), -3 * slope, 1e-5) << slope << ' ' << count;
    }
  }
}

/// As numpy.percentile of the clipped voxels: the 99.5th of 101 values lies halfway between the last two.
TEST(IntensityPlan, PercentilesAreOfClippedVoxels) {
  Recipe recipe;
  recipe.normalize = Normalize::percentile;
  recipe.clip = ClipRange{-2000, 20};
  const IntensityPlan plan = planned(recipe, stack_with(2, 0), histogram_of({{0, 99}, {5, 1}, {30, 1}}));
  EXPECT_EQ(plan.steps_after[1]["high"], 15);  // of 10 and 20, not of 10 and 60, clipped
  const IntensityPlan falling = planned(recipe, stack_with(-2, 0), histogram_of({{0, 99}, {-5, 1}, {-30, 1}}));
  EXPECT_EQ(falling.steps_after[1]["high"], 15);
}

/// Both percentiles of a volume that is nearly empty are its background.
TEST(IntensityPlan, PercentilesThatAreOneGiveWayToTheEnds) {
  Recipe recipe;
  recipe.normalize = Normalize::percentile;
  const IntensityPlan plan = planned(recipe, stack_with(1, 0), histogram_of({{0, 99'700}, {500, 60}, {1000, 240}}));
  EXPECT_NEAR(applied(plan.map, 0), 0, 1e-6);
  EXPECT_NEAR(applied(plan.map, 500), 0.5, 1e-6);
  EXPECT_NEAR(applied(plan.map, 1000), 1, 1e-6);
}

TEST(IntensityPlan, ClipsBeforeResamplingWhereAsked) {
  Recipe recipe;
  recipe.clip = ClipRange{-100, 100};
  recipe.clip_when = ClipWhen::before;
  const IntensityPlan plan = planned(recipe, stack_with(1, -1024), histogram_of({{0, 1}}));
  EXPECT_TRUE(plan.maps_before);
  EXPECT_EQ(applied(plan.before, 0), -100);
  EXPECT_EQ(applied(plan.map, 42), 42);
  EXPECT_EQ(plan.steps_before.size(), 2U);
}

}  // namespace
}  // namespace naru
