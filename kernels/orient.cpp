#include "kernels/orient.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "kernels/fill.h"
#include "kernels/orient_voxel.h"

namespace naru {

namespace {

template <class T>
OrientVoxel<T> source_of(VolumeView<const T> in, const AxisMap& map) {
  const std::array<std::int64_t, 3> source_strides = {1, in.size.x, in.size.x * in.size.y};
  OrientVoxel<T> voxel{in.data, {}};
  for (int a = 0; a < 3; ++a) {
    const int source = map.source_axis[a];
    voxel.strides[a] = map.flip[a] ? -source_strides[source] : source_strides[source];
    if (map.flip[a]) voxel.first += source_strides[source] * (in.size[source] - 1);
  }
  return voxel;
}

/// One square of a plane in which the target runs along x and the source along another axis. It passes through a small
/// array, so that both sides are touched one whole cache line at a time.
template <class T>
struct Tile {
  static constexpr std::int64_t kSide = 32;
  T values[kSide][kSide];

  void transpose(const T* from, std::int64_t x_stride, std::int64_t row_stride, T* to, std::int64_t to_row_stride,
                 std::int64_t width, std::int64_t height) {
    for (std::int64_t x = 0; x < width; ++x) {
      for (std::int64_t row = 0; row < height; ++row) values[x][row] = from[x * x_stride + row * row_stride];
    }
    for (std::int64_t row = 0; row < height; ++row) {
      for (std::int64_t x = 0; x < width; ++x) to[row * to_row_stride + x] = values[x][row];
    }
  }
};

/// For maps that move x: target axis `row_axis` runs along the source's x.
template <class T>
void orient_in_tiles(const OrientVoxel<T>& voxel, VolumeView<T> out, int row_axis, Executor& executor) {
  constexpr std::int64_t kSide = Tile<T>::kSide;
  const std::array<std::int64_t, 3> out_strides = {1, out.size.x, out.size.x * out.size.y};
  const int outer_axis = 3 - row_axis;
  const std::int64_t bands = (out.size[row_axis] + kSide - 1) / kSide;
  executor.parallel_for(bands * out.size[outer_axis], 1, [&](std::int64_t begin, std::int64_t end) {
    Tile<T> tile;
    for (std::int64_t piece = begin; piece < end; ++piece) {
      const std::int64_t row = piece % bands * kSide, outer = piece / bands;
      const T* const from = voxel.first + row * voxel.strides[row_axis] + outer * voxel.strides[outer_axis];
      T* const to = out.data + row * out_strides[row_axis] + outer * out_strides[outer_axis];
      for (std::int64_t x = 0; x < out.size.x; x += kSide) {
        tile.transpose(from + x * voxel.strides[0], voxel.strides[0], voxel.strides[row_axis], to + x,
                       out_strides[row_axis], std::min(kSide, out.size.x - x),
                       std::min(kSide, out.size[row_axis] - row));
      }
    }
  });
}

}  // namespace

template <class T>
void orient(VolumeView<const T> in, VolumeView<T> out, const AxisMap& map, Executor& executor) {
  for (int a = 0; a < 3; ++a) assert(out.size[a] == in.size[map.source_axis[a]]);
  if (out.size.voxel_count() == 0) return;
  const OrientVoxel<T> voxel = source_of(in, map);
  if (executor.is_cuda() || map.source_axis[0] == 0) return fill_voxels(out, voxel, executor);
  orient_in_tiles(voxel, out, map.source_axis[1] == 0 ? 1 : 2, executor);
}

template void orient(VolumeView<const std::int16_t>, VolumeView<std::int16_t>, const AxisMap&, Executor&);
template void orient(VolumeView<const std::uint16_t>, VolumeView<std::uint16_t>, const AxisMap&, Executor&);
template void orient(VolumeView<const float>, VolumeView<float>, const AxisMap&, Executor&);

}  // namespace naru
