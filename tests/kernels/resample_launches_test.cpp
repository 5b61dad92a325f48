// How often a device is asked for one thing: counted on an emulated one (tests/emulation).
#include <gtest/gtest.h>

#include <utility>

#include "kernels/float16.h"
#include "kernels/resample.h"
#include "kernels/text_pyramid.h"
#include "tests/emulation/cuda_runtime_api.h"
#include "tests/kernels/run_on.h"
#include "tests/kernels/text_weights.h"

namespace naru::test {
namespace {

/// Of `count` volumes that are resampled together.
template <class Out>
long long launches_of(std::int64_t count, const ResampleOptions& options) {
  const Size3 size{9, 8, 7}, to{options.axes[0].target_count, options.axes[1].target_count, 5};
  Executor executor = Executor::cuda(0, 1);
  const auto in = on_executor(random_values<std::int16_t>(count * size.voxel_count(), 0, 1000), executor);
  Buffer<Out> out(static_cast<std::size_t>(count * to.voxel_count()), executor);
  const long long before = emulation::counts().launches;
  resample(VolumesView<const std::int16_t>{{in.data(), size}, count}, VolumesView<Out>{{out.data(), to}, count},
           options, executor);
  executor.wait();
  return emulation::counts().launches - before;
}

constexpr std::array kAxes = {AxisSteps{6, 1.4, 0}, AxisSteps{11, 0.7, 0}, AxisSteps{5, 1.4, 0}};

TEST(ResampleLaunches, AreThoseOfOneVolumeForSeveral) {
  for (const std::int64_t count : {1, 2, 50}) {
    EXPECT_EQ(launches_of<float>(count, {kAxes, Interpolator::linear, {}}), 1);
    EXPECT_EQ(launches_of<std::int16_t>(count, {kAxes, Interpolator::nearest, {}}), 1);
    EXPECT_EQ(launches_of<float>(count, {kAxes, Interpolator::bspline, {}}), 3);
  }
}

TEST(ResampleLaunches, AreNoMoreForFloat16) {
  EXPECT_EQ(launches_of<Float16>(1, {kAxes, Interpolator::linear, {}}), 1);
  EXPECT_EQ(launches_of<Float16>(4, {kAxes, Interpolator::nearest, {}}), 1);
  EXPECT_EQ(launches_of<Float16>(1, {kAxes, Interpolator::lanczos, {}}), 3);
}

TEST(TextLaunches, CopyTheWeightsOnceForAllSlices) {
  const std::string file = random_text_weights(1);
  const TextNetwork network = TextNetwork::from_bytes(std::as_bytes(std::span(file)));
  const std::vector<float> slice(40 * 24, 1);
  Executor executor = Executor::cuda(0, 1);
  long long before = emulation::counts().copied_bytes;
  const auto copied = [&] {
    return emulation::counts().copied_bytes - std::exchange(before, emulation::counts().copied_bytes);
  };
  const ReachableTextNetwork reachable(network, executor);
  EXPECT_EQ(copied(), static_cast<long long>(network.values().size_bytes()));
  for (int n = 0; n < 2; ++n) {
    (void)text_probability(reachable, {slice.data(), {40, 24, 1}}, {{0, 0, 0}, {1, 1, 1}}, executor);
    EXPECT_EQ(copied(), static_cast<long long>(2 * slice.size() * sizeof(float)));  // there and back
  }
}

}  // namespace
}  // namespace naru::test
