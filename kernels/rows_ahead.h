/// Private to kernels/: asking for source rows that are read one after another.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/volume.h"
#include "kernels/resample_voxel.h"
#include "kernels/stream.h"

namespace naru {

/// Of a source that is read row by row, each from the least to the greatest column that a target lies at: asks for what
/// lies a page farther, upwards or downwards as rows are read, so that the hardware goes on behind the end of a page.
/// Where most rows are left out it asks for nothing.
template <class In>
class RowsAhead {
 public:
  /// @param targets not empty
  RowsAhead(const AxisTaps& taps, const Size3& targets)
      : first_(std::min(taps.x[0].index, taps.x[targets.x - 1].index)),
        last_(std::max(taps.x[0].index, taps.x[targets.x - 1].index)) {
    const std::int64_t rows = taps.y[targets.y - 1].index - taps.y[0].index;
    if (std::abs(rows) <= 2 * targets.y) step_bytes_ = rows < 0 ? -kPageBytes : kPageBytes;
  }

  std::int64_t first() const { return first_; }  ///< column
  std::int64_t last() const { return last_; }

  void ask(const In* row) const {
    if (step_bytes_ == 0) return;
    for (std::int64_t x = first_; x <= last_; x += kLineBytes / static_cast<std::int64_t>(sizeof(In))) {
      ask_for(reinterpret_cast<const void*>(reinterpret_cast<std::intptr_t>(row + x) + step_bytes_));
    }
  }

 private:
  static constexpr std::intptr_t kPageBytes = 4096;
  std::int64_t first_, last_;
  std::intptr_t step_bytes_ = 0;
};

}  // namespace naru
