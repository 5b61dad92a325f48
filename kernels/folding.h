/// Private to kernels/: where an index beyond the ends of an axis is taken from, on host and device.
#pragma once

#include <cstdint>

#include "kernels/backend.h"

namespace naru {

/// The outer index.
NARU_HOST_DEVICE inline std::int64_t held(std::int64_t index, std::int64_t count) {
  return index < 0 ? 0 : index < count ? index : count - 1;
}

/// Mirrored about the outer centres, as often as it takes.
NARU_HOST_DEVICE inline std::int64_t mirrored(std::int64_t index, std::int64_t count) {
  if (count == 1) return 0;
  const std::int64_t period = 2 * (count - 1);
  index = (index % period + period) % period;
  return index < count ? index : period - index;
}

}  // namespace naru
