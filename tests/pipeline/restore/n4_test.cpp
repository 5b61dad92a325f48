#include "pipeline/restore/n4.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace naru {
namespace {

/// A field that a lattice can have, over two tissues.
struct Scene {
  Size3 size{24, 20, 18};
  std::vector<float> voxels;
  std::vector<std::uint8_t> mask;
  std::vector<double> log_field;

  Scene() {
    std::mt19937 random(4);
    for (std::int64_t v = 0; v < size.voxel_count(); ++v) {
      const auto at = [](std::int64_t n, std::int64_t count) {
        return 2 * static_cast<double>(n) / static_cast<double>(count - 1) - 1;
      };
      const double x = at(v % size.x, size.x), y = at(v / size.x % size.y, size.y), z = at(v / size.x / size.y, size.z);
      const bool is_core = x * x + y * y + z * z < 0.3, is_body = x * x + y * y + z * z < 0.9;
      log_field.push_back(0.3 * x - 0.2 * y * y + 0.15 * z);
      const double noise = 1 + 0.01 * (static_cast<double>(random() % 2001) / 1000 - 1);
      voxels.push_back(static_cast<float>((is_core ? 800 : 400) * noise * std::exp(log_field.back())));
      mask.push_back(is_body ? 1 : 0);
    }
  }
};

/// The spline at a voxel, from its definition.
double value_at(const SplineLattice& lattice, const Size3& size, const std::array<std::int64_t, 3>& voxel) {
  const auto weight = [](double d) {
    const double x = std::abs(d);
    if (x >= 2) return 0.0;
    return x < 1 ? (4 - 6 * x * x + 3 * x * x * x) / 6 : (2 - x) * (2 - x) * (2 - x) / 6;
  };
  double sum = 0;
  for (std::int64_t c = 0; c < lattice.size.voxel_count(); ++c) {
    const std::array point{c % lattice.size.x, c / lattice.size.x % lattice.size.y,
                           c / lattice.size.x / lattice.size.y};
    double product = lattice.points[static_cast<std::size_t>(c)];
    for (std::size_t a = 0; a < 3; ++a) {
      const auto spans = static_cast<double>(lattice.size[static_cast<int>(a)] - 3);
      const double at = static_cast<double>(voxel[a]) / static_cast<double>(size[static_cast<int>(a)] - 1) * spans;
      product *= weight(at + 1 - static_cast<double>(point[a]));
    }
    sum += product;
  }
  return sum;
}

TEST(N4, FindsAFieldUpToAFactor) {
  const Scene scene;
  Executor executor = Executor::cpu(2);
  const SplineLattice lattice = n4_log_field(scene.voxels, scene.mask, scene.size, executor);
  EXPECT_EQ(lattice.size, (Size3{11, 11, 11}));  // 4, 5, 7, 11
  double count = 0, sum = 0, squares = 0, plain = 0, plain_squares = 0;
  for (std::int64_t v = 0; v < scene.size.voxel_count(); v += 7) {
    const auto n = static_cast<std::size_t>(v);
    if (scene.mask[n] == 0) continue;
    const double found = value_at(lattice, scene.size,
                                  {v % scene.size.x, v / scene.size.x % scene.size.y, v / scene.size.x / scene.size.y});
    const double rest = scene.log_field[n] - found;
    ++count, sum += rest, squares += rest * rest;
    plain += scene.log_field[n], plain_squares += scene.log_field[n] * scene.log_field[n];
  }
  const auto deviation = [&](double s, double q) { return std::sqrt(q / count - s / count * s / count); };
  EXPECT_LT(deviation(sum, squares), 0.25 * deviation(plain, plain_squares));
}

TEST(N4, LeavesWhatIsNotUnderTheMaskAside) {
  Scene scene;
  Executor executor = Executor::cpu(1);
  const auto expected = n4_log_field(scene.voxels, scene.mask, scene.size, executor).points;
  for (std::size_t v = 0; v < scene.voxels.size(); ++v) {
    if (scene.mask[v] == 0) scene.voxels[v] = v % 2 == 0 ? -5 : 1e9F;
  }
  EXPECT_EQ(n4_log_field(scene.voxels, scene.mask, scene.size, executor).points, expected);
}

TEST(N4, IsTheSameForAnyNumberOfThreads) {
  const Scene scene;
  Executor one = Executor::cpu(1), two = Executor::cpu(2);
  EXPECT_EQ(n4_log_field(scene.voxels, scene.mask, scene.size, one).points,
            n4_log_field(scene.voxels, scene.mask, scene.size, two).points);
}

TEST(N4, EndsWhereTwoVoxelsDiffer) {
  const Size3 size{4, 4, 4};
  std::vector<float> voxels(64, 100);
  voxels[21] = 200;
  const std::vector<std::uint8_t> mask(64, 1);
  Executor executor = Executor::cpu(1);
  for (const double point : n4_log_field(voxels, mask, size, executor).points) EXPECT_TRUE(std::isfinite(point));
}

}  // namespace
}  // namespace naru
