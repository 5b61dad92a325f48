#include "kernels/components.h"

#include <algorithm>
#include <random>

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

/// Specks all over, and a ball in the middle.
Ring<std::uint8_t> mask_ring(Size3 size, Executor& executor) {
  auto host = Buffer<std::uint8_t>::on_host(static_cast<std::size_t>(size.voxel_count()), executor);
  std::mt19937 random(1);
  for (std::int64_t v = 0; v < size.voxel_count(); ++v) {
    const double x = static_cast<double>(v % size.x) / static_cast<double>(size.x) - 0.5,
                 y = static_cast<double>(v / size.x % size.y) / static_cast<double>(size.y) - 0.5,
                 z = static_cast<double>(v / size.x / size.y) / static_cast<double>(size.z) - 0.5;
    host.data()[v] = x * x + y * y + z * z < 0.16 || random() % 10 == 0 ? 1 : 0;
  }
  Ring<std::uint8_t> ring(size.voxel_count(), executor);
  for (auto& buffer : ring.buffers()) detail::copy_bytes(buffer.data(), host.data(), host.size(), executor);
  executor.wait();
  return ring;
}

void run(benchmark::State& state, const Place& place, Size3 size, Neighbours neighbours) {
  auto in = mask_ring(size, *place.executor);
  Ring<std::int32_t> out(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 5}, [&] {
    benchmark::DoNotOptimize(label_components({in.next(), size}, {out.next(), size}, neighbours, *place.executor));
  });
}

void run_holes(benchmark::State& state, const Place& place, Size3 size) {
  auto in = mask_ring(size, *place.executor);
  Ring<std::uint8_t> out(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 2}, [&] {
    fill_holes({in.next(), size}, {out.next(), size}, Neighbours::faces, *place.executor);
  });
}

}  // namespace

void add_components() {
  add_cases("components_6", Where::everywhere,
            [](auto& state, const Place& place, Size3 size) { run(state, place, size, Neighbours::faces); });
  add_cases("components_26", Where::everywhere,
            [](auto& state, const Place& place, Size3 size) { run(state, place, size, Neighbours::corners); });
  add_cases("fill_holes", Where::everywhere, run_holes);
}

}  // namespace naru::bench
