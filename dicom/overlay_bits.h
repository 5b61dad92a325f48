/// Overlays of old, whose bits stand in Pixel Data beside those of the image (retired, PS3.3 C.9.2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// What the header says of one overlay.
struct OverlayPlane {
  std::optional<std::uint16_t> bits_allocated, bit_position;  ///< (60xx,0100), (60xx,0102)
  bool has_data = false;                                      ///< Overlay Data (60xx,3000) of its own
};

/// Whose bits are said to stand in pixels: that of one bit is apart from them, and so is one with data of its own.
constexpr bool is_in_pixels(const OverlayPlane& plane) {
  return plane.bits_allocated.value_or(1) != 1 && !plane.has_data;
}

/// Those of the groups 6000, 6002 to 601E.
using OverlayPlanes = std::array<OverlayPlane, 16>;

inline constexpr Tag kOverlays = 0x60000000, kOverlayBitsAllocated = 0x0100, kOverlayBitPosition = 0x0102,
                     kOverlayData = 0x3000;

/// An element of the overlay of that index, and back.
constexpr Tag overlay_tag(Tag index, Tag element) { return kOverlays | index << 17 | element; }
constexpr Tag overlay_index(Tag tag) { return tag >> 17 & 0xF; }
constexpr Tag overlay_element(Tag tag) { return (tag & 0xFFE10000) == kOverlays ? tag & 0xFFFF : 0; }

/// The bits of a pixel that overlays are said to stand in: all where one does not say which; none of one with data of
/// its own, or at a position that no pixel has. Empty where no overlay is declared but of one bit, which is apart from
/// pixels.
std::optional<std::uint16_t> overlay_bits(const OverlayPlanes& planes);

}  // namespace naru::dicom
