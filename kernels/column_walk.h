/// Private to kernels/: voxels that are made of the eight around a place, column by column.
#pragma once

#include <cstdint>

#include "kernels/backend.h"
#include "kernels/resample_voxel.h"

namespace naru {

/// Where the voxels of some columns go.
template <class T>
struct ColumnTarget {
  T* first;                   ///< plane 0 of the first column
  std::int64_t row, plane;    ///< from a column to the next one, from a plane to the next
  std::int32_t column_count;  ///< that are written; the others are made for nothing
};

/// The voxels of kRows columns at one x, as Voxel defines them, bit for bit. Source planes are gone through once, in
/// rising order, and kAhead of them are loaded before the first is used: a device then waits for many values at once.
/// What becomes of a plane's four values (Voxel::Part) serves the targets on both sides of it.
/// `kBlocksOf` is for kernels/cuda/fewest_blocks.cuh.
template <class Voxel, int kRowsOf = 2, int kAhead = 2, int kBlocksOf = 0>
class Columns {
  using In = typename Voxel::In;
  using Out = typename Voxel::Out;
  using Part = typename Voxel::Part;

 public:
  static constexpr int kRows = kRowsOf;
  static constexpr int kThreads = 128;  ///< of a device's block
  static constexpr int kBlocks = kBlocksOf;
  static constexpr std::int64_t kPlanes = 16;  ///< that a thread makes at a time

  NARU_HOST_DEVICE Columns(const Voxel& voxel, std::int64_t x, const std::int64_t (&y)[kRows])
      : voxel_(voxel),
        plane_(voxel.in.size.x * voxel.in.size.y),
        x_(voxel.taps.x[x]),
        right_(x_.index + 1 < voxel.in.size.x ? 1 : 0) {
    for (int r = 0; r < kRows; ++r) {
      y_[r] = voxel.taps.y[y[r]];
      below_[r] = y_[r].index + 1 < voxel.in.size.y ? static_cast<std::int32_t>(voxel.in.size.x) : 0;
      corner_[r] = voxel.in.data + voxel.in.index(x_.index, y_[r].index, 0);
    }
  }

  /// Planes [begin, end) of the target, of which there is one at least.
  NARU_HOST_DEVICE void make(std::int64_t begin, std::int64_t end, const ColumnTarget<Out>& target) const {
    const bool falls = voxel_.taps.z[begin].index > voxel_.taps.z[end - 1].index;
    const std::int64_t start = falls ? end - 1 : begin, tap_step = falls ? -1 : 1;
    const std::int64_t step = falls ? -target.plane : target.plane;
    const AxisTap* tap = voxel_.taps.z + start;
    Out* to = target.first + start * target.plane;
    auto left = static_cast<std::int32_t>(end - begin);
    const std::int32_t top = voxel_.taps.z[falls ? begin : end - 1].index + 1;
    const std::int32_t last = top < voxel_.in.size.z ? top : top - 1;
    AxisTap at = *tap;
    std::int32_t plane = at.index;
    const In* from[kRows];
    go_to(plane, from);
    Part near[kRows], far[kRows];
    take(loaded(from), near);
    for (;;) {
      Values ahead[kAhead];
      for (int n = 0; n < kAhead; ++n) {
        for (int r = 0; r < kRows; ++r) from[r] += plane + n < last ? plane_ : 0;
        ahead[n] = loaded(from);
      }
      for (int n = 0; n < kAhead; ++n, ++plane) {
        take(ahead[n], far);
        for (; at.index == plane; at = *tap) {
          for (int r = 0; r < kRows; ++r) {
            if (r > 0 && r >= target.column_count) continue;
            to[r * target.row] = voxel_.between(near[r], far[r], x_, y_[r], at);
          }
          if (--left == 0) return;
          to += step;
          tap += tap_step;
        }
        for (int r = 0; r < kRows; ++r) near[r] = far[r];
      }
      if (at.index == plane) continue;
      plane = at.index;  // steps of more than a few planes
      go_to(plane, from);
      take(loaded(from), near);
    }
  }

 private:
  /// Of one source plane: the four values that each row lies between.
  struct Values {
    In corners[kRows][4];
  };

  NARU_HOST_DEVICE void go_to(std::int32_t plane, const In* (&from)[kRows]) const {
    for (int r = 0; r < kRows; ++r) from[r] = corner_[r] + plane * plane_;
  }

  NARU_HOST_DEVICE Values loaded(const In* const (&from)[kRows]) const {
    Values values;
    for (int r = 0; r < kRows; ++r) {
      const In* const below = from[r] + below_[r];
      values.corners[r][0] = from[r][0];
      values.corners[r][1] = from[r][right_];
      values.corners[r][2] = below[0];
      values.corners[r][3] = below[right_];
    }
    return values;
  }

  NARU_HOST_DEVICE void take(const Values& values, Part (&parts)[kRows]) const {
    for (int r = 0; r < kRows; ++r) parts[r] = voxel_.part(values.corners[r], y_[r]);
  }

  Voxel voxel_;
  std::int64_t plane_;
  AxisTap x_, y_[kRows];
  std::int32_t right_, below_[kRows];  // to the neighbours; 0 at the edge
  const In* corner_[kRows];            // of plane 0
};

/// The voxels of one column of a Voxel that takes one value each. kAhead of them are loaded before the first is used.
template <class Voxel, int kAhead = 4>
class NearestColumns {
  using In = typename Voxel::In;
  using Out = typename Voxel::Out;

 public:
  static constexpr int kRows = 1;
  static constexpr int kThreads = 256;
  static constexpr int kBlocks = 0;
  static constexpr std::int64_t kPlanes = 16;

  NARU_HOST_DEVICE NearestColumns(const Voxel& voxel, std::int64_t x, const std::int64_t (&y)[kRows])
      : voxel_(voxel),
        plane_(voxel.in.size.x * voxel.in.size.y),
        corner_(voxel.in.data + voxel.in.index(voxel.taps.x[x].index, voxel.taps.y[y[0]].index, 0)) {}

  /// As that of Columns.
  NARU_HOST_DEVICE void make(std::int64_t begin, std::int64_t end, const ColumnTarget<Out>& target) const {
    const AxisTap* tap = voxel_.taps.z + begin;
    Out* to = target.first + begin * target.plane;
    for (auto left = static_cast<std::int32_t>(end - begin); left > 0; left -= kAhead, tap += kAhead) {
      In stored[kAhead];
      for (int n = 0; n < kAhead; ++n) stored[n] = corner_[tap[n < left ? n : left - 1].index * plane_];
      for (int n = 0; n < kAhead; ++n, to += target.plane) {
        if (n < left) *to = voxel_.made(stored[n]);
      }
    }
  }

 private:
  Voxel voxel_;
  std::int64_t plane_;
  const In* corner_;
};

}  // namespace naru
