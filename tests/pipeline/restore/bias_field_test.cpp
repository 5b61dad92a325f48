#include "pipeline/restore/bias_field.h"

#include <gtest/gtest.h>
#include <itkBSplineControlPointImageFilter.h>
#include <itkImage.h>
#include <itkMultiThreaderBase.h>
#include <itkN4BiasFieldCorrectionImageFilter.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace naru {
namespace {

/// A ball of one tissue with a core of another, in a dark background, with 1 percent of noise.
struct Phantom {
  Size3 size;
  std::vector<float> clean, brightened;
  std::vector<int> tissue;  ///< 0: background

  explicit Phantom(const Size3& count, bool has_field = true) : size(count) {
    std::mt19937 random(3);
    for (std::int64_t v = 0; v < size.voxel_count(); ++v) {
      const auto at = [](std::int64_t place, std::int64_t length) {
        return 2 * static_cast<double>(place) / static_cast<double>(length - 1) - 1;
      };
      const double x = at(v % size.x, size.x), y = at(v / size.x % size.y, size.y), z = at(v / size.x / size.y, size.z);
      const double r = std::sqrt(x * x + y * y + 0.3 * z * z);
      tissue.push_back(r < 0.4 ? 2 : r < 0.85 ? 1 : 0);
      const double noise = 1 + 0.01 * (static_cast<double>(random() % 2001) / 1000 - 1);
      const double value = (tissue.back() == 2 ? 900 : tissue.back() == 1 ? 500 : 5) * noise;
      clean.push_back(static_cast<float>(value));
      const double log_field = 0.35 * x - 0.25 * y * y + 0.2 * z + 0.1 * x * y;
      brightened.push_back(static_cast<float>(value * (has_field ? std::exp(log_field) : 1)));
    }
  }

  /// Deviation over mean within one tissue.
  double variation(const std::vector<float>& values, int which) const {
    double count = 0, sum = 0, squares = 0;
    for (std::size_t v = 0; v < values.size(); ++v) {
      if (tissue[v] != which) continue;
      ++count;
      sum += static_cast<double>(values[v]);
      squares += static_cast<double>(values[v]) * static_cast<double>(values[v]);
    }
    const double mean = sum / count;
    return std::sqrt(std::max(0.0, squares / count - mean * mean)) / mean;
  }
};

BiasField field_of(const Phantom& phantom, const std::vector<float>& voxels, int threads = 2) {
  ShrunkVolume shrunk(phantom.size);
  shrunk.add(voxels, 0);
  Executor executor = Executor::cpu(threads);
  return estimate_bias_field(shrunk, executor);
}

std::vector<float> divided(const BiasField& field, std::vector<float> voxels) {
  Executor executor = Executor::cpu(2);
  field.divide(voxels, 0, executor);
  return voxels;
}

template <class T>
typename itk::Image<T, 3>::Pointer itk_image(const Size3& size, const std::vector<float>& values, double above) {
  const auto image = itk::Image<T, 3>::New();
  image->SetRegions(itk::Size<3>{{static_cast<itk::SizeValueType>(size.x), static_cast<itk::SizeValueType>(size.y),
                                  static_cast<itk::SizeValueType>(size.z)}});
  image->Allocate();
  std::ranges::transform(values, image->GetBufferPointer(), [&](float value) {
    return std::is_same_v<T, float> ? static_cast<T>(value) : static_cast<T>(static_cast<double>(value) > above);
  });
  return image;
}

TEST(ShrunkVolume, HoldsMeansOfBlocks) {
  const Size3 full{66, 33, 20};  // blocks of 4, 2 and 1 voxels
  std::vector<float> ramp;
  for (std::int64_t v = 0; v < full.voxel_count(); ++v) {
    ramp.push_back(static_cast<float>(v % full.x + 100 * (v / full.x % full.y) + 10000 * (v / full.x / full.y)));
  }
  ShrunkVolume shrunk(full);
  const std::int64_t slice = full.x * full.y;
  for (const auto& [begin, end] : {std::pair{0, 7}, {7, 8}, {8, 20}}) {
    shrunk.add(std::span(ramp).subspan(static_cast<std::size_t>(begin * slice),
                                       static_cast<std::size_t>((end - begin) * slice)),
               begin);
  }
  ASSERT_EQ(shrunk.size(), (Size3{16, 16, 20}));
  const auto means = shrunk.voxels();
  for (std::int64_t v = 0; v < shrunk.size().voxel_count(); ++v) {
    const std::int64_t x = v % 16, y = v / 16 % 16, z = v / 256;
    const double expected =
        4 * static_cast<double>(x) + 1.5 + 100 * (2 * static_cast<double>(y) + 0.5) + 10000 * static_cast<double>(z);
    EXPECT_EQ(means[static_cast<std::size_t>(v)], static_cast<float>(expected));
  }
}

TEST(ShrunkVolume, RepeatsASingleSlice) {
  ShrunkVolume shrunk({5, 2, 1});
  shrunk.add(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0);
  EXPECT_EQ(shrunk.size(), (Size3{5, 4, 4}));
  const auto means = shrunk.voxels();
  for (std::size_t z = 0; z < 4; ++z) {
    EXPECT_EQ(means[z * 20 + 4], 5);
    EXPECT_EQ(means[z * 20 + 5], 1);
    EXPECT_EQ(means[z * 20 + 10], 6);
  }
}

TEST(BiasField, IsTheSplineOfItk) {
  const Size3 full{23, 19, 17}, lattice{7, 6, 5};
  std::mt19937 random(2);
  std::vector<double> points;
  for (std::int64_t n = 0; n < lattice.voxel_count(); ++n) points.push_back(static_cast<double>(random() % 2001) / 1e3);
  const BiasField field(ShrunkVolume(full), lattice, points);
  using Points = itk::Image<itk::Vector<double, 1>, 3>;
  const auto control = Points::New();
  control->SetRegions(itk::Size<3>{{7, 6, 5}});
  control->Allocate();
  std::ranges::transform(points, control->GetBufferPointer(), [](double p) { return itk::Vector<double, 1>(p); });
  const auto spline = itk::BSplineControlPointImageFilter<Points, Points>::New();
  spline->SetInput(control);
  spline->SetSplineOrder(3);
  spline->SetSize(itk::Size<3>{{23, 19, 17}});
  spline->Update();
  const auto* const expected = spline->GetOutput()->GetBufferPointer();
  for (std::int64_t v = 0; v < full.voxel_count(); ++v) {
    EXPECT_NEAR(field.log_at(v % 23, v / 23 % 19, v / 23 / 19), expected[v][0], 1e-4)
        << v;  // ITK moves the last voxels a little inwards
  }
}

TEST(BiasField, IsWhatN4OfItkTakesOut) {
  const Phantom phantom({31, 30, 29});  // too small to be shrunk
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(1);
  using Filter = itk::N4BiasFieldCorrectionImageFilter<itk::Image<float, 3>, itk::Image<unsigned char, 3>>;
  const auto filter = Filter::New();
  filter->SetInput(itk_image<float>(phantom.size, phantom.brightened, 0));
  filter->SetMaskImage(itk_image<unsigned char>(phantom.size, phantom.brightened, 100));
  Filter::VariableSizeArrayType iterations(4);
  iterations.Fill(50);
  filter->SetMaximumNumberOfIterations(iterations);
  filter->SetNumberOfFittingLevels(4);
  filter->SetConvergenceThreshold(0.001);
  filter->Update();
  const float* const expected = filter->GetOutput()->GetBufferPointer();
  const auto found = divided(field_of(phantom, phantom.brightened), phantom.brightened);
  for (std::size_t v = 0; v < found.size(); ++v) EXPECT_NEAR(found[v], expected[v], 1e-3 * (1 + expected[v])) << v;
}

TEST(BiasField, MakesEachTissueOneBrightnessAgain) {
  const Phantom phantom({96, 80, 40});
  const auto found = divided(field_of(phantom, phantom.brightened), phantom.brightened);
  for (const int tissue : {1, 2}) {
    const double before = phantom.variation(phantom.brightened, tissue), after = phantom.variation(found, tissue);
    EXPECT_GT(before, 0.08) << tissue;
    EXPECT_LT(after, before / 4) << tissue << ": " << before << " to " << after;
  }
}

TEST(BiasField, LeavesAVolumeWithoutOneAsItIs) {
  const Phantom phantom({48, 40, 24}, false);
  const auto found = divided(field_of(phantom, phantom.clean), phantom.clean);
  // N4 finds a weak field in anything: the noise has 0.006, the field of the other tests from 0.09 on.
  EXPECT_LT(phantom.variation(found, 1), 0.04);
  const std::vector<float> nothing(static_cast<std::size_t>(phantom.size.voxel_count()), 7);
  EXPECT_EQ(divided(field_of(phantom, nothing), nothing), nothing);
  std::vector<float> two_values = nothing;
  std::fill_n(two_values.begin() + static_cast<std::ptrdiff_t>(two_values.size() / 2), two_values.size() / 4, 1000.0F);
  EXPECT_EQ(divided(field_of(phantom, two_values), two_values), two_values);
}

TEST(BiasField, DoesNotDependOnTheNumberOfThreads) {
  const Phantom phantom({40, 36, 20});
  EXPECT_EQ(divided(field_of(phantom, phantom.brightened, 2), phantom.brightened),
            divided(field_of(phantom, phantom.brightened, 1), phantom.brightened));
}

TEST(BiasField, IsDividedOutOfPartsAsOfTheWhole) {
  const Phantom phantom({40, 36, 20});
  const BiasField field = field_of(phantom, phantom.brightened);
  auto parts = phantom.brightened;
  Executor executor = Executor::cpu(2);
  field.divide(std::span(parts).first(40 * 36 * 13), 0, executor);
  field.divide(std::span(parts).subspan(40 * 36 * 13), 13, executor);
  EXPECT_EQ(parts, divided(field, phantom.brightened));
}

}  // namespace
}  // namespace naru
