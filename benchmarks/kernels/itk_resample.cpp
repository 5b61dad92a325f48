// The peer: ITK's ResampleImageFilter with linear interpolation, on the volume and in the run in which ours is timed.
// ITK keeps its output buffer between updates and neither clips nor normalises; ours does.

#include <benchmark/benchmark.h>
#include <itkImage.h>
#include <itkImportImageFilter.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkMultiThreaderBase.h>
#include <itkResampleImageFilter.h>
#include <itkVersion.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/buffer.h"
#include "kernels/resample.h"

namespace {

using namespace naru;

constexpr int kThreads = 2;
constexpr Size3 kSize{512, 512, 300};

/// A smooth body with noise, in Hounsfield units, and the 1 mm grid to bring it to.
struct Study {
  Executor executor = Executor::cpu(kThreads);
  Grid grid{kSize, {}};
  ResampledGrid target;
  Buffer<std::int16_t> voxels{static_cast<std::size_t>(kSize.voxel_count()), executor};

  Study() {
    for (int a = 0; a < 3; ++a) grid.patient_from_voxel.rows[a][a] = a < 2 ? 0.7 : 1.25;
    target = resampled(grid, {1, 1, 1});
    std::mt19937 random(1);
    for (std::int64_t i = 0; i < kSize.voxel_count(); ++i) {
      const double x = static_cast<double>(i % kSize.x), y = static_cast<double>(i / kSize.x % kSize.y);
      const double hu = 1200 * std::sin(0.02 * x) * std::cos(0.03 * y) + static_cast<double>(random() % 200);
      voxels.data()[i] = static_cast<std::int16_t>(hu);
    }
  }
};

Study& study() {
  static Study instance;
  return instance;
}

using Image = itk::Image<std::int16_t, 3>;

Image::Pointer itk_image() {
  auto import = itk::ImportImageFilter<std::int16_t, 3>::New();
  import->SetRegion({{{ 0, 0, 0 }}, { { 512, 512, 300 } }});
  const double spacing[3] = {0.7, 0.7, 1.25};
  import->SetSpacing(spacing);
  import->SetImportPointer(study().voxels.data(), study().voxels.size(), false);
  import->Update();
  return import->GetOutput();
}

template <class Out>
auto itk_filter() {
  using OutImage = itk::Image<Out, 3>;
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(kThreads);
  auto filter = itk::ResampleImageFilter<Image, OutImage>::New();
  filter->SetInput(itk_image());
  filter->SetInterpolator(itk::LinearInterpolateImageFunction<Image>::New());
  const Grid& grid = study().target.grid;
  typename OutImage::PointType origin;
  for (int a = 0; a < 3; ++a) origin[a] = grid.patient_from_voxel.rows[a][3];
  filter->SetOutputOrigin(origin);
  const double spacing[3] = {1, 1, 1};
  filter->SetOutputSpacing(spacing);
  filter->SetSize({{static_cast<itk::SizeValueType>(grid.size.x), static_cast<itk::SizeValueType>(grid.size.y),
                    static_cast<itk::SizeValueType>(grid.size.z)}});
  filter->ReleaseDataBeforeUpdateFlagOff();  // the output buffer stays: ours is allocated beforehand too
  return filter;
}

template <class Out>
void naru_resample(Buffer<Out>& out, const IntensityMap& map) {
  resample(VolumeView<const std::int16_t>{study().voxels.data(), kSize},
           VolumeView<Out>{out.data(), study().target.grid.size}, {study().target.axes, Interpolator::linear, map},
           study().executor);
}

void count_voxels(benchmark::State& state) {
  state.counters["voxels_per_second"] = benchmark::Counter(static_cast<double>(study().target.grid.size.voxel_count()),
                                                           benchmark::Counter::kIsIterationInvariantRate);
}

/// Largest difference in Hounsfield units, before any normalising, where ITK has a value: it writes 0 in the half voxel
/// beyond the outer centres, where Naru extends the edge.
double max_difference_hu() {
  auto filter = itk_filter<float>();
  filter->Update();
  const float* const theirs = filter->GetOutput()->GetBufferPointer();
  const ResampledGrid& target = study().target;
  Buffer<float> ours(static_cast<std::size_t>(target.grid.size.voxel_count()), study().executor);
  naru_resample(ours, {});
  const auto is_inside = [&](int a, std::int64_t t) {
    const double source = target.axes[a].place(t);
    return source >= 0 && source <= static_cast<double>(kSize[a] - 1);
  };
  double worst = 0;
  const Size3 size = target.grid.size;
  for (std::int64_t i = 0; i < size.voxel_count(); ++i) {
    if (!is_inside(0, i % size.x) || !is_inside(1, i / size.x % size.y) || !is_inside(2, i / (size.x * size.y)))
      continue;
    worst = std::max(worst, std::abs(static_cast<double>(ours.data()[i]) - theirs[i]));
  }
  return worst;
}

void itk_linear_int16(benchmark::State& state) {
  auto filter = itk_filter<std::int16_t>();
  filter->Update();
  for (auto _ : state) {
    filter->Modified();
    filter->Update();
  }
  count_voxels(state);
}

template <class Out>
void naru_linear(benchmark::State& state, const IntensityMap& map) {
  Buffer<Out> out(static_cast<std::size_t>(study().target.grid.size.voxel_count()), study().executor);
  naru_resample(out, map);
  for (auto _ : state) naru_resample(out, map);
  count_voxels(state);
}

void naru_linear_window_float32(benchmark::State& state) {
  naru_linear<float>(state, windowed({}, -1000, 1000));
  static const double difference_hu = max_difference_hu();
  state.counters["max_difference_hu"] = difference_hu;
  if (difference_hu > 1e-3) state.SkipWithError("differs from ITK by more than 1e-3 HU");
}

void naru_linear_clip_int16(benchmark::State& state) {
  naru_linear<std::int16_t>(state, {.clip_low = -1000, .clip_high = 1000});
}

BENCHMARK(itk_linear_int16)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(naru_linear_window_float32)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(naru_linear_clip_int16)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("itk", itk::Version::GetITKVersion());
  benchmark::AddCustomContext("threads", std::to_string(kThreads));
  benchmark::RunSpecifiedBenchmarks();
}
