// The diffusion by which a recipe denoises, beside that of ITK.
#include <gtest/gtest.h>
#include <itkCurvatureAnisotropicDiffusionImageFilter.h>
#include <itkImage.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "kernels/diffusion.h"

namespace naru {
namespace {

std::vector<float> diffused_by_itk(const std::vector<float>& voxels, const Size3& size, const Vec3& spacing_mm,
                                   const CurvatureDiffusion& diffusion) {
  using Image = itk::Image<float, 3>;
  const auto image = Image::New();
  const auto length = [](std::int64_t n) { return static_cast<itk::SizeValueType>(n); };
  image->SetRegions(itk::Size<3>{{length(size.x), length(size.y), length(size.z)}});
  image->SetSpacing(spacing_mm.data());
  image->Allocate();
  std::ranges::copy(voxels, image->GetBufferPointer());
  const auto filter = itk::CurvatureAnisotropicDiffusionImageFilter<Image, Image>::New();
  filter->SetInput(image);
  filter->SetNumberOfIterations(static_cast<itk::IdentifierType>(diffusion.iterations));
  filter->SetConductanceParameter(diffusion.conductance);
  filter->SetTimeStep(diffusion.time_step);
  filter->Update();
  const float* const first = filter->GetOutput()->GetBufferPointer();
  return {first, first + voxels.size()};
}

/// Tissues of a head in air, with noise, in HU.
std::vector<float> noisy_balls(const Size3& size, const Vec3& spacing_mm) {
  std::mt19937 random(5);
  std::normal_distribution<float> noise(0, 12);
  std::vector<float> voxels;
  for (std::int64_t z = 0; z < size.z; ++z) {
    for (std::int64_t y = 0; y < size.y; ++y) {
      for (std::int64_t x = 0; x < size.x; ++x) {
        const auto from_centre = [&](std::int64_t n, std::int64_t count, int axis) {
          return (static_cast<double>(n) - 0.5 * static_cast<double>(count)) *
                 spacing_mm[static_cast<std::size_t>(axis)];
        };
        const double radius =
            std::hypot(from_centre(x, size.x, 0), from_centre(y, size.y, 1), from_centre(z, size.z, 2));
        voxels.push_back((radius < 8 ? 40.0F : radius < 10 ? 1200.0F : -1000.0F) + noise(random));
      }
    }
  }
  return voxels;
}

TEST(Denoise, GivesWhatItkGives) {
  const Size3 size{37, 30, 14};
  for (const Vec3 spacing_mm : {Vec3{1, 1, 1}, Vec3{0.7, 0.8, 2.5}}) {
    // Many steps of little conductance take rounding errors of a gradient that is nearly 0 for its direction.
    for (const auto& [diffusion, limit_hu] : {std::pair(CurvatureDiffusion{}, 5e-3),
                                              {CurvatureDiffusion{1, 3, 0.04}, 5e-4},
                                              {CurvatureDiffusion{12, 1, 0.03}, 0.1}}) {
      auto voxels = noisy_balls(size, spacing_mm), spare = voxels;
      CurvatureDiffusion stable = diffusion;
      stable.time_step = std::min(diffusion.time_step, 0.7 / 16);
      const auto expected = diffused_by_itk(voxels, size, spacing_mm, stable);
      Executor executor = Executor::cpu(2);
      const auto got = diffuse_curvature({voxels.data(), size}, {spare.data(), size}, spacing_mm, stable, executor);
      double most = 0, change = 0;
      const auto before = noisy_balls(size, spacing_mm);
      for (std::size_t v = 0; v < expected.size(); ++v) {
        most = std::max(most, std::abs(static_cast<double>(got.data[v]) - static_cast<double>(expected[v])));
        change = std::max(change, std::abs(static_cast<double>(before[v]) - static_cast<double>(expected[v])));
      }
      EXPECT_LT(most, limit_hu);
      EXPECT_GT(change, 5);
    }
  }
}

}  // namespace
}  // namespace naru
