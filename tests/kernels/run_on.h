/// Running a kernel on host values, wherever the executor works.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "core/volume.h"
#include "kernels/buffer.h"

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

}  // namespace naru::test
