#include "kernels/labels.h"

#include <cassert>

#include "kernels/axis_taps.h"
#include "kernels/cuda/columns.h"
#include "kernels/dispatch.h"
#include "kernels/labels_avx512.h"
#include "kernels/labels_voxel.h"

namespace naru {

namespace {

/// LabelsVoxel by rows: where its four source rows lie is found once.
template <class Label>
void resample_rows(VolumeView<Label> out, const LabelsVoxel<Label>& voxel, Executor& executor) {
  constexpr std::int64_t kRowsPerPiece = 64;
  executor.parallel_for(out.size.y * out.size.z, kRowsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    const LabelsVoxel<Label> one = voxel;  // a copy of its own: what is written cannot change it
    const Size3 size = one.in.size;
    for (std::int64_t row = begin; row < end; ++row) {
      const AxisTap y = one.taps.y[row % out.size.y], z = one.taps.z[row / out.size.y];
      const std::int64_t below = y.index + 1 < size.y ? size.x : 0;
      const std::int64_t behind = z.index + 1 < size.z ? size.x * size.y : 0;
      const Label* const near = one.in.data + one.in.index(0, y.index, z.index);
      Label* const to = out.data + row * out.size.x;
      for (std::int64_t i = 0; i < out.size.x; ++i) {
        const AxisTap x = one.taps.x[i];
        const std::int64_t right = x.index + 1 < size.x ? 1 : 0;
        to[i] = one.between(one.part_at(near + x.index, right, below),
                            one.part_at(near + behind + x.index, right, below), x, y, z);
      }
    }
  });
}

}  // namespace

template <class Label>
void resample_labels(VolumeView<const Label> in, VolumeView<Label> out, const std::array<AxisSteps, 3>& axes,
                     LabelRule rule, Executor& executor) {
  for (int a = 0; a < 3; ++a) assert(in.size[a] > 0 && out.size[a] == axes[a].target_count);
  if (out.size.voxel_count() == 0) return;
  const ReachableTaps taps(in.size, {axes, Interpolator::linear, {}}, executor);
  const LabelsVoxel<Label> voxel{in, taps.axes(), rule};
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return cuda::fill_columns<LabelsColumns<Label>>(VolumesView<Label>{out}, voxel, executor);
  }
  if (cpu_path() >= CpuPath::avx512 && avx512::resample_labels(out, voxel, executor)) return;
  resample_rows(out, voxel, executor);
}

template void resample_labels(VolumeView<const std::uint8_t>, VolumeView<std::uint8_t>, const std::array<AxisSteps, 3>&,
                              LabelRule, Executor&);
template void resample_labels(VolumeView<const std::uint16_t>, VolumeView<std::uint16_t>,
                              const std::array<AxisSteps, 3>&, LabelRule, Executor&);
template void resample_labels(VolumeView<const std::int16_t>, VolumeView<std::int16_t>, const std::array<AxisSteps, 3>&,
                              LabelRule, Executor&);

}  // namespace naru
