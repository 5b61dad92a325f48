#include "kernels/morphology.h"

#include <algorithm>
#include <random>

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

void run(benchmark::State& state, const Place& place, Size3 size, Morphology operation,
         const MorphologyElement& element) {
  auto host = Buffer<std::uint8_t>::on_host(static_cast<std::size_t>(size.voxel_count()), *place.executor);
  std::mt19937 random(1);
  std::ranges::generate(host.host(), [&] { return static_cast<std::uint8_t>(random() % 50 == 0 ? 1 : 0); });
  Ring<std::uint8_t> in(size.voxel_count(), *place.executor), out(size.voxel_count(), *place.executor);
  for (auto& buffer : in.buffers()) detail::copy_bytes(buffer.data(), host.data(), host.size(), *place.executor);
  place.executor->wait();
  measure(state, place, {size.voxel_count(), size.voxel_count() * 2}, [&] {
    apply_morphology({in.next(), size}, {out.next(), size}, operation, element, *place.executor);
  });
}

}  // namespace

void add_morphology() {
  add_cases("dilate_ball_5mm", Where::everywhere, [](auto& state, const Place& place, Size3 size) {
    run(state, place, size, Morphology::dilate, ball_element(5, {0.7, 0.7, 1.25}));
  });
  add_cases("close_cross", Where::everywhere, [](auto& state, const Place& place, Size3 size) {
    run(state, place, size, Morphology::close, cross_element(1));
  });
}

}  // namespace naru::bench
