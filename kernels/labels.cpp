#include "kernels/labels.h"

#include <array>
#include <cassert>
#include <vector>

#include "kernels/axis_taps.h"
#include "kernels/cuda/columns.h"
#include "kernels/dispatch.h"
#include "kernels/labels_avx512.h"
#include "kernels/labels_voxel.h"

namespace naru {

namespace {

/// Where the eight labels around a place are one: is_one[i] of those between source columns i and i + 1.
/// @param rows the four source rows, each as long as `is_one`
template <class Label>
void find_one_label(const std::array<const Label*, 4>& rows, std::vector<std::uint8_t>& is_one) {
  const auto [a, b, c, d] = rows;
  const std::size_t last = is_one.size() - 1;
  std::uint8_t* const found = is_one.data();
  for (std::size_t i = 0; i < last; ++i) {  // without a way out, so that 16 are compared at once; AVX2 saves no more
    const auto differ = static_cast<Label>((a[i] ^ b[i]) | (a[i] ^ c[i]) | (a[i] ^ d[i]) | (a[i] ^ a[i + 1]) |
                                           (a[i] ^ b[i + 1]) | (a[i] ^ c[i + 1]) | (a[i] ^ d[i + 1]));
    found[i] = differ == 0 ? 1 : 0;
  }
  found[last] = a[last] == b[last] && a[last] == c[last] && a[last] == d[last] ? 1 : 0;
}

/// LabelsVoxel of rows begin to end, counted along y, then z: what is the same along a row is found once, and only
/// where labels differ are they weighed.
template <class Label>
void resample_rows(VolumeView<Label> out, const LabelsVoxel<Label>& voxel, std::int64_t begin, std::int64_t end) {
  const LabelsVoxel<Label> one = voxel;  // a copy of its own: what is written cannot change it
  const Size3 size = one.in.size;
  std::vector<std::uint8_t> is_one(static_cast<std::size_t>(size.x));
  for (std::int64_t row = begin; row < end; ++row) {
    const AxisTap y = one.taps.y[row % out.size.y], z = one.taps.z[row / out.size.y];
    const std::int64_t below = y.index + 1 < size.y ? size.x : 0;
    const std::int64_t behind = z.index + 1 < size.z ? size.x * size.y : 0;
    const Label* const near = one.in.data + one.in.index(0, y.index, z.index);
    find_one_label<Label>({near, near + below, near + behind, near + behind + below}, is_one);
    Label* const to = out.data + row * out.size.x;
    for (std::int64_t i = 0; i < out.size.x; ++i) {
      const AxisTap x = one.taps.x[i];
      if (is_one[static_cast<std::size_t>(x.index)] != 0) {
        to[i] = near[x.index];
        continue;
      }
      const std::int64_t right = x.index + 1 < size.x ? 1 : 0;
      to[i] = one.between(one.part_at(near + x.index, right, below), one.part_at(near + behind + x.index, right, below),
                          x, y, z);
    }
  }
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
  constexpr std::int64_t kRowsPerPiece = 64;
  executor.parallel_for(out.size.y * out.size.z, kRowsPerPiece,
                        [&](std::int64_t begin, std::int64_t end) { resample_rows(out, voxel, begin, end); });
}

template void resample_labels(VolumeView<const std::uint8_t>, VolumeView<std::uint8_t>, const std::array<AxisSteps, 3>&,
                              LabelRule, Executor&);
template void resample_labels(VolumeView<const std::uint16_t>, VolumeView<std::uint16_t>,
                              const std::array<AxisSteps, 3>&, LabelRule, Executor&);
template void resample_labels(VolumeView<const std::int16_t>, VolumeView<std::int16_t>, const std::array<AxisSteps, 3>&,
                              LabelRule, Executor&);

}  // namespace naru
