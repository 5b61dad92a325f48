/// The bias field of an MR volume: the slowly changing factor by which coils brighten one part of the body more than
/// another. Estimated by N4 on a shrunken copy; evaluated and divided out at full resolution.
///
/// Source: Tustison et al., N4ITK, IEEE Trans. Medical Imaging 29:1310, 2010.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/geometry.h"
#include "kernels/executor.h"
#include "pipeline/restore/n4.h"

namespace naru {

/// A small copy of a volume whose voxels are means of blocks of it. x fastest, then y, then z.
/// Along each axis blocks have 4 voxels where at least 16 blocks come of it, else fewer; voxels beyond the last whole
/// block are left out. An axis of less than 4 voxels is repeated until it has 4.
class ShrunkVolume {
 public:
  explicit ShrunkVolume(const Size3& full);

  /// Whole slices [begin, ...) of the volume, in order: every slice once.
  void add(std::span<const float> voxels, std::int64_t begin);

  const Size3& full() const { return full_; }
  const Size3& size() const { return size_; }
  std::int64_t block(int axis) const { return block_[static_cast<std::size_t>(axis)]; }
  std::int64_t repeats(int axis) const { return repeats_[static_cast<std::size_t>(axis)]; }
  std::vector<float> voxels() const;

 private:
  Size3 full_, size_;
  std::array<std::int64_t, 3> block_{}, repeats_{};
  std::vector<double> sums_;
};

/// A field over the whole volume: a cubic B-spline in log space.
class BiasField {
 public:
  /// @param control_points x fastest, of a uniform cubic B-spline from the first to the last voxel of `shrunk`
  BiasField(const ShrunkVolume& shrunk, const Size3& lattice, std::vector<double> control_points);

  /// Divides whole slices [begin, ...) of the volume by the field, on the executor's CPU threads. Beyond the middle of
  /// the outermost blocks the field is that at their middle.
  void divide(std::span<float> voxels, std::int64_t begin, Executor& executor) const;

  /// The logarithm of the field at a voxel of the volume.
  double log_at(std::int64_t x, std::int64_t y, std::int64_t z) const;

 private:
  Size3 full_, lattice_;
  std::vector<double> control_points_;
  std::array<std::vector<SplinePlace>, 3> places_;  ///< by axis, of each voxel
};

/// N4 (pipeline/restore/n4.h) over the foreground, which is what lies above Otsu's threshold. A volume without
/// foreground has a field of 1. On the executor's CPU threads: the same field for any number of them.
BiasField estimate_bias_field(const ShrunkVolume& shrunk, Executor& executor);

}  // namespace naru
