/// Running a kernel on host values, wherever the executor works.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "core/volume.h"
#include "kernels/buffer.h"
#include "kernels/resample.h"

namespace naru::test {

template <class T>
Buffer<T> on_executor(const std::vector<T>& values, Executor& executor) {
  auto host = Buffer<T>::on_host(values.size(), executor);
  std::ranges::copy(values, host.host().begin());
  return to_executor(std::move(host), executor);
}

/// What `kernel(in, out)` leaves in `out`.
template <class Out, class In, class Kernel>
std::vector<Out> run_on(Executor& executor, const std::vector<In>& values, Size3 in_size, Size3 out_size,
                        const Kernel& kernel) {
  const Buffer<In> in = on_executor(values, executor);
  Buffer<Out> out(static_cast<std::size_t>(out_size.voxel_count()), executor);
  kernel(VolumeView<const In>{in.data(), in_size}, VolumeView<Out>{out.data(), out_size});
  const Buffer<Out> result = to_host(std::move(out), executor);
  return {result.host().begin(), result.host().end()};
}

/// So many voxels of two bytes are written past the caches (kernels/stream.h). Odd, so that pieces and rows are not
/// whole.
inline constexpr int kPastTheCaches = 2'200'003;

/// `count` values from low to high, the same in every run.
template <class T>
std::vector<T> random_values(std::int64_t count, int low, int high, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<T> values(static_cast<std::size_t>(count));
  const auto range = static_cast<unsigned>(high - low) + 1;
  for (T& value : values) value = static_cast<T>(low + static_cast<int>(random() % range));
  return values;
}

/// On the CPU `kernel(in, out, executor)` leaves the same in an output that begins anywhere, and nothing around it.
template <class Out, class In, class Kernel>
void expect_the_same_at_any_address(const std::vector<In>& values, const Kernel& kernel) {
  Executor executor = Executor::cpu(2);
  const Size3 size{static_cast<std::int64_t>(values.size()), 1, 1};
  const VolumeView<const In> in{values.data(), size};
  const std::size_t size_bytes = values.size() * sizeof(Out);
  std::vector<Out> expected(values.size());
  kernel(in, VolumeView<Out>{expected.data(), size}, executor);
  for (const std::size_t shift : {0, 1, 7, 8, 31}) {
    constexpr std::uint8_t kUntouched = 0xA5;
    auto bytes = Buffer<std::uint8_t>::on_host((shift + 8) * sizeof(Out) + size_bytes, executor);
    std::ranges::fill(bytes.host(), kUntouched);
    const auto before = bytes.host().first(shift * sizeof(Out)),
               found = bytes.host().subspan(before.size(), size_bytes);
    kernel(in, VolumeView<Out>{reinterpret_cast<Out*>(found.data()), size}, executor);
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), size_bytes), 0) << shift;
    EXPECT_EQ(std::ranges::count(before, kUntouched), std::ssize(before)) << shift;
    const auto behind = bytes.host().subspan(before.size() + size_bytes);
    EXPECT_EQ(std::ranges::count(behind, kUntouched), std::ssize(behind)) << shift;
  }
}

/// `resample` of values.
template <class Out, class In>
std::vector<Out> resampled_on(Executor& executor, const std::vector<In>& values, Size3 size,
                              const ResampleOptions& options) {
  const Size3 target{options.axes[0].target_count, options.axes[1].target_count, options.axes[2].target_count};
  return run_on<Out>(executor, values, size, target,
                     [&](VolumeView<const In> in, VolumeView<Out> out) { resample(in, out, options, executor); });
}

}  // namespace naru::test
