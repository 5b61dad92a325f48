#include "dicom/overlay_bits.h"

#include <algorithm>

namespace naru::dicom {

std::optional<std::uint16_t> overlay_bits(const OverlayPlanes& planes) {
  constexpr std::uint16_t kAllBits = 0xFFFF, kBitsOfPixel = 16;
  std::optional<std::uint16_t> bits;
  for (const OverlayPlane& plane : planes) {
    if (plane.bits_allocated.value_or(1) == 1) continue;
    const unsigned stated = plane.bit_position ? 1U << std::min(*plane.bit_position, kBitsOfPixel) : kAllBits;
    bits = static_cast<std::uint16_t>(bits.value_or(0) | (plane.has_data ? 0 : stated));
  }
  return bits;
}

}  // namespace naru::dicom
