#include "kernels/resample.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/resample_avx2.h"
#include "kernels/resample_voxel.h"

namespace naru {

namespace {

void append_axis(std::vector<AxisTap>& taps, const AxisSteps& axis, std::int64_t source_count,
                 Interpolator interpolator) {
  const double last = static_cast<double>(source_count - 1);
  for (std::int64_t t = 0; t < axis.target_count; ++t) {
    const double source = axis.first + static_cast<double>(t) * axis.step;
    const double rounded = interpolator == Interpolator::nearest ? std::floor(source + 0.5) : source;
    const double clamped = std::clamp(rounded, 0.0, last);
    const double index = std::floor(clamped);
    taps.push_back({static_cast<std::int32_t>(index), static_cast<float>(clamped - index)});
  }
}

std::vector<AxisTap> taps_of_all_axes(const Size3& source, const ResampleOptions& options) {
  std::vector<AxisTap> taps;
  for (int a = 0; a < 3; ++a) append_axis(taps, options.axes[a], source[a], options.interpolator);
  return taps;
}

}  // namespace

template <class In, class Out>
void resample(VolumeView<const In> in, VolumeView<Out> out, const ResampleOptions& options, Executor& executor) {
  for (int a = 0; a < 3; ++a) assert(in.size[a] > 0 && out.size[a] == options.axes[a].target_count);
  if (out.size.voxel_count() == 0) return;
  const std::vector<AxisTap> taps = taps_of_all_axes(in.size, options);
  const AxisTap* reachable = taps.data();
  Buffer<AxisTap> on_device;
  if (executor.is_cuda()) {
    on_device = Buffer<AxisTap>(taps.size(), executor);
    detail::copy_bytes(on_device.data(), taps.data(), taps.size() * sizeof(AxisTap), executor);
    reachable = on_device.data();
  }
  const AxisTaps axes{reachable, reachable + out.size.x, reachable + out.size.x + out.size.y};
  if (options.interpolator == Interpolator::nearest) {
    fill_voxels(out, NearestVoxel<In, Out>{in, axes, options.intensity}, executor);
  } else if (executor.is_cuda() || cpu_path() == CpuPath::baseline) {
    fill_voxels(out, LinearVoxel<In, Out>{in, axes, options.intensity}, executor);
  } else {
    avx2::resample_linear(out, LinearVoxel<In, Out>{in, axes, options.intensity}, executor);
  }
}

template void resample(VolumeView<const std::int16_t>, VolumeView<float>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const std::uint16_t>, VolumeView<float>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const float>, VolumeView<float>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const std::int16_t>, VolumeView<std::int16_t>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const std::uint16_t>, VolumeView<std::int16_t>, const ResampleOptions&, Executor&);
template void resample(VolumeView<const float>, VolumeView<std::int16_t>, const ResampleOptions&, Executor&);

}  // namespace naru
