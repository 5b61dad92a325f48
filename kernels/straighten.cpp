#include "kernels/straighten.h"

#include <cassert>
#include <cmath>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/fill.h"
#include "kernels/straighten_voxel.h"

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
  const ShiftTap* reachable = taps.data();
  Buffer<ShiftTap> on_device;
  if (executor.is_cuda()) {
    on_device = Buffer<ShiftTap>(taps.size(), executor);
    detail::copy_bytes(on_device.data(), taps.data(), taps.size() * sizeof(ShiftTap), executor);
    reachable = on_device.data();
  }
  fill_voxels(out, StraightenVoxel<In>{in, reachable, fill}, executor);
}

template void straighten(VolumeView<const std::int16_t>, VolumeView<float>, std::span<const SliceShift>, float,
                         Executor&);
template void straighten(VolumeView<const std::uint16_t>, VolumeView<float>, std::span<const SliceShift>, float,
                         Executor&);
template void straighten(VolumeView<const float>, VolumeView<float>, std::span<const SliceShift>, float, Executor&);

}  // namespace naru
