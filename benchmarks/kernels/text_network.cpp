#include "kernels/text_network.h"

#include "benchmarks/kernels/measure.h"
#include "tests/kernels/text_weights.h"

namespace naru::bench {

void add_text_network() {
  const std::string file = test::random_text_weights(1);
  const auto network = std::make_shared<TextNetwork>(TextNetwork::from_bytes(std::as_bytes(std::span(file))));
  // One slice of each size: a voxel is a pixel of it.
  add_cases("text_network", Where::everywhere, [network](benchmark::State& state, const Place& place, Size3 size) {
    const std::int64_t width = size.x / kTextGrain * kTextGrain, height = size.y / kTextGrain * kTextGrain;
    auto windows = float_ring(width * height * kTextWindows, *place.executor);
    Ring<float> probability(width * height, *place.executor);
    const ReachableTextNetwork reachable(*network, *place.executor);
    measure(state, place, {width * height, width * height * 16}, [&] {
      detect_text(reachable, {windows.next(), {width, height, kTextWindows}}, {probability.next(), {width, height, 1}},
                  *place.executor);
    });
  });
}

}  // namespace naru::bench
