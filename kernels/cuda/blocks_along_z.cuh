/// Private to *.cu: a grid that holds several volumes.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace naru::cuda {

/// How many blocks along z each of `volumes` gets, where it has work for `wanted` and a grid has no more than 65,535.
inline unsigned blocks_along_z(std::int64_t wanted, std::int64_t volumes) {
  constexpr std::int64_t kMaxGrid = 65535;
  assert(1 <= volumes && volumes <= kMaxGrid);
  return static_cast<unsigned>(std::min(wanted, kMaxGrid / volumes));
}

}  // namespace naru::cuda
