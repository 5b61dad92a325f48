/// Private to resample_*.cpp: linear resampling on the CPU by bands of target rows.
///
/// Of a source plane the two rows that a target row lies between are blended along y, straight from the stored type.
/// This depends on the source plane alone, so a band of target rows marches along z and keeps what became of the two
/// latest planes; they stay in L1. Rows of the target are made of these, and written to memory in whole cache lines.
#pragma once

#include <immintrin.h>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "kernels/executor.h"
#include "kernels/resample_voxel.h"
#include "kernels/stream.h"

namespace naru {

/// How much room a band takes, in values.
struct BandSizes {
  std::int64_t rows;         ///< of the target
  std::int64_t row_values;   ///< of a blended row: whole cache lines
  std::int64_t made_values;  ///< of a target plane
};

/// What becomes of two neighbouring source planes, and of these.
template <class Out>
class Band {
 public:
  explicit Band(const BandSizes& sizes)
      : sizes_(sizes),
        values_((2 * sizes.rows + 1) * sizes.row_values + kLineBytes / sizeof(float)),
        made_(sizes.made_values + kLineBytes / sizeof(Out)) {}

  void forget() { planes_ = {-1, -1}; }

  /// Room for one row more.
  float* spare_row() { return line_in(values_) + 2 * sizes_.rows * sizes_.row_values; }

  /// Room for what goes `to` a place, that lies in cache lines as that does.
  Out* made_for(const Out* to) { return line_in(made_, reinterpret_cast<std::uintptr_t>(to)); }

  /// Row `r` of plane `k`. Neighbouring planes differ in their last bit, so two places are enough.
  float* row(std::int64_t k, std::int64_t r) {
    return line_in(values_) + ((k & 1) * sizes_.rows + r) * sizes_.row_values;
  }

  /// True where plane `k` has to be blended first.
  bool take_place(std::int64_t k) {
    if (planes_[k & 1] == k) return false;
    planes_[k & 1] = k;
    return true;
  }

 private:
  BandSizes sizes_;
  std::vector<float> values_;
  std::vector<Out> made_;
  std::array<std::int64_t, 2> planes_{-1, -1};
};

/// What target rows are made of.
struct BlendedRows {
  const float *near, *far;  ///< the first of each plane
  float weight;             ///< of the far ones
  std::int64_t distance;    ///< from a row to the next
  std::int64_t count;
};

struct BandRange {
  std::int64_t begin, end;
};

/// `Rows` does the arithmetic:
///   blend(a, b, ahead, weight, row)      two source rows along y, and the last value once more; asks for the values
///                                        that lie `ahead` of them
///   write(BlendedRows, spare_row, out)   as many rows of the target
///   kPadding                             values behind the source values of a row that write() may load
template <class In, class Out, class Rows>
class LinearBands {
 public:
  LinearBands(VolumeView<Out> out, const LinearVoxel<In, Out>& voxel, const Rows& rows)
      : out_(out), taps_(voxel.taps), in_(voxel.in), rows_(rows), is_streamed_(is_worth_streaming(out)) {}

  void run(Executor& executor) const {
    const std::int64_t band_rows = rows_of_band();
    const BandSizes sizes{band_rows, row_values(), band_rows * out_.size.x};
    const std::int64_t bands = (out_.size.y + band_rows - 1) / band_rows;
    const std::int64_t slabs = (out_.size.z + kPlanesPerPiece - 1) / kPlanesPerPiece;
    tbb::enumerable_thread_specific<Band<Out>> band_of_thread([=] { return Band<Out>(sizes); });
    executor.parallel_for(bands * slabs, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t piece = begin; piece < end; ++piece) {
        const std::int64_t y = piece % bands * band_rows, z = piece / bands * kPlanesPerPiece;
        march(band_of_thread.local(), {y, std::min(y + band_rows, out_.size.y)},
              {z, std::min(z + kPlanesPerPiece, out_.size.z)});
      }
      _mm_sfence();  // what was written past the caches is there before others are told
    });
  }

 private:
  static constexpr std::int64_t kBandBytes = 16 * 1024;  // of the rows that wait: half of a core's L1
  static constexpr std::int64_t kFewestRows = 2;         // neighbouring bands read a source row both
  static constexpr std::int64_t kMostRows = 16;
  static constexpr std::int64_t kPlanesPerPiece = 64;  // a piece blends its first plane anew: cheap beside 64

  std::int64_t row_values() const {
    constexpr std::int64_t kLineValues = kLineBytes / sizeof(float);
    return (in_.size.x + Rows::kPadding + kLineValues - 1) / kLineValues * kLineValues;
  }

  std::int64_t rows_of_band() const {
    const std::int64_t rows = kBandBytes / (2 * row_values() * static_cast<std::int64_t>(sizeof(float)));
    return std::clamp(rows, kFewestRows, kMostRows);
  }

  void march(Band<Out>& band, BandRange rows, BandRange planes) const {
    band.forget();
    const std::int64_t row_count = rows.end - rows.begin, count = row_count * out_.size.x;
    for (std::int64_t z = planes.begin; z < planes.end; ++z) {
      const AxisTap tap = taps_.z[z];
      const std::int64_t next = std::min<std::int64_t>(tap.index + 1, in_.size.z - 1);
      Out* const to = out_.data + out_.index(0, rows.begin, z);
      if (is_streamed_) ask_for_ends(to, count);
      blend_plane(band, tap.index, rows);
      blend_plane(band, next, rows);
      Out* const made = is_streamed_ ? band.made_for(to) : to;
      rows_.write({band.row(tap.index, 0), band.row(next, 0), tap.weight, row_values(), row_count}, band.spare_row(),
                  made);
      if (is_streamed_) stream(made, to, count);
    }
  }

  void blend_plane(Band<Out>& band, std::int64_t k, BandRange rows) const {
    if (!band.take_place(k)) return;
    // The hardware foresees the next row but not the jump to the next plane, where this band goes afterwards.
    const std::int64_t ahead = k + 1 < in_.size.z ? in_.size.x * in_.size.y : 0;
    for (std::int64_t y = rows.begin; y < rows.end; ++y) {
      const AxisTap tap = taps_.y[y];
      const std::int64_t next = std::min<std::int64_t>(tap.index + 1, in_.size.y - 1);
      rows_.blend(in_.data + in_.index(0, tap.index, k), in_.data + in_.index(0, next, k), ahead, tap.weight,
                  band.row(k, y - rows.begin));
    }
  }

  VolumeView<Out> out_;
  AxisTaps taps_;
  VolumeView<const In> in_;
  const Rows& rows_;
  bool is_streamed_;
};

}  // namespace naru
