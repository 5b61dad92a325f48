#include "kernels/straighten.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/straighten_voxel.h"
#include "kernels/stream.h"
#include "kernels/table.h"

namespace naru {

namespace {

struct Split {
  std::int32_t whole;
  float weight;
};

Split split(double shift) {
  const double whole = std::floor(shift);
  return {static_cast<std::int32_t>(whole), static_cast<float>(shift - whole)};
}

/// StraightenVoxel of rows begin to end: what is the same along a row is found once.
template <class In>
void straighten_rows(VolumeView<float> out, const StraightenVoxel<In>& voxel, std::int64_t begin, std::int64_t end) {
  const std::int64_t width = out.size.x;
  write_rows(out, begin, end, [&](std::int64_t y, std::int64_t z, float* line) {
    const ShiftTap tap = voxel.taps[z];
    const std::int64_t i_step = tap.weight_i > 0 ? 1 : 0, j = y + tap.j, j_next = tap.weight_j > 0 ? j + 1 : j;
    const bool is_inside = j >= 0 && j_next < voxel.in.size.y;
    const std::int64_t first = is_inside ? std::clamp<std::int64_t>(-std::int64_t{tap.i}, 0, width) : width;
    const std::int64_t last = is_inside ? std::clamp(voxel.in.size.x - i_step - tap.i, first, width) : width;
    std::fill(line, line + first, voxel.fill);
    const In* const near = is_inside ? voxel.in.data + voxel.in.index(0, j, z) : nullptr;
    const In* const far = is_inside ? voxel.in.data + voxel.in.index(0, j_next, z) : nullptr;
    for (std::int64_t x = first; x < last; ++x) {
      line[x] = StraightenVoxel<In>::between(near, far, x + tap.i, x + tap.i + i_step, tap);
    }
    std::fill(line + last, line + width, voxel.fill);
  });
}

template <class In>
NARU_AVX2_FLAT void straighten_rows_avx2(VolumeView<float> out, const StraightenVoxel<In>& voxel, std::int64_t begin,
                                         std::int64_t end) {
  straighten_rows(out, voxel, begin, end);
}

}  // namespace

template <class In>
void straighten(VolumeView<const In> in, VolumeView<float> out, std::span<const SliceShift> shifts, float fill,
                Executor& executor) {
  assert(in.size.z == out.size.z && shifts.size() == static_cast<std::size_t>(in.size.z));
  std::vector<ShiftTap> taps;
  for (const SliceShift& shift : shifts) {
    const Split i = split(shift.i), j = split(shift.j);
    taps.push_back({i.whole, j.whole, i.weight, j.weight});
  }
  if (executor.is_cuda()) {
    const Buffer<ShiftTap> on_device = table_on(taps, executor);
    return fill_voxels(out, StraightenVoxel<In>{in, on_device.data(), fill}, executor);
  }
  const StraightenVoxel<In> voxel{in, taps.data(), fill};
  const auto straighten = cpu_path() >= CpuPath::avx2 ? straighten_rows_avx2<In> : straighten_rows<In>;
  if (out.size.voxel_count() == 0) return;
  each_piece_of_rows(out.size, executor,
                     [&](std::int64_t begin, std::int64_t end) { straighten(out, voxel, begin, end); });
}

template void straighten(VolumeView<const std::int16_t>, VolumeView<float>, std::span<const SliceShift>, float,
                         Executor&);
template void straighten(VolumeView<const std::uint16_t>, VolumeView<float>, std::span<const SliceShift>, float,
                         Executor&);
template void straighten(VolumeView<const float>, VolumeView<float>, std::span<const SliceShift>, float, Executor&);

}  // namespace naru
