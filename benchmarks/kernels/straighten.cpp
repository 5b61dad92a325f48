#include "kernels/straighten.h"

#include <vector>

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

void add_straighten() {
  add_cases("straighten_15_degrees", Where::everywhere, [](benchmark::State& state, const Place& place, Size3 size) {
    auto in = ct_ring(size.voxel_count(), *place.executor);
    Ring<float> out(size.voxel_count(), *place.executor);
    std::vector<SliceShift> shifts;
    for (std::int64_t k = 0; k < size.z; ++k) shifts.push_back({0, 0.268 * static_cast<double>(k - size.z / 2)});
    measure(state, place, {size.voxel_count(), size.voxel_count() * 6}, [&] {
      straighten(VolumeView<const std::int16_t>{in.next(), size}, VolumeView<float>{out.next(), size}, shifts, 0,
                 *place.executor);
    });
  });
}

}  // namespace naru::bench
