/// Volumes that are resampled together against each alone.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <vector>

#include "kernels/resample.h"
#include "tests/kernels/run_on.h"
#include "tests/support/executors.h"

namespace naru::test {

/// On every executor, of so many volumes each time. @param odd every second volume holds nothing else, if it is given
template <class In, class Out>
void expect_together_as_alone(const Size3& size, const ResampleOptions& options, const std::vector<int>& counts,
                              std::optional<In> odd = std::nullopt) {
  const Size3 target{options.axes[0].target_count, options.axes[1].target_count, options.axes[2].target_count};
  const std::int64_t in_values = size.voxel_count(), out_values = target.voxel_count();
  for (const int count : counts) {
    auto values = random_values<In>(count * in_values, std::is_unsigned_v<In> ? 0 : -1500, 1500);
    for (int v = 1; odd && v < count; v += 2) std::fill_n(values.begin() + v * in_values, in_values, *odd);
    for (Executor& executor : executors_under_test()) {
      const Size3 stacked{size.x, size.y, size.z * count}, made{target.x, target.y, target.z * count};
      const auto together = run_on<Out>(executor, values, stacked, made, [&](const auto& in, const auto& out) {
        resample(VolumesView<const In>{{in.data, size}, count}, VolumesView<Out>{{out.data, target}, count}, options,
                 executor);
      });
      for (int v = 0; v < count; ++v) {
        const std::vector<In> own(values.begin() + v * in_values, values.begin() + (v + 1) * in_values);
        const auto alone = run_on<Out>(executor, own, size, target, [&](VolumeView<const In> in, VolumeView<Out> out) {
          resample(in, out, options, executor);
        });
        EXPECT_EQ(std::memcmp(together.data() + v * out_values, alone.data(), alone.size() * sizeof(Out)), 0)
            << executor.description() << " volume " << v << " of " << count << ", " << size.x << "x" << size.y << "x"
            << size.z;
      }
    }
  }
}

}  // namespace naru::test
