// The peer: ITK's filters, asked as requests.h says, each request as in operations.cpp.
//   itk_operations THREADS VOLUME X Y Z
// The image has spacing 1 and origin 0, so that the axes, given in voxels of the source, are the output's spacing and
// origin. Filters that write their output themselves keep it between updates; those made of several do not.

#include <itkBSplineInterpolateImageFunction.h>
#include <itkBinaryDilateImageFilter.h>
#include <itkBinaryErodeImageFilter.h>
#include <itkCastImageFilter.h>
#include <itkCurvatureAnisotropicDiffusionImageFilter.h>
#include <itkFlatStructuringElement.h>
#include <itkImage.h>
#include <itkImportImageFilter.h>
#include <itkIntensityWindowingImageFilter.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkMultiThreaderBase.h>
#include <itkN4BiasFieldCorrectionImageFilter.h>
#include <itkNearestNeighborInterpolateImageFunction.h>
#include <itkNormalizeImageFilter.h>
#include <itkOrientImageFilter.h>
#include <itkResampleImageFilter.h>
#include <itkRescaleIntensityImageFilter.h>
#include <itkSmoothingRecursiveGaussianImageFilter.h>
#include <itkVersion.h>
#include <itkWindowedSincInterpolateImageFunction.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <numbers>
#include <stdexcept>
#include <type_traits>

#include "benchmarks/kernels/requests.h"

namespace naru::bench {

namespace {

using Image = itk::Image<std::int16_t, 3>;
using FloatImage = itk::Image<float, 3>;
using Mask = itk::Image<std::uint8_t, 3>;
using Kernel = itk::FlatStructuringElement<3>;

template <class In>
typename itk::InterpolateImageFunction<In, double>::Pointer function_of(const std::string& interpolator) {
  constexpr unsigned kRadius = 3;
  using Lanczos = itk::WindowedSincInterpolateImageFunction<In, kRadius, itk::Function::LanczosWindowFunction<kRadius>>;
  using Hamming = itk::WindowedSincInterpolateImageFunction<In, kRadius, itk::Function::HammingWindowFunction<kRadius>>;
  if (interpolator == "nearest") return itk::NearestNeighborInterpolateImageFunction<In>::New().GetPointer();
  if (interpolator == "linear") return itk::LinearInterpolateImageFunction<In>::New().GetPointer();
  if (interpolator == "bspline") return itk::BSplineInterpolateImageFunction<In>::New().GetPointer();  // of order 3
  if (interpolator == "lanczos") return Lanczos::New().GetPointer();
  if (interpolator == "hamming") return Hamming::New().GetPointer();
  throw std::runtime_error("no interpolator " + interpolator);
}

/// All voxels whose centres lie within `radius_mm`.
Kernel ball(double radius_mm) {
  Kernel kernel;
  Kernel::RadiusType radius;
  for (unsigned a = 0; a < 3; ++a) radius[a] = static_cast<itk::SizeValueType>(radius_mm / kSpacingMm[a]);
  kernel.SetRadius(radius);
  for (unsigned i = 0; i < kernel.Size(); ++i) {
    double square = 0;
    for (unsigned a = 0; a < 3; ++a) {
      const double mm = kSpacingMm[a] * static_cast<double>(kernel.GetOffset(i)[a]);
      square += mm * mm;
    }
    kernel[i] = square <= radius_mm * radius_mm;
  }
  return kernel;
}

Kernel cube(double reach) {
  Kernel::RadiusType radius;
  radius.Fill(static_cast<itk::SizeValueType>(reach));
  return Kernel::Box(radius);
}

class Session {
 public:
  Session(const std::string& path, Size3 size) : size_(size), voxels_(read_volume(path, size)) {
    auto import = itk::ImportImageFilter<std::int16_t, 3>::New();
    import->SetRegion(Image::RegionType{region_size(size)});
    import->SetImportPointer(voxels_.data(), voxels_.size(), false);
    import->Update();
    image_ = import->GetOutput();
  }

  std::string answer(std::istream& words) {
    static const std::map<std::string, std::string (Session::*)(std::istream&)> rows = {
        {"antialiased", &Session::antialiased},
        {"diffusion", &Session::diffusion},
        {"minmax", &Session::minmax},
        {"morphology", &Session::morphology},
        {"n4", &Session::n4},
        {"orient", &Session::orient},
        {"resample", &Session::resample},
        {"straighten", &Session::straighten},
        {"turned", &Session::turned},
        {"version", &Session::version},
        {"window", &Session::window},
        {"zscore", &Session::zscore},
    };
    std::string name;
    words >> name;
    const auto found = rows.find(name);
    if (found == rows.end()) throw std::runtime_error("no operation " + name);
    return (this->*found->second)(words);
  }

 private:
  static Image::SizeType region_size(Size3 size) {
    return {{static_cast<itk::SizeValueType>(size.x), static_cast<itk::SizeValueType>(size.y),
             static_cast<itk::SizeValueType>(size.z)}};
  }

  std::string version(std::istream&) { return answer_of(0) + itk::Version::GetITKVersion(); }

  /// The memory of the output, kept from request to request and touched before the first is timed.
  template <class Out>
  auto pixels_of(Size3 size) {
    static const auto pixels = itk::Image<Out, 3>::PixelContainer::New();
    pixels->Reserve(static_cast<std::size_t>(size.voxel_count()));
    std::fill_n(pixels->GetBufferPointer(), size.voxel_count(), Out{});
    return pixels;
  }

  /// Of the grid whose source_from_target is `affine`.
  template <class Out, class In = Image>
  auto resampler(const std::string& interpolator, const std::array<AxisSteps, 3>& axes, const Affine& affine) {
    auto filter = itk::ResampleImageFilter<In, itk::Image<Out, 3>>::New();
    if constexpr (std::is_same_v<In, Image>) filter->SetInput(image_);
    filter->SetInterpolator(function_of<In>(interpolator));
    Image::DirectionType direction;
    for (int a = 0; a < 3; ++a) {
      origin_[a] = affine.rows[a][3], spacing_[a] = axes[a].step;
      for (int b = 0; b < 3; ++b) direction[a][b] = affine.rows[a][b] / axes[b].step;
    }
    filter->SetOutputOrigin(origin_);
    filter->SetOutputSpacing(spacing_);
    filter->SetOutputDirection(direction);
    filter->SetSize(region_size(size_of(axes)));
    filter->GetOutput()->SetPixelContainer(pixels_of<Out>(size_of(axes)));
    return filter;
  }

  /// resample INTERPOLATOR int16|float32 AXES [FILE]
  std::string resample(std::istream& words) {
    std::string interpolator, type;
    words >> interpolator >> type;
    const auto axes = read_axes(words);
    const Affine affine = bench::turned(axes, size_, 0);
    if (type == "int16") return filled<std::int16_t>(resampler<std::int16_t>(interpolator, axes, affine), words);
    return filled<float>(resampler<float>(interpolator, axes, affine), words);
  }

  /// turned INTERPOLATOR DEGREES AXES [FILE], to float32
  std::string turned(std::istream& words) {
    std::string interpolator;
    double degrees = 0;
    words >> interpolator >> degrees;
    const auto axes = read_axes(words);
    return filled<float>(resampler<float>(interpolator, axes, bench::turned(axes, size_, degrees)), words);
  }

  /// straighten STEP [FILE]
  std::string straighten(std::istream& words) {
    double step = 0;
    words >> step;
    const std::array<AxisSteps, 3> axes = {{{size_.x}, {size_.y}, {size_.z}}};
    return filled<float>(resampler<float>("linear", axes, sheared(size_, step)), words);
  }

  /// antialiased AXES [FILE]: the recursive Gaussian, then linear, to float32.
  std::string antialiased(std::istream& words) {
    const auto axes = read_axes(words);
    auto gaussian = itk::SmoothingRecursiveGaussianImageFilter<Image, FloatImage>::New();
    itk::FixedArray<double, 3> sigma;
    for (unsigned a = 0; a < 3; ++a) sigma[a] = std::sqrt((axes[a].step * axes[a].step - 1) / (8 * std::numbers::ln2));
    gaussian->SetSigmaArray(sigma);
    gaussian->SetInput(image_);
    auto filter = resampler<float, FloatImage>("linear", axes, bench::turned(axes, size_, 0));
    filter->SetInput(gaussian->GetOutput());
    return filled<float>(filter, words);
  }

  /// window SLOPE INTERCEPT LOW HIGH [FILE]: ITK wants the window in stored values.
  std::string window(std::istream& words) {
    double slope = 1, intercept = 0, low = 0, high = 1;
    words >> slope >> intercept >> low >> high;
    auto filter = itk::IntensityWindowingImageFilter<Image, FloatImage>::New();
    filter->SetWindowMinimum(static_cast<std::int16_t>((low - intercept) / slope));
    filter->SetWindowMaximum(static_cast<std::int16_t>((high - intercept) / slope));
    filter->SetOutputMinimum(0);
    filter->SetOutputMaximum(1);
    return mapped(filter, words);
  }

  std::string zscore(std::istream& words) { return mapped(itk::NormalizeImageFilter<Image, FloatImage>::New(), words); }

  std::string minmax(std::istream& words) {
    auto filter = itk::RescaleIntensityImageFilter<Image, FloatImage>::New();
    filter->SetOutputMinimum(0);
    filter->SetOutputMaximum(1);
    return mapped(filter, words);
  }

  template <class Filter>
  std::string mapped(const Filter& filter, std::istream& words) {
    filter->SetInput(image_);
    filter->GetOutput()->SetPixelContainer(pixels_of<float>(size_));
    return filled<float>(filter, words);
  }

  /// diffusion [FILE]: one iteration, of the values as float32.
  std::string diffusion(std::istream& words) {
    auto cast = itk::CastImageFilter<Image, FloatImage>::New();
    cast->SetInput(image_);
    cast->Update();
    auto filter = itk::CurvatureAnisotropicDiffusionImageFilter<FloatImage, FloatImage>::New();
    filter->InPlaceOff();
    filter->SetInput(cast->GetOutput());
    filter->SetNumberOfIterations(1);
    filter->SetConductanceParameter(3);
    filter->SetTimeStep(1.0 / 16);
    return filled<float>(filter, words);
  }

  /// n4 STRIDE ABOVE: with ITK's own parameters, four levels of control points. The corrected image, which it makes at
  /// the end, is one more evaluation of the field beside some hundred.
  std::string n4(std::istream& words) {
    SmallVolume small = small_volume(words, voxels_, size_);
    const auto imported = [&]<class Voxel>(std::vector<Voxel>& voxels) {
      auto import = itk::ImportImageFilter<Voxel, 3>::New();
      import->SetRegion(Image::RegionType{region_size(small.size)});
      import->SetImportPointer(voxels.data(), voxels.size(), false);
      import->Update();
      return typename itk::Image<Voxel, 3>::Pointer(import->GetOutput());
    };
    auto filter = itk::N4BiasFieldCorrectionImageFilter<FloatImage, Mask, FloatImage>::New();
    filter->SetInput(imported(small.voxels));
    filter->SetMaskImage(imported(small.mask));
    filter->SetMaskLabel(1);
    constexpr unsigned kLevels = 4, kIterations = 50;
    filter->SetNumberOfFittingLevels(kLevels);
    filter->SetMaximumNumberOfIterations(itk::Array<unsigned>(kLevels, kIterations));
    const double taken = seconds_of([&] { filter->Update(); });
    std::vector<double> points;
    const auto lattice = filter->GetLogBiasFieldControlPointLattice();
    for (std::size_t i = 0; i < lattice->GetPixelContainer()->Size(); ++i)
      points.push_back(lattice->GetBufferPointer()[i][0]);
    return answer_of(taken, points);
  }

  /// orient CODES [FILE]: of an image whose axes are LPS.
  std::string orient(std::istream& words) {
    std::string codes;
    words >> codes;
    const Affine lps;
    const AxisMap map = axis_map(lps, codes);
    Image::DirectionType direction;
    direction.Fill(0);
    for (int a = 0; a < 3; ++a) direction[map.source_axis[a]][a] = map.flip[a] ? -1 : 1;
    auto filter = itk::OrientImageFilter<Image, Image>::New();
    filter->UseImageDirectionOn();
    filter->SetDesiredCoordinateDirection(direction);
    filter->SetInput(image_);
    return filled<std::int16_t>(filter, words);
  }

  /// morphology OPERATION ELEMENT REACH ABOVE [FILE]
  std::string morphology(std::istream& words) {
    static const std::map<std::string, Kernel (*)(double)> elements = {{"ball", ball}, {"box", cube}};
    std::string operation, element;
    double reach = 0;
    int above = 0;
    words >> operation >> element >> reach >> above;
    const Kernel kernel = elements.at(element)(reach);
    const Mask::Pointer mask = mask_above(above);
    if (operation == "dilate") return filled<std::uint8_t>(dilation(mask, kernel), words);
    if (operation == "erode") return filled<std::uint8_t>(erosion(mask, kernel), words);
    if (operation != "close") throw std::runtime_error("no operation " + operation);
    const auto dilated = dilation(mask, kernel);
    return filled<std::uint8_t>(erosion(dilated->GetOutput(), kernel), words);
  }

  static itk::BinaryDilateImageFilter<Mask, Mask, Kernel>::Pointer dilation(Mask* mask, const Kernel& kernel) {
    auto filter = itk::BinaryDilateImageFilter<Mask, Mask, Kernel>::New();
    filter->SetInput(mask);
    filter->SetKernel(kernel);
    filter->SetForegroundValue(1);
    return filter;
  }

  static itk::BinaryErodeImageFilter<Mask, Mask, Kernel>::Pointer erosion(Mask* mask, const Kernel& kernel) {
    auto filter = itk::BinaryErodeImageFilter<Mask, Mask, Kernel>::New();
    filter->SetInput(mask);
    filter->SetKernel(kernel);
    filter->SetForegroundValue(1);
    filter->SetBoundaryToForeground(true);  // what lies beyond is no background, as ours has it
    return filter;
  }

  Mask::Pointer mask_above(int above) {
    auto mask = Mask::New();
    mask->SetRegions(region_size(size_));
    mask->Allocate();
    std::ranges::transform(voxels_, mask->GetBufferPointer(),
                           [&](std::int16_t value) { return static_cast<std::uint8_t>(value > above); });
    return mask;
  }

  /// Times the update, and writes the result where a file is asked for.
  template <class Out, class Filter>
  std::string filled(const Filter& filter, std::istream& words) {
    const double taken = seconds_of([&] { filter->Update(); });
    const auto* const image = filter->GetOutput();
    write_if_asked(words, image->GetBufferPointer(), image->GetPixelContainer()->Size() * sizeof(Out));
    return answer_of(taken);
  }

  Size3 size_;
  std::vector<std::int16_t> voxels_;
  Image::Pointer image_;
  double origin_[3] = {}, spacing_[3] = {};
};

}  // namespace

}  // namespace naru::bench

int main(int argc, char** argv) {
  using namespace naru;
  if (argc != 6) {
    std::cerr << "itk_operations THREADS VOLUME X Y Z\n";
    return 2;
  }
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(static_cast<itk::ThreadIdType>(std::atoi(argv[1])));
  try {
    bench::Session session(argv[2], {std::atoll(argv[3]), std::atoll(argv[4]), std::atoll(argv[5])});
    bench::serve([&](std::istream& words) { return session.answer(words); });
  } catch (const std::exception& error) {
    std::cerr << "itk_operations: " << error.what() << "\n";
    return 1;
  }
}
