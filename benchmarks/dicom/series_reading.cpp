// One uncompressed CT series from its folder into one volume in memory: Naru's header pass, stacks and pixels beside
// ITK's GDCMSeriesFileNames and ImageSeriesReader, in turn in one run. Both read from the page cache.
#include <benchmark/benchmark.h>
#include <itkGDCMImageIO.h>
#include <itkGDCMSeriesFileNames.h>
#include <itkImage.h>
#include <itkImageSeriesReader.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

#include "kernels/buffer.h"
#include "pipeline/slices.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::bench {

namespace {

constexpr Size3 kSize{512, 512, 200};
constexpr std::int64_t kPixelBytes = 512 * 512 * 200 * 2;

const test::TempFolder& series() {
  static const test::TempFolder folder;
  [[maybe_unused]] static const bool is_written = [] {
    test::PhantomOptions options;
    options.size = kSize;
    options.noise = 12;
    test::write_series(options, folder / "series");
    return true;
  }();
  return folder;
}

/// All stored values of the series. @return the sum of a few, so that nothing is left out
std::int64_t read_with_naru(Executor& executor) {
  std::istringstream no_input;
  const CancelToken cancel;
  const std::vector<std::string> inputs = {(series() / "series").string()};
  const auto files = list_inputs(inputs, no_input, {});
  const Scan scan = scan_inputs(files, {}, executor, cancel, [](const Progress&) {});
  auto voxels =
      Buffer<std::uint16_t>::on_host(static_cast<std::size_t>(scan.stacks.at(0).grid.size.voxel_count()), executor);
  InputHashes hashes;  // marked as known: the peer computes no checksums
  for (std::size_t input = 0; input < scan.inputs.size(); ++input) hashes[input];
  const std::int64_t slices = scan.stacks[0].grid.size.z;
  if (read_slices<std::uint16_t>(scan, 0, {0, slices}, voxels.host(), executor, cancel, hashes)) std::abort();
  return voxels.host().front() + voxels.host().back();
}

void naru_series(benchmark::State& state) {
  Executor executor = Executor::cpu(static_cast<int>(state.range(0)));
  series();
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(read_with_naru(executor));
  state.SetBytesProcessed(state.iterations() * kPixelBytes);
}

void itk_gdcm_series(benchmark::State& state) {
  using Image = itk::Image<short, 3>;
  const std::string folder = (series() / "series").string();
  for ([[maybe_unused]] auto _ : state) {
    const auto names = itk::GDCMSeriesFileNames::New();
    names->SetDirectory(folder);
    const auto reader = itk::ImageSeriesReader<Image>::New();
    reader->SetImageIO(itk::GDCMImageIO::New());
    reader->SetFileNames(names->GetInputFileNames());
    reader->Update();
    if (reader->GetOutput()->GetLargestPossibleRegion().GetSize()[2] != 200) std::abort();
    benchmark::DoNotOptimize(reader->GetOutput()->GetBufferPointer()[0]);
  }
  state.SetBytesProcessed(state.iterations() * kPixelBytes);
}

BENCHMARK(naru_series)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(itk_gdcm_series)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

}  // namespace naru::bench

BENCHMARK_MAIN();
