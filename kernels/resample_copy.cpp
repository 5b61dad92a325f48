#include "kernels/resample_copy.h"

#include <algorithm>
#include <array>

#include "kernels/fill.h"
#include "kernels/intensity_avx2.h"
#include "kernels/stream.h"

namespace naru {

bool is_copy(const AxisTaps& taps, const Size3& targets) {
  const auto is_between = [](const AxisTap& tap) { return tap.weight != 0; };
  if (std::any_of(taps.x, taps.x + targets.x, is_between) || std::any_of(taps.y, taps.y + targets.y, is_between) ||
      std::any_of(taps.z, taps.z + targets.z, is_between)) {
    return false;
  }
  const std::int32_t step = targets.x > 1 ? taps.x[1].index - taps.x[0].index : 1;
  if (step != 1 && step != -1) return false;
  for (std::int64_t x = 1; x < targets.x; ++x) {
    if (taps.x[x].index - taps.x[x - 1].index != step) return false;
  }
  return true;
}

template <class In, class Out>
void resample_copy(VolumeView<Out> out, const LinearVoxel<In, Out>& voxel, Executor& executor) {
  constexpr std::int64_t kTurnedValues = 1024;
  const bool is_turned = out.size.x > 1 && voxel.taps.x[1].index < voxel.taps.x[0].index;
  const bool is_streamed = is_worth_streaming(out);
  each_piece_of_rows(out.size, executor, [&](std::int64_t begin, std::int64_t end) {
    std::array<In, kTurnedValues> turned;
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t y = row % out.size.y, z = row / out.size.y;
      const In* from =
          voxel.in.data + voxel.in.index(voxel.taps.x[0].index, voxel.taps.y[y].index, voxel.taps.z[z].index);
      Out* const to = out.data + out.index(0, y, z);
      if (!is_turned) {
        avx2::apply_intensity(from, to, out.size.x, voxel.map, is_streamed);
        continue;
      }
      for (std::int64_t x = 0; x < out.size.x; x += kTurnedValues) {
        const std::int64_t count = std::min(kTurnedValues, out.size.x - x);
        const In* const first = from - x;
        for (std::int64_t i = 0; i < count; ++i) turned[static_cast<std::size_t>(i)] = first[-i];
        avx2::apply_intensity(turned.data(), to + x, count, voxel.map, is_streamed);
      }
    }
  });
}

template void resample_copy(VolumeView<float>, const LinearVoxel<std::int16_t, float>&, Executor&);
template void resample_copy(VolumeView<float>, const LinearVoxel<std::uint16_t, float>&, Executor&);
template void resample_copy(VolumeView<float>, const LinearVoxel<float, float>&, Executor&);
template void resample_copy(VolumeView<std::int16_t>, const LinearVoxel<std::int16_t, std::int16_t>&, Executor&);
template void resample_copy(VolumeView<std::int16_t>, const LinearVoxel<std::uint16_t, std::int16_t>&, Executor&);
template void resample_copy(VolumeView<std::int16_t>, const LinearVoxel<float, std::int16_t>&, Executor&);

}  // namespace naru
