/// Private to kernels/: whether ONE voxel is foreground, and the box that grows by it. Least and greatest do not depend
/// on the order of the work.
#pragma once

#include <cstdint>
#include <limits>

#include "kernels/backend.h"
#include "kernels/foreground_box.h"

namespace naru {

template <class T>
NARU_HOST_DEVICE inline bool is_foreground(T value, ForegroundRule rule) {
  const auto number = static_cast<float>(value);
  return rule.is_below ? number < rule.at : number > rule.at;
}

/// Empty where first > last.
struct BoxSoFar {
  static constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  std::int32_t first[3] = {kMost, kMost, kMost}, last[3] = {-1, -1, -1};

  NARU_HOST_DEVICE void add(int axis, std::int64_t place) {
    const auto at = static_cast<std::int32_t>(place);
    first[axis] = at < first[axis] ? at : first[axis];
    last[axis] = at > last[axis] ? at : last[axis];
  }
};

}  // namespace naru
