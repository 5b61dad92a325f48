// The peer: ITK's ResampleImageFilter, asked as requests.h says.
//   itk_operations THREADS VOLUME X Y Z
// Requests: resample linear|bspline|lanczos int16|float32 AXES [FILE], and turned linear|bspline DEGREES AXES [FILE].
// The image has spacing 1 and origin 0, so that the axes, given in voxels of the source, are the output's spacing and
// origin. ITK keeps its output buffer between updates.

#include <itkBSplineInterpolateImageFunction.h>
#include <itkImage.h>
#include <itkImportImageFilter.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkMultiThreaderBase.h>
#include <itkResampleImageFilter.h>
#include <itkVersion.h>
#include <itkWindowedSincInterpolateImageFunction.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "benchmarks/kernels/requests.h"

namespace naru::bench {

namespace {

using Image = itk::Image<std::int16_t, 3>;
using Function = itk::InterpolateImageFunction<Image, double>;

constexpr unsigned kLanczosRadius = 3;
using Lanczos = itk::WindowedSincInterpolateImageFunction<Image, kLanczosRadius,
                                                          itk::Function::LanczosWindowFunction<kLanczosRadius>>;

Function::Pointer function_of(const std::string& interpolator) {
  if (interpolator == "linear") return itk::LinearInterpolateImageFunction<Image>::New().GetPointer();
  if (interpolator == "bspline") return itk::BSplineInterpolateImageFunction<Image>::New().GetPointer();  // of order 3
  if (interpolator == "lanczos") return Lanczos::New().GetPointer();
  throw std::runtime_error("no interpolator " + interpolator);
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
    std::string name, interpolator, type;
    words >> name;
    if (name == "version") return answer_of(0) + itk::Version::GetITKVersion();
    if (name != "resample" && name != "turned") throw std::runtime_error("no operation " + name);
    words >> interpolator >> type;
    if (name == "turned") return resample<float>(interpolator, std::stod(type), words);
    return type == "int16" ? resample<std::int16_t>(interpolator, 0, words) : resample<float>(interpolator, 0, words);
  }

 private:
  static Image::SizeType region_size(Size3 size) {
    return {{static_cast<itk::SizeValueType>(size.x), static_cast<itk::SizeValueType>(size.y),
             static_cast<itk::SizeValueType>(size.z)}};
  }

  template <class Out>
  std::string resample(const std::string& interpolator, double degrees, std::istream& words) {
    const auto axes = read_axes(words);
    const Affine source_from_target = turned(axes, size_, degrees);
    auto filter = itk::ResampleImageFilter<Image, itk::Image<Out, 3>>::New();
    filter->SetInput(image_);
    filter->SetInterpolator(function_of(interpolator));
    Image::DirectionType direction;
    for (int a = 0; a < 3; ++a) {
      origin_[a] = source_from_target.rows[a][3], spacing_[a] = axes[a].step;
      for (int b = 0; b < 3; ++b) direction[a][b] = source_from_target.rows[a][b] / axes[b].step;
    }
    filter->SetOutputOrigin(origin_);
    filter->SetOutputSpacing(spacing_);
    filter->SetOutputDirection(direction);
    filter->SetSize(region_size(size_of(axes)));
    filter->ReleaseDataBeforeUpdateFlagOff();
    filter->GetOutput()->SetPixelContainer(pixels_of<Out>(size_of(axes)));
    const double taken = seconds_of([&] { filter->Update(); });
    const auto count = static_cast<std::size_t>(size_of(axes).voxel_count());
    write_if_asked(words, filter->GetOutput()->GetBufferPointer(), count * sizeof(Out));
    return answer_of(taken);
  }

  /// The memory of the output, kept from request to request and touched before the first is timed.
  template <class Out>
  auto pixels_of(Size3 size) {
    static const auto pixels = itk::Image<Out, 3>::PixelContainer::New();
    pixels->Reserve(static_cast<std::size_t>(size.voxel_count()));
    std::fill_n(pixels->GetBufferPointer(), size.voxel_count(), Out{});
    return pixels;
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
