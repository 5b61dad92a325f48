/// What a JPEG 2000 codestream says of itself, read before a decoder is let loose on it.
/// Source: ITU-T T.800 A.4 to A.6 (markers), I.4 and I.5 (JP2 boxes), T.814 (high throughput).
#pragma once

#include <optional>

#include "dicom/element_walk.h"

namespace naru::dicom {

struct J2kHeader {
  std::int64_t columns = 0, rows = 0;
  int components = 0;
  int precision_bits = 0;
  bool is_signed = false;
  bool has_color_transform = false;  ///< RCT or ICT: the decoder gives RGB
  bool is_reversible = true;         ///< by its wavelets (5-3): no bit of a value is made by the coder
};

/// Bounds on what decoders allocate and repeat for, whatever the size of the image. Encoders of medical images make one
/// tile, one to a dozen layers, five or six levels and code blocks of 64 x 64.
inline constexpr std::uint64_t kMaxJ2kTiles = 1024, kMaxJ2kPrecincts = 16384, kMaxJ2kPackets = std::uint64_t{1} << 20;
inline constexpr int kMinJ2kCodeBlockBits = 6;  ///< log2 of the samples in a code block

/// The codestream itself: `stream`, or what lies in its box within a JP2 file (DICOM forbids the file; scanners write
/// it). Empty where there is none.
Bytes find_codestream(Bytes stream);

/// Walks all marker segments of the main header and of the tile-parts. Empty where they do not lead from one to the
/// next, where components differ or are sub-sampled, or where a bound above is passed.
std::optional<J2kHeader> read_j2k_header(Bytes codestream);

}  // namespace naru::dicom
