#include "pipeline/restore/denoise.h"

#include <gtest/gtest.h>
#include <itkMultiThreaderBase.h>

#include <cmath>
#include <random>
#include <vector>

namespace naru {
namespace {

constexpr Size3 kSize{40, 24, 16};

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

TEST(Denoise, TakesNoiseOutOfTissueAndKeepsItsEdges) {
  auto voxels = noisy_step();
  denoise_curvature(voxels, kSize, {1, 1, 1});
  EXPECT_LT(deviation_in(voxels, 0, 17, 100), 5);
  EXPECT_LT(deviation_in(voxels, 22, 39, 300), 5);
  for (std::int64_t row = 0; row < kSize.y * kSize.z; ++row) {
    EXPECT_LT(voxels[static_cast<std::size_t>(row * 40 + 19)], 170);
    EXPECT_GT(voxels[static_cast<std::size_t>(row * 40 + 20)], 230);
  }
}

TEST(Denoise, LeavesAConstantAlone) {
  std::vector<float> voxels(static_cast<std::size_t>(kSize.voxel_count()), 42);
  denoise_curvature(voxels, kSize, {0.5, 0.5, 3});
  for (const float value : voxels) EXPECT_EQ(value, 42);
}

TEST(Denoise, DoesNotDependOnTheNumberOfThreads) {
  auto one = noisy_step(), four = one;
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(1);
  denoise_curvature(one, kSize, {0.8, 0.8, 2});
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(4);
  denoise_curvature(four, kSize, {0.8, 0.8, 2});
  EXPECT_EQ(one, four);
}

}  // namespace
}  // namespace naru
