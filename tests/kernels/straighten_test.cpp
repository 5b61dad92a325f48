#include "kernels/straighten.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/dispatch.h"
#include "kernels/straighten_voxel.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {
namespace {

std::vector<float> straightened_on(Executor& executor, const std::vector<float>& values, Size3 size, Size3 target,
                                   const std::vector<SliceShift>& shifts, float fill) {
  return run_on<float>(executor, values, size, target, [&](VolumeView<const float> in, VolumeView<float> out) {
    straighten(in, out, shifts, fill, executor);
  });
}

/// A ramp is what bilinear interpolation keeps: out(i, j, k) is the ramp at the shifted place.
TEST(Straighten, MovesARampByItsShift) {
  for (Executor& executor : executors_under_test()) {
    const Size3 size{33, 31, 5}, target{40, 36, 5};
    std::vector<float> ramp;
    for (std::int64_t k = 0; k < size.z; ++k) {
      for (std::int64_t j = 0; j < size.y; ++j) {
        for (std::int64_t i = 0; i < size.x; ++i) ramp.push_back(static_cast<float>(3 * i - 2 * j + 100 * k));
      }
    }
    std::vector<SliceShift> shifts;
    for (int k = 0; k < 5; ++k) shifts.push_back({-2 + 0.75 * k, 1 - 1.25 * k});
    const auto out = straightened_on(executor, ramp, size, target, shifts, -1000);
    std::size_t inside = 0;
    for (std::int64_t k = 0; k < target.z; ++k) {
      for (std::int64_t j = 0; j < target.y; ++j) {
        for (std::int64_t i = 0; i < target.x; ++i) {
          const auto& shift = shifts[static_cast<std::size_t>(k)];
          const double si = static_cast<double>(i) + shift.i, sj = static_cast<double>(j) + shift.j;
          const float got = out[static_cast<std::size_t>(VolumeView<float>{nullptr, target}.index(i, j, k))];
          const bool is_inside = si >= 0 && sj >= 0 && si <= 32 && sj <= 30;
          inside += is_inside ? 1 : 0;
          ASSERT_NEAR(got, is_inside ? 3 * si - 2 * sj + 100 * static_cast<double>(k) : -1000, 1e-4);
        }
      }
    }
    EXPECT_GT(inside, 3000u);
  }
}

TEST(Straighten, CopiesByWholeShiftsExactlyUpToTheLastVoxel) {
  for (Executor& executor : executors_under_test()) {
    for (const Size3 size : {Size3{1, 1, 1}, Size3{32, 1, 2}, Size3{33, 65, 2}}) {
      const auto values = random_values<float>(size.voxel_count(), -30000, 30000);
      const std::vector<SliceShift> none(static_cast<std::size_t>(size.z));
      EXPECT_EQ(straightened_on(executor, values, size, size, none, 7), values);
    }
  }
}

/// The definition, one voxel at a time, in small volumes and in one that is written past the caches; slices that lie
/// beyond the target on every side, and widths that end within a register.
TEST(Straighten, GivesTheSameBitsAsItsDefinitionOnEveryBackend) {
  for (const Size3 target : {Size3{40, 36, 9}, Size3{1, 3, 9}, Size3{331, 400, 9}}) {
    const Size3 size{33, 31, 9};
    const auto values = random_values<std::int16_t>(size.voxel_count(), -1024, 3071);
    const std::vector<SliceShift> shifts = {{0, 0},  {0, 0.3},   {0.6, 0},    {-3.25, 2.5}, {31.5, 29.5},
                                            {40, 0}, {0, -60.5}, {-400, 0.5}, {-8, 7}};
    std::vector<ShiftTap> taps;
    for (const SliceShift& shift : shifts) {
      const double i = std::floor(shift.i), j = std::floor(shift.j);
      taps.push_back({static_cast<std::int32_t>(i), static_cast<std::int32_t>(j), static_cast<float>(shift.i - i),
                      static_cast<float>(shift.j - j)});
    }
    const StraightenVoxel<std::int16_t> voxel{{values.data(), size}, taps.data(), -1000};
    std::vector<float> expected;
    for (std::int64_t z = 0; z < target.z; ++z) {
      for (std::int64_t y = 0; y < target.y; ++y) {
        for (std::int64_t x = 0; x < target.x; ++x) expected.push_back(voxel(x, y, z));
      }
    }
    const auto on = [&](Executor& executor) {
      return run_on<float>(executor, values, size, target,
                           [&](VolumeView<const std::int16_t> in, VolumeView<float> out) {
                             straighten(in, out, shifts, -1000, executor);
                           });
    };
    for (Executor& executor : executors_under_test()) EXPECT_EQ(on(executor), expected);
    const ForcedCpuPath forced(CpuPath::baseline);
    Executor executor = Executor::cpu(1);
    EXPECT_EQ(on(executor), expected);
  }
}

TEST(Straighten, TakesEveryStoredType) {
  for (Executor& executor : executors_under_test()) {
    const std::vector<std::int16_t> values = {-5, 7};
    const auto out = run_on<float>(executor, values, {2, 1, 1}, {3, 1, 1},
                                   [&](VolumeView<const std::int16_t> in, VolumeView<float> to) {
                                     straighten(in, to, std::vector<SliceShift>{{-0.5, 0}}, 9, executor);
                                   });
    EXPECT_EQ(out, (std::vector<float>{9, 1, 9}));
    const std::vector<std::uint16_t> high = {65535};
    EXPECT_EQ(run_on<float>(executor, high, {1, 1, 1}, {1, 1, 1},
                            [&](VolumeView<const std::uint16_t> in, VolumeView<float> to) {
                              straighten(in, to, std::vector<SliceShift>{{0, 0}}, 0, executor);
                            }),
              std::vector<float>{65535});
  }
}

TEST(Straighten, DoesNothingForAnEmptyTarget) {
  for (Executor& executor : executors_under_test()) {
    EXPECT_TRUE(straightened_on(executor, std::vector<float>(24), {4, 3, 2}, {0, 3, 2}, {{0.5, 0}, {1, 2}}, 7).empty());
    EXPECT_TRUE(straightened_on(executor, {}, {4, 3, 0}, {4, 3, 0}, {}, 7).empty());
  }
}

}  // namespace
}  // namespace naru::test
