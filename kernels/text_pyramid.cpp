#include "kernels/text_pyramid.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/fill.h"
#include "kernels/text_pyramid_voxel.h"

namespace naru {

namespace {

/// Shrunk and grown sides of a view, to each of which two directions belong.
struct Scale {
  std::int64_t shrink = 1, grow = 1;
};

std::vector<Scale> scales_of(std::int64_t width, std::int64_t height) {
  constexpr std::int64_t kTiny = 200, kShort = 400, kLong = 1400;
  const std::int64_t longest = std::max(width, height);
  std::vector<Scale> scales = {{1, 1}};
  if (longest >= kTiny) scales.push_back({2, 1});
  if (longest > kLong) scales.push_back({4, 1});
  if (longest < kShort) scales.push_back({1, 2});
  return scales;
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

/// One view of a slice, tile by tile, put back to where it came from.
void look(const TextNetwork& network, VolumeView<const float> slice, const TextWindows& windows, const TextView& view,
          VolumeView<float> probability, Executor& executor) {
  for (const TextTile& tile : tiles_of(view)) {
    const std::int64_t width = rendered_length(tile.x, tile.to_x, view.inner_width());
    const std::int64_t height = rendered_length(tile.y, tile.to_y, view.inner_height());
    Buffer<float> rendered(static_cast<std::size_t>(width * height * kTextWindows), executor);
    Buffer<float> seen(static_cast<std::size_t>(width * height), executor);
    const VolumeView<float> in{rendered.data(), {width, height, kTextWindows}}, out{seen.data(), {width, height, 1}};
    fill_voxels(in, TextRenderVoxel{slice, windows, view, tile}, executor);
    detect_text(network, in, out, executor);
    fill_voxels(probability, TextGatherVoxel{probability, out, view, tile}, executor);
  }
}

}  // namespace

void detect_text_at_all_scales(const TextNetwork& network, VolumeView<const float> slice, const TextWindows& windows,
                               VolumeView<float> probability, Executor& executor) {
  assert((slice.size.z == 1 || slice.size.z == kTextWindows) && probability.size.z == 1);
  const auto [width, height, planes] = slice.size;
  std::array<Buffer<float>, 2> directions;
  for (Buffer<float>& one : directions) one = Buffer<float>(static_cast<std::size_t>(width * height), executor);
  const VolumeView<float> upright{directions[0].data(), probability.size},
      turned{directions[1].data(), probability.size};
  fill_voxels(probability, TextZeroVoxel{}, executor);
  for (const Scale& scale : scales_of(width, height)) {
    look(network, slice, windows, {width, height, scale.shrink, scale.grow, false}, upright, executor);
    look(network, slice, windows, {width, height, scale.shrink, scale.grow, true}, turned, executor);
    fill_voxels(probability, TextJoinVoxel{probability, upright, turned}, executor);
  }
}

}  // namespace naru
