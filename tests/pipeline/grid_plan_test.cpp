// The sampling of each convention. The voxels of nnU-Net, MONAI and TotalSegmentator are compared in
// tests/kernels/separable_test.cpp; here ITK runs beside ours, which is also what TorchIO calls.
#include "pipeline/grid_plan.h"

#include <gtest/gtest.h>
#include <itkBSplineInterpolateImageFunction.h>
#include <itkImage.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkNearestNeighborInterpolateImageFunction.h>
#include <itkResampleImageFilter.h>
#include <itkWindowedSincInterpolateImageFunction.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "kernels/resample.h"
#include "tests/kernels/nearest.h"

namespace naru::test {
namespace {

using Image = itk::Image<std::int16_t, 3>;
using FloatImage = itk::Image<float, 3>;
using Interpolation = itk::InterpolateImageFunction<Image, double>;

constexpr Size3 kSize{31, 24, 17};

dicom::Stack stack_of(const Vec3& spacing_mm) {
  dicom::Stack stack;
  stack.grid.size = kSize;
  for (std::size_t a = 0; a < 3; ++a) stack.grid.patient_from_voxel.rows[a][a] = spacing_mm[a];
  return stack;
}

/// Axes stay as they are.
Recipe recipe_of(GridConvention convention, Interpolator interpolator, const Vec3& spacing_mm) {
  Recipe recipe;
  recipe.axes = "LPS";
  recipe.convention = convention;
  recipe.interpolator = interpolator;
  recipe.spacing_mm = spacing_mm;
  return recipe;
}

std::vector<std::int16_t> noise() {
  std::mt19937 random(3);
  std::vector<std::int16_t> values(static_cast<std::size_t>(kSize.voxel_count()));
  for (auto& value : values) value = static_cast<std::int16_t>(static_cast<int>(random() % 4096) - 1024);
  return values;
}

std::vector<float> by_naru(const std::vector<std::int16_t>& values, const GridPlan& plan) {
  Executor executor = Executor::cpu(2);
  std::vector<float> out(static_cast<std::size_t>(plan.grid.size.voxel_count()));
  const VolumeView<float> view{out.data(), plan.grid.size};
  resample(VolumeView<const std::int16_t>{values.data(), kSize}, view, plan.resample, executor);
  fill_outside(view, plan.inside, 0.0f, executor);
  return out;
}

template <unsigned kRadius, class Window = itk::Function::LanczosWindowFunction<kRadius>>
Interpolation::Pointer windowed_sinc() {
  return itk::WindowedSincInterpolateImageFunction<Image, kRadius, Window>::New().GetPointer();
}

Interpolation::Pointer itk_interpolation(GridConvention convention, Interpolator interpolator) {
  switch (interpolator) {
    case Interpolator::nearest: return itk::NearestNeighborInterpolateImageFunction<Image>::New().GetPointer();
    case Interpolator::linear: return itk::LinearInterpolateImageFunction<Image>::New().GetPointer();
    case Interpolator::bspline: {
      auto spline = itk::BSplineInterpolateImageFunction<Image>::New();
      spline->SetSplineOrder(3);
      return spline.GetPointer();
    }
    case Interpolator::lanczos:
      // 5 is the radius of SimpleITK, and so of TorchIO.
      return convention == GridConvention::torchio ? windowed_sinc<5>() : windowed_sinc<3>();
  }
  return nullptr;
}

std::vector<float> by_itk(const std::vector<std::int16_t>& values, const Grid& source, const Grid& target,
                          const Interpolation::Pointer& interpolation) {
  auto image = Image::New();
  image->SetRegions(Image::SizeType{{31, 24, 17}});
  image->SetSpacing(source.spacing_mm().data());
  image->Allocate();
  std::ranges::copy(values, image->GetBufferPointer());
  auto filter = itk::ResampleImageFilter<Image, FloatImage>::New();
  filter->SetInput(image);
  filter->SetInterpolator(interpolation);
  filter->SetSize({{static_cast<itk::SizeValueType>(target.size.x), static_cast<itk::SizeValueType>(target.size.y),
                    static_cast<itk::SizeValueType>(target.size.z)}});
  filter->SetOutputSpacing(target.spacing_mm().data());
  FloatImage::PointType origin;
  for (unsigned a = 0; a < 3; ++a) origin[a] = target.patient_from_voxel.rows[a][3];
  filter->SetOutputOrigin(origin);
  filter->Update();
  const float* const out = filter->GetOutput()->GetBufferPointer();
  return {out, out + target.size.voxel_count()};
}

double greatest_difference(const std::vector<float>& ours, const std::vector<float>& theirs) {
  double worst = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) worst = std::max<double>(worst, std::abs(ours[i] - theirs[i]));
  return worst;
}

void expect_as_itk(GridConvention convention, Interpolator interpolator, const Vec3& spacing_mm, double tolerance) {
  const dicom::Stack stack = stack_of({0.73, 0.83, 1.27});
  const GridPlan plan = plan_grid(stack, recipe_of(convention, interpolator, spacing_mm));
  const auto values = noise();
  const auto theirs = by_itk(values, stack.grid, plan.grid, itk_interpolation(convention, interpolator));
  EXPECT_LE(greatest_difference(by_naru(values, plan), theirs), tolerance)
      << kGridConventions[static_cast<std::size_t>(convention)] << " "
      << kInterpolators[static_cast<std::size_t>(interpolator)] << " to " << spacing_mm[0];
}

TEST(GridPlan, GivesTheVoxelsOfItkAndOfTorchio) {
  for (const GridConvention convention : {GridConvention::itk, GridConvention::torchio}) {
    for (const Vec3& spacing_mm : {Vec3{1, 1, 1}, Vec3{0.45, 1.9, 0.6}, Vec3{2.3, 0.3, 3.1}}) {
      expect_as_itk(convention, Interpolator::nearest, spacing_mm, 0);
      expect_as_itk(convention, Interpolator::linear, spacing_mm, 1e-3);
      expect_as_itk(convention, Interpolator::bspline, spacing_mm, 1e-3);
      expect_as_itk(convention, Interpolator::lanczos, spacing_mm, 2e-3);
    }
  }
}

/// How far `place` lies beyond the outer face of n voxels; less than 0 within.
double beyond(double place, std::int64_t n) { return std::max(-0.5 - place, place - static_cast<double>(n) + 0.5); }

/// A voxel that is nearest, or 0 beyond the source; where a place is halfway, or on a face, either of both will do.
bool is_nearest_or_beyond(float value, const std::vector<std::int16_t>& values, const GridPlan& plan, std::int64_t i) {
  const Size3& size = plan.grid.size;
  const std::array<std::int64_t, 3> target = {i % size.x, i / size.x % size.y, i / (size.x * size.y)};
  double by = -1;
  for (std::size_t a = 0; a < 3; ++a) {
    by = std::max(by, beyond(plan.resample.axes[a].place(target[a]), kSize[static_cast<int>(a)]));
  }
  if (by > -kPlaceRounding && value == 0) return true;
  return by < kPlaceRounding && is_of_a_nearest(value, values, kSize, plan.resample.axes, target);
}

TEST(GridPlan, TakesANearestVoxelAsItkDoesWhereverPlacesAreHalfway) {
  const auto values = noise();
  for (const GridConvention convention : {GridConvention::itk, GridConvention::torchio}) {
    for (const Vec3& from : {Vec3{1, 1, 1}, Vec3{0.8, 1.2, 2.5}, Vec3{0.6, 0.75, 7.5}}) {
      for (const Vec3& step : {Vec3{2, 0.5, 1.5}, Vec3{0.5, 1.5, 2.0 / 3}, Vec3{4.0 / 3, 0.4, 2}}) {
        const dicom::Stack stack = stack_of(from);
        const Vec3 to = {step[0] * from[0], step[1] * from[1], step[2] * from[2]};
        const GridPlan plan = plan_grid(stack, recipe_of(convention, Interpolator::nearest, to));
        const auto ours = by_naru(values, plan);
        const auto theirs = by_itk(values, stack.grid, plan.grid, itk_interpolation(convention, Interpolator::nearest));
        for (std::size_t i = 0; i < ours.size(); ++i) {
          ASSERT_TRUE(is_nearest_or_beyond(ours[i], values, plan, static_cast<std::int64_t>(i))) << to[0] << " " << i;
          ASSERT_TRUE(is_nearest_or_beyond(theirs[i], values, plan, static_cast<std::int64_t>(i))) << to[0] << " " << i;
        }
      }
    }
  }
}

TEST(GridPlan, WeighsAsItksSincWindowsDo) {
  namespace function = itk::Function;
  const std::vector<std::pair<SincWindow, Interpolation::Pointer>> windows = {
      {SincWindow::hamming, windowed_sinc<3, function::HammingWindowFunction<3>>()},
      {SincWindow::cosine, windowed_sinc<3, function::CosineWindowFunction<3>>()},
      {SincWindow::welch, windowed_sinc<3, function::WelchWindowFunction<3>>()},
      {SincWindow::blackman, windowed_sinc<3, function::BlackmanWindowFunction<3>>()}};
  const dicom::Stack stack = stack_of({0.73, 0.83, 1.27});
  GridPlan plan = plan_grid(stack, recipe_of(GridConvention::itk, Interpolator::lanczos, {0.45, 1.9, 0.6}));
  for (const auto& [window, interpolation] : windows) {
    plan.resample.sinc.window = window;
    const auto values = noise();
    EXPECT_LE(greatest_difference(by_naru(values, plan), by_itk(values, stack.grid, plan.grid, interpolation)), 2e-3)
        << static_cast<int>(window);
  }
}

TEST(GridPlan, LeavesWhatLiesBeyondTheSourceEmptyOnlyWhereTheToolDoes) {
  const dicom::Stack stack = stack_of({1, 1, 1});
  const Vec3 finer = {0.7, 0.7, 0.7};  // 31 / 0.7 = 44.3, 24 / 0.7 = 34.3, 17 / 0.7 = 24.3
  const GridPlan torchio = plan_grid(stack, recipe_of(GridConvention::torchio, Interpolator::linear, finer));
  EXPECT_EQ(torchio.grid.size, (Size3{45, 35, 25}));
  EXPECT_EQ(torchio.inside[0].end, 44);
  const GridPlan monai = plan_grid(stack, recipe_of(GridConvention::monai, Interpolator::linear, finer));
  EXPECT_EQ(monai.inside[0].end, monai.grid.size.x);
}

TEST(GridPlan, SeparatesTheCoarseAxisAsNnunetDoes) {
  const auto separate = [](const Vec3& from, const Vec3& to) {
    return plan_grid(stack_of(from), recipe_of(GridConvention::nnunet, Interpolator::bspline, to))
        .resample.separate_axis;
  };
  EXPECT_EQ(separate({0.7, 0.7, 5}, {1, 1, 1}), 2);
  EXPECT_EQ(separate({0.5, 0.5, 1.5}, {1, 1, 1}), std::nullopt);  // exactly three times is not more
  EXPECT_EQ(separate({1, 1, 1}, {4, 1, 1}), 0);                   // of those to come
  EXPECT_EQ(separate({0.24, 1.25, 1.25}, {1, 1, 1}), std::nullopt);
  EXPECT_EQ(plan_grid(stack_of({0.7, 0.7, 5}), recipe_of(GridConvention::naru, Interpolator::bspline, {1, 1, 1}))
                .resample.separate_axis,
            std::nullopt);
}

TEST(GridPlan, SmoothsOnlyAlongAxesThatBecomeCoarser) {
  Recipe recipe = recipe_of(GridConvention::naru, Interpolator::linear, {2, 0.5, 1});
  EXPECT_EQ(plan_grid(stack_of({1, 1, 1}), recipe).resample.sigma, (Vec3{}));
  recipe.antialias = true;
  const Vec3 sigma = plan_grid(stack_of({1, 1, 1}), recipe).resample.sigma;
  EXPECT_NEAR(sigma[0], std::sqrt(3) / 2.354820045, 1e-9);  // Cardoso: (k^2 - 1) as a full width at half maximum
  EXPECT_EQ(sigma[1], 0);
  EXPECT_EQ(sigma[2], 0);
}

/// 12 voxels of 0.5 mm become 8 of 0.8 mm, at -0.1, 1.5, 3.1 ... 9.5, 11.1. Reckoned in f64 the second lies at
/// 1.4999999999999996, and 9.5 at 9.500000000000002 where the axis is turned.
TEST(GridPlan, NearestPutsAHalfInTheDirectionOfTheAxisWhateverRoundingLeaves) {
  std::vector<std::int16_t> ramp(12);
  std::iota(ramp.begin(), ramp.end(), std::int16_t{0});
  dicom::Stack stack = stack_of({0.5, 1, 1});
  stack.grid.size = {12, 1, 1};
  for (const auto& [axes, expected] : {std::pair{"LPS", std::vector<std::int16_t>{0, 2, 3, 5, 6, 8, 10, 11}},
                                       {"RAS", std::vector<std::int16_t>{11, 9, 8, 6, 5, 3, 1, 0}}}) {
    Recipe recipe = recipe_of(GridConvention::naru, Interpolator::nearest, {0.8, 1, 1});
    recipe.axes = axes;
    const GridPlan plan = plan_grid(stack, recipe);
    ASSERT_EQ(plan.grid.size, (Size3{8, 1, 1}));
    std::vector<std::int16_t> out(8);
    Executor executor = Executor::cpu(1);
    resample(VolumeView<const std::int16_t>{ramp.data(), stack.grid.size},
             VolumeView<std::int16_t>{out.data(), plan.grid.size}, plan.resample, executor);
    EXPECT_EQ(out, expected) << axes;
  }
}

/// scipy reckons in f64 too, and what its rounding leaves is what those tools give.
TEST(GridPlan, HalvesAreThoseOfScipyWhereItsToolsAreFollowed) {
  for (const GridConvention convention : {GridConvention::nnunet, GridConvention::totalsegmentator}) {
    const GridPlan plan = plan_grid(stack_of({1, 1, 1}), recipe_of(convention, Interpolator::nearest, {2, 2, 2}));
    EXPECT_EQ(plan.resample.half_tolerance, 0);
  }
}

TEST(GridPlan, NamesTheSlicesThatASlabIsMadeOf) {
  const dicom::Stack stack = stack_of({1, 1, 1});
  const auto slices = [&](Interpolator interpolator) {
    return plan_grid(stack, recipe_of(GridConvention::naru, interpolator, {1, 1, 0.5})).source_slices(16, 18);
  };
  // Of 34 slices at half the distance numbers 16 and 17 lie at 7.75 and 8.25.
  EXPECT_EQ(slices(Interpolator::nearest), (std::pair<std::int64_t, std::int64_t>{7, 10}));
  EXPECT_EQ(slices(Interpolator::linear), (std::pair<std::int64_t, std::int64_t>{7, 10}));
  EXPECT_EQ(slices(Interpolator::lanczos), (std::pair<std::int64_t, std::int64_t>{5, 12}));
  EXPECT_EQ(slices(Interpolator::bspline), (std::pair<std::int64_t, std::int64_t>{0, 17}));
}

/// Row cosines of real files are off by 1e-10: no column is worth less for that.
TEST(Straightening, TakesAShiftThatIsNearlyWholeForOne) {
  for (const double noise : {0.0, 2e-10, -2e-10}) {
    const Grid tilted{{30, 20, 8}, [&] {
                        Affine affine;
                        affine.set_column(0, {0.7, 0.7 * noise, 0});
                        affine.set_column(1, {0, 0.7, 0});
                        affine.set_column(2, {0, 0.7, 2.5});
                        return affine;
                      }()};
    const Straightening plan = plan_straightening(tilted);
    EXPECT_EQ(plan.grid.size.x, 30);
    for (const SliceShift& shift : plan.shifts) {
      EXPECT_EQ(shift.i, 0);
      EXPECT_EQ(shift.j, std::round(shift.j));
    }
  }
}

TEST(GridPlan, SeparatesNoAxisThatIsThreeTimesAsCoarseWhereverThePatientLies) {
  Recipe recipe;
  recipe.spacing_mm = Vec3{1, 1, 1};
  recipe.convention = GridConvention::nnunet;
  recipe.interpolator = Interpolator::bspline;
  for (const double origin : {0.0, -35.774, 272.754, -194.607, 24.877}) {
    dicom::Stack stack;
    stack.grid.size = {20, 20, 12};
    stack.grid.patient_from_voxel.set_column(0, {0.9, 0, 0});
    stack.grid.patient_from_voxel.set_column(1, {0, 0.9, 0});
    stack.grid.patient_from_voxel.set_column(2, {0, 0, (origin + 11 * 2.7 - origin) / 11});
    stack.grid.patient_from_voxel.set_column(3, {origin, origin, origin});
    EXPECT_FALSE(plan_grid(stack, recipe).resample.separate_axis);
  }
}

}  // namespace
}  // namespace naru::test
