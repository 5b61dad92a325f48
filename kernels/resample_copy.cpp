#include "kernels/resample_copy.h"

#include <algorithm>
#include <vector>

#include "kernels/fill.h"
#include "kernels/intensity_avx2.h"
#include "kernels/rows_ahead.h"
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
  const bool is_turned = voxel.taps.x[out.size.x - 1].index < voxel.taps.x[0].index;
  const RowsAhead<In> rows_ahead(voxel.taps, out.size);
  each_piece_of_rows(out.size, executor, [&](std::int64_t begin, std::int64_t end) {
    std::vector<In> turned(static_cast<std::size_t>(is_turned ? out.size.x : 0));
    write_rows(out, begin, end, [&](std::int64_t y, std::int64_t z, Out* line) {
      const In* const row = voxel.in.data + voxel.in.index(0, voxel.taps.y[y].index, voxel.taps.z[z].index);
      rows_ahead.ask(row);
      const In* const first = row + rows_ahead.first();
      std::reverse_copy(first, first + turned.size(), turned.begin());
      avx2::apply_intensity(is_turned ? turned.data() : first, line, out.size.x, voxel.map, false);
    });
  });
}

template void resample_copy(VolumeView<float>, const LinearVoxel<std::int16_t, float>&, Executor&);
template void resample_copy(VolumeView<float>, const LinearVoxel<std::uint16_t, float>&, Executor&);
template void resample_copy(VolumeView<float>, const LinearVoxel<float, float>&, Executor&);
template void resample_copy(VolumeView<std::int16_t>, const LinearVoxel<std::int16_t, std::int16_t>&, Executor&);
template void resample_copy(VolumeView<std::int16_t>, const LinearVoxel<std::uint16_t, std::int16_t>&, Executor&);
template void resample_copy(VolumeView<std::int16_t>, const LinearVoxel<float, std::int16_t>&, Executor&);

}  // namespace naru
