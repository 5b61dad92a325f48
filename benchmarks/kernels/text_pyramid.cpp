#include "kernels/text_pyramid.h"

#include "benchmarks/kernels/measure.h"
#include "tests/kernels/text_weights.h"

namespace naru::bench {

void add_text_pyramid() {
  const std::string file = test::random_text_weights(1);
  const auto network = std::make_shared<TextNetwork>(TextNetwork::from_bytes(std::as_bytes(std::span(file))));
  // One slice of each size: a voxel is a pixel of it.
  add_cases("text_pyramid", Where::everywhere, [network](benchmark::State& state, const Place& place, Size3 size) {
    const Size3 slice{size.x, size.y, 1};
    auto values = float_ring(slice.voxel_count(), *place.executor);
    Ring<float> probability(slice.voxel_count(), *place.executor);
    const TextWindows windows = {{-1024, -160, -1000}, {3071, 240, 1000}};
    const ReachableTextNetwork reachable(*network, *place.executor);
    measure(state, place, {slice.voxel_count(), slice.voxel_count() * 8}, [&] {
      detect_text_at_all_scales(reachable, {values.next(), slice}, windows, {probability.next(), slice},
                                *place.executor);
    });
  });
}

}  // namespace naru::bench
