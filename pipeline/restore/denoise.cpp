#include "pipeline/restore/denoise.h"

#include <itkCurvatureAnisotropicDiffusionImageFilter.h>
#include <itkImage.h>

#include <algorithm>

namespace naru {

void denoise_curvature(std::span<float> voxels, const Size3& size, const Vec3& spacing_mm) {
  using Image = itk::Image<float, 3>;
  const auto image = Image::New();
  const auto length = [](std::int64_t n) { return static_cast<itk::SizeValueType>(n); };
  image->SetRegions(itk::Size<3>{{length(size.x), length(size.y), length(size.z)}});
  image->SetSpacing(spacing_mm.data());
  image->Allocate();
  std::ranges::copy(voxels, image->GetBufferPointer());
  const auto filter = itk::CurvatureAnisotropicDiffusionImageFilter<Image, Image>::New();
  constexpr double kMostStableStep = 1.0 / 16;  // of the spacing, in three dimensions
  filter->SetInput(image);
  filter->SetNumberOfIterations(5);
  filter->SetConductanceParameter(3);
  filter->SetTimeStep(kMostStableStep * std::min(1.0, *std::ranges::min_element(spacing_mm)));
  filter->Update();
  std::copy_n(filter->GetOutput()->GetBufferPointer(), voxels.size(), voxels.begin());
}

}  // namespace naru
