/// Private to kernels/: masks as bits.
#pragma once

#include <emmintrin.h>

#include <cstdint>

namespace naru {

inline constexpr std::int64_t kWordVoxels = 64;

/// Bit n says whether voxel n of 64 is in the mask.
inline std::uint64_t bits_of(const std::uint8_t* voxels) {
  std::uint64_t nothing = 0;
  for (int part = 0; part < 4; ++part) {
    const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(voxels) + part);
    const auto zeros = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(sixteen, _mm_setzero_si128())));
    nothing |= std::uint64_t{zeros} << (16 * part);
  }
  return ~nothing;
}

}  // namespace naru
