#include "kernels/resample.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "kernels/axis_taps.h"
#include "kernels/column_walk.h"
#include "kernels/cuda/columns.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/intensity_avx2.h"
#include "kernels/resample_avx2.h"
#include "kernels/resample_avx512.h"
#include "kernels/resample_copy.h"
#include "kernels/resample_voxel.h"
#include "kernels/separable.h"

namespace naru {

namespace {

/// NearestVoxel by rows: values are picked one by one, then mapped eight at a time. @pre cpu_path() >= CpuPath::avx2
template <class In, class Out>
void resample_nearest_rows(VolumeView<Out> out, const NearestVoxel<In, Out>& voxel, Executor& executor) {
  constexpr std::int64_t kPickedValues = 1024;
  each_piece_of_rows(out.size, executor, [&](std::int64_t begin, std::int64_t end) {
    std::array<In, kPickedValues> picked;
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t y = row % out.size.y, z = row / out.size.y;
      const In* const from = voxel.in.data + voxel.in.index(0, voxel.taps.y[y].index, voxel.taps.z[z].index);
      for (std::int64_t x = 0; x < out.size.x; x += kPickedValues) {
        const std::int64_t count = std::min(kPickedValues, out.size.x - x);
        for (std::int64_t i = 0; i < count; ++i) picked[static_cast<std::size_t>(i)] = from[voxel.taps.x[x + i].index];
        avx2::apply_intensity(picked.data(), out.data + out.index(x, y, z), count, voxel.map);
      }
    }
  });
}

}  // namespace

template <class In, class Out>
void resample(VolumeView<const In> in, VolumeView<Out> out, const ResampleOptions& options, Executor& executor) {
  for (int a = 0; a < 3; ++a) assert(in.size[a] > 0 && out.size[a] == options.axes[a].target_count);
  if (out.size.voxel_count() == 0) return;
  if (is_separable(options)) return resample_separable(in, out, options, executor);
  const ReachableTaps taps(in.size, options, executor);
  const AxisTaps axes = taps.axes();
  const bool by_voxel = cpu_path() == CpuPath::baseline;
  if (options.interpolator == Interpolator::nearest) {
    const NearestVoxel<In, Out> voxel{in, axes, options.intensity};
    if constexpr (kWithCuda) {
      if (executor.is_cuda()) return cuda::fill_columns<NearestColumns<NearestVoxel<In, Out>>>(out, voxel, executor);
    }
    by_voxel ? fill_voxels_on_cpu(out, voxel, executor) : resample_nearest_rows(out, voxel, executor);
  } else {
    const LinearVoxel<In, Out> voxel{in, axes, options.intensity};
    if constexpr (kWithCuda) {
      if (executor.is_cuda()) return cuda::fill_columns<Columns<LinearVoxel<In, Out>>>(out, voxel, executor);
    }
    if (by_voxel) return fill_voxels_on_cpu(out, voxel, executor);
    if (is_copy(axes, out.size)) return resample_copy(out, voxel, executor);
    cpu_path() == CpuPath::avx512 ? avx512::resample_linear(out, voxel, executor)
                                  : avx2::resample_linear(out, voxel, executor);
  }
}

template <class Out>
void fill_outside(VolumeView<Out> out, const std::array<InsideRange, 3>& inside, Out value, Executor& executor) {
  bool is_all = true;
  for (int a = 0; a < 3; ++a) is_all = is_all && inside[a].begin == 0 && inside[a].end == out.size[a];
  if (!is_all) fill_voxels(out, OutsideVoxel<Out>{out, inside[0], inside[1], inside[2], value}, executor);
}

template void fill_outside(VolumeView<float>, const std::array<InsideRange, 3>&, float, Executor&);
template void fill_outside(VolumeView<std::int16_t>, const std::array<InsideRange, 3>&, std::int16_t, Executor&);
template void resample(VolumeView<const std::int16_t>, VolumeView<float>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const std::uint16_t>, VolumeView<float>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const float>, VolumeView<float>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const std::int16_t>, VolumeView<std::int16_t>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const std::uint16_t>, VolumeView<std::int16_t>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const float>, VolumeView<std::int16_t>, const ResampleOptions&, Executor&);

}  // namespace naru
