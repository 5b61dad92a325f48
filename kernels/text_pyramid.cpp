#include "kernels/text_pyramid.h"

#include <algorithm>
#include <cassert>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/fill.h"
#include "kernels/text_pyramid_voxel.h"

namespace naru {

namespace {

std::vector<TextView> views_of(std::int64_t width, std::int64_t height) {
  constexpr std::int64_t kLong = 1400, kShort = 400;
  std::vector<TextView> views;
  const auto add = [&](std::int64_t shrink, std::int64_t grow) {
    for (const bool is_turned : {false, true}) views.push_back({width, height, shrink, grow, is_turned});
  };
  add(1, 1);
  add(2, 1);
  if (std::max(width, height) > kLong) add(4, 1);
  if (std::max(width, height) < kShort) add(1, 2);
  return views;
}

std::int64_t padded(std::int64_t length) { return (length + 2 * kTextEdge + kTextGrain - 1) / kTextGrain * kTextGrain; }

}  // namespace

void detect_text_at_all_scales(const TextNetwork& network, VolumeView<const float> slice, const TextWindows& windows,
                               VolumeView<float> probability, Executor& executor) {
  assert((slice.size.z == 1 || slice.size.z == kTextWindows) && probability.size.z == 1);
  bool is_first = true;
  for (const TextView& view : views_of(slice.size.x, slice.size.y)) {
    std::int64_t width = padded(view.scaled(view.width)), height = padded(view.scaled(view.height));
    if (view.is_turned) std::swap(width, height);
    Buffer<float> rendered(static_cast<std::size_t>(width * height * kTextWindows), executor);
    Buffer<float> seen(static_cast<std::size_t>(width * height), executor);
    const VolumeView<float> in{rendered.data(), {width, height, kTextWindows}}, out{seen.data(), {width, height, 1}};
    fill_voxels(in, TextRenderVoxel{slice, windows, view}, executor);
    detect_text(network, in, out, executor);
    fill_voxels(probability, TextMergeVoxel{probability, out, view, is_first}, executor);
    is_first = false;
  }
}

}  // namespace naru
