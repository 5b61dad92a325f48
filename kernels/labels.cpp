#include "kernels/labels.h"

#include <cassert>

#include "kernels/axis_taps.h"
#include "kernels/cuda/columns.h"
#include "kernels/fill.h"
#include "kernels/labels_voxel.h"

namespace naru {

template <class Label>
void resample_labels(VolumeView<const Label> in, VolumeView<Label> out, const std::array<AxisSteps, 3>& axes,
                     LabelRule rule, Executor& executor) {
  for (int a = 0; a < 3; ++a) assert(in.size[a] > 0 && out.size[a] == axes[a].target_count);
  if (out.size.voxel_count() == 0) return;
  const ReachableTaps taps(in.size, {axes, Interpolator::linear, {}}, executor);
  const LabelsVoxel<Label> voxel{in, taps.axes(), rule};
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return cuda::fill_columns<LabelsColumns<Label>>(out, voxel, executor);
  }
  fill_voxels_on_cpu(out, voxel, executor);
}

template void resample_labels(VolumeView<const std::uint8_t>, VolumeView<std::uint8_t>, const std::array<AxisSteps, 3>&,
                              LabelRule, Executor&);
template void resample_labels(VolumeView<const std::uint16_t>, VolumeView<std::uint16_t>,
                              const std::array<AxisSteps, 3>&, LabelRule, Executor&);
template void resample_labels(VolumeView<const std::int16_t>, VolumeView<std::int16_t>, const std::array<AxisSteps, 3>&,
                              LabelRule, Executor&);

}  // namespace naru
