#include "kernels/diffusion.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "kernels/diffusion_voxel.h"
#include "kernels/dispatch.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

constexpr Size3 kSize{40, 24, 16};

std::vector<float> diffused(Executor& executor, const std::vector<float>& values, const Size3& size,
                            const Vec3& spacing_mm, const CurvatureDiffusion& diffusion = {}) {
  Buffer<float> voxels = on_executor(values, executor), spare(values.size(), executor);
  const auto result = diffuse_curvature({voxels.data(), size}, {spare.data(), size}, spacing_mm, diffusion, executor);
  const Buffer<float> host = to_host(std::move(result.data == spare.data() ? spare : voxels), executor);
  return {host.host().begin(), host.host().end()};
}

/// 100 left of x = 20, else 300, with noise of deviation 10.
std::vector<float> noisy_step() {
  std::mt19937 random(1);
  std::normal_distribution<float> noise(0, 10);
  std::vector<float> voxels;
  for (std::int64_t v = 0; v < kSize.voxel_count(); ++v) voxels.push_back((v % 40 < 20 ? 100 : 300) + noise(random));
  return voxels;
}

double deviation_in(const std::vector<float>& voxels, std::int64_t first, std::int64_t last, double mean) {
  double squares = 0, count = 0;
  for (std::size_t v = 0; v < voxels.size(); ++v) {
    const auto x = static_cast<std::int64_t>(v) % 40;
    if (x < first || x > last) continue;
    squares += (static_cast<double>(voxels[v]) - mean) * (static_cast<double>(voxels[v]) - mean);
    ++count;
  }
  return std::sqrt(squares / count);
}

TEST(Diffusion, TakesNoiseOutOfTissueAndKeepsItsEdges) {
  for (Executor& executor : executors_under_test()) {
    const auto voxels = diffused(executor, noisy_step(), kSize, {1, 1, 1});
    EXPECT_LT(deviation_in(voxels, 0, 17, 100), 5);
    EXPECT_LT(deviation_in(voxels, 22, 39, 300), 5);
    for (std::int64_t row = 0; row < kSize.y * kSize.z; ++row) {
      EXPECT_LT(voxels[static_cast<std::size_t>(row * 40 + 19)], 170);
      EXPECT_GT(voxels[static_cast<std::size_t>(row * 40 + 20)], 230);
    }
  }
}

TEST(Diffusion, LeavesAConstantAlone) {
  for (Executor& executor : executors_under_test()) {
    const std::vector<float> voxels(static_cast<std::size_t>(kSize.voxel_count()), 42);
    EXPECT_EQ(diffused(executor, voxels, kSize, {0.5, 0.5, 3}), voxels);
  }
}

/// A plane has no curvature: away from the ends, where it does not go on, it stays.
TEST(Diffusion, LeavesARampAloneInside) {
  for (Executor& executor : executors_under_test()) {
    std::vector<float> ramp;
    const VolumeView<const float> view{nullptr, kSize};
    for (std::int64_t v = 0; v < kSize.voxel_count(); ++v) {
      ramp.push_back(static_cast<float>(3 * (v % 40) - 2 * (v / 40 % 24) + 5 * (v / 960)));
    }
    const auto got = diffused(executor, ramp, kSize, {1, 1, 1}, {.iterations = 2});
    for (std::int64_t z = 4; z < 12; ++z) {
      for (std::int64_t y = 4; y < 20; ++y) {
        for (std::int64_t x = 4; x < 36; ++x) {
          const auto at = static_cast<std::size_t>(view.index(x, y, z));
          ASSERT_NEAR(got[at], ramp[at], 1e-4);
        }
      }
    }
    EXPECT_NE(got, ramp);
  }
}

const std::array kSizes{Size3{1, 1, 1},  Size3{2, 1, 1},   Size3{1, 7, 5},   Size3{9, 3, 2},   Size3{10, 1, 4},
                        Size3{11, 2, 3}, Size3{17, 18, 2}, Size3{26, 33, 3}, Size3{31, 5, 40}, Size3{65, 17, 33}};

TEST(Diffusion, IsTheSameOnEveryPathAndForAnyNumberOfThreads) {
  for (const Size3& size : kSizes) {
    SCOPED_TRACE(testing::Message() << size.x << " x " << size.y << " x " << size.z);
    const auto values = random_values<float>(size.voxel_count(), -1000, 3000, 7);
    const Vec3 spacing_mm{0.8, 0.7, 2.5};
    Executor one = Executor::cpu(1);
    std::vector<float> plain;
    {
      const ForcedCpuPath baseline(CpuPath::baseline);
      plain = diffused(one, values, size, spacing_mm);
    }
    EXPECT_EQ(diffused(one, values, size, spacing_mm), plain);
    for (Executor& executor : executors_under_test()) EXPECT_EQ(diffused(executor, values, size, spacing_mm), plain);
  }
}

/// What is turned round comes out turned round: no neighbour is forgotten, no axis is taken for another.
TEST(Diffusion, TreatsBothDirectionsOfAnAxisAlike) {
  const Size3 size{19, 12, 9};
  const auto values = random_values<float>(size.voxel_count(), 0, 500, 3);
  Executor executor = Executor::cpu(2);
  auto turned = values;
  std::ranges::reverse(turned);  // all three axes
  auto expected = diffused(executor, values, size, {1, 1.5, 2});
  std::ranges::reverse(expected);
  const auto got = diffused(executor, turned, size, {1, 1.5, 2});
  for (std::size_t v = 0; v < got.size(); ++v) ASSERT_NEAR(got[v], expected[v], 1e-3);
}

TEST(Diffusion, DoesNothingWithoutIterations) {
  Executor executor = Executor::cpu(1);
  const auto values = noisy_step();
  EXPECT_EQ(diffused(executor, values, kSize, {1, 1, 1}, {.iterations = 0}), values);
}

TEST(Diffusion, HasAnExponentialOfTwoUnitsInTheLastPlace) {
  for (double exponent = 0; exponent > -86; exponent -= 0.00137) {
    const auto in = static_cast<float>(exponent);
    const double expected = std::exp(static_cast<double>(in));
    ASSERT_NEAR(exp_of_negative(in) / expected, 1, 2.4e-7) << in;
  }
  EXPECT_EQ(exp_of_negative(0), 1);
  EXPECT_GE(exp_of_negative(-1e30F), 0);
  EXPECT_LT(exp_of_negative(-INFINITY), 1e-37F);
}

TEST(Diffusion, LeavesNothingAsItIs) {
  for (Executor& executor : executors_under_test()) EXPECT_TRUE(diffused(executor, {}, {0, 0, 0}, {1, 1, 1}).empty());
}

}  // namespace
}  // namespace naru::test
