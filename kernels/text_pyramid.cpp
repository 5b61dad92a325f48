#include "kernels/text_pyramid.h"

#include <algorithm>
#include <cassert>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/fill.h"
#include "kernels/text_pyramid_voxel.h"

namespace naru {

namespace {

std::vector<TextView> views_of(std::int64_t width, std::int64_t height, std::int64_t longest) {
  constexpr std::int64_t kTiny = 200, kShort = 400, kLong = 1400;
  std::vector<TextView> views;
  const auto add = [&](std::int64_t shrink, std::int64_t grow) { views.push_back({width, height, shrink, grow}); };
  add(1, 1);
  if (longest >= kTiny) add(2, 1);
  if (longest > kLong) add(4, 1);
  if (longest < kShort) add(1, 2);
  return views;
}

/// Of tiles: what counts, and what is rendered around it. The network sees 92 pixels far. Multiples of kTextGrain.
constexpr std::int64_t kInner = 768, kMargin = 96;

std::int64_t padded(std::int64_t length) { return (length + kTextGrain - 1) / kTextGrain * kTextGrain; }

/// Tiles that cover a view. What counts of each lies so far from its borders that no value depends on where they are.
std::vector<TextTile> tiles_of(const TextView& view) {
  std::vector<TextTile> tiles;
  const std::int64_t width = view.inner_width() + 2 * kTextEdge, height = view.inner_height() + 2 * kTextEdge;
  for (std::int64_t y = 0; y < height; y += kInner) {
    for (std::int64_t x = 0; x < width; x += kInner) {
      tiles.push_back({std::max<std::int64_t>(x - kMargin, 0), std::max<std::int64_t>(y - kMargin, 0), x, y,
                       std::min(x + kInner, width), std::min(y + kInner, height)});
    }
  }
  return tiles;
}

/// How far a tile is rendered along one axis, from `begin` on: beyond what counts, up to the end of the view.
std::int64_t rendered_length(std::int64_t begin, std::int64_t counts_to, std::int64_t inner_length) {
  return padded(std::min(counts_to + kMargin, inner_length + 2 * kTextEdge) - begin);
}

}  // namespace

void detect_text_at_all_scales(const ReachableTextNetwork& network, VolumeView<const float> slice,
                               const TextWindows& windows, VolumeView<float> probability, Executor& executor,
                               std::int64_t longest) {
  assert((slice.size.z == 1 || slice.size.z == kTextWindows) && probability.size.z == 1);
  fill_voxels(probability, TextUnknownVoxel{}, executor);
  if (longest == 0) longest = std::max(slice.size.x, slice.size.y);
  for (const TextView& view : views_of(slice.size.x, slice.size.y, longest)) {
    for (const TextTile& tile : tiles_of(view)) {
      const std::int64_t width = rendered_length(tile.x, tile.to_x, view.inner_width());
      const std::int64_t height = rendered_length(tile.y, tile.to_y, view.inner_height());
      Buffer<float> rendered(static_cast<std::size_t>(width * height * kTextWindows), executor);
      Buffer<float> seen(static_cast<std::size_t>(width * height), executor);
      const VolumeView<float> in{rendered.data(), {width, height, kTextWindows}}, out{seen.data(), {width, height, 1}};
      fill_voxels(in, TextRenderVoxel{slice, windows, view, tile}, executor);
      detect_text(network, in, out, executor);
      fill_voxels(probability, TextMergeVoxel{probability, out, view, tile}, executor);
    }
  }
}

std::vector<float> text_probability(const ReachableTextNetwork& network, VolumeView<const float> slice,
                                    const TextWindows& windows, Executor& executor, std::int64_t longest) {
  const Size3 plane{slice.size.x, slice.size.y, 1};
  std::vector<float> probability(static_cast<std::size_t>(plane.voxel_count()), kNotKnown);
  if (!executor.is_cuda()) {
    detect_text_at_all_scales(network, slice, windows, {probability.data(), plane}, executor, longest);
    return probability;
  }
  const auto count = static_cast<std::size_t>(slice.size.voxel_count());
  Buffer<float> seen(count, executor), found(probability.size(), executor);
  detail::copy_bytes(seen.data(), slice.data, count * sizeof(float), executor);
  detect_text_at_all_scales(network, {seen.data(), slice.size}, windows, {found.data(), plane}, executor, longest);
  detail::copy_bytes(probability.data(), found.data(), probability.size() * sizeof(float), executor);
  executor.wait();
  return probability;
}

}  // namespace naru
