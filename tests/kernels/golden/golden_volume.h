/// The volume of make_resample_golden.py, made in the same way.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/kernels/golden/resample_golden.h"

namespace naru::test {

/// 12-bit values.
inline std::vector<std::int16_t> golden_volume() {
  std::vector<std::int16_t> values;
  const auto& n = golden::kResampleSize;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(n[0] * n[1] * n[2]); ++i) {
    values.push_back(static_cast<std::int16_t>(static_cast<int>(i * 2654435761 % (1ull << 32) >> 20) - 1024));
  }
  return values;
}

}  // namespace naru::test
