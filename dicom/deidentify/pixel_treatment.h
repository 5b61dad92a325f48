/// What in Pixel Data identifies by other means than the picture itself, and rectangles that a policy blanks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/code.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/deidentify/pixel_facts.h"
#include "dicom/deidentify/policy.h"

namespace naru::dicom {

struct PixelOutcome {
  std::optional<Code> problem;         ///< the instance is withheld: text_suspected, unused_bits_set, corrupt, ...
  std::vector<std::byte> replacement;  ///< the whole new value, where `is_replaced`
  bool is_replaced = false;
  bool is_decoded = false;   ///< was compressed and is now native: Explicit VR Little Endian, Planar Configuration 0
  bool is_redacted = false;  ///< a rectangle was blanked
  bool has_no_text = false;  ///< and somebody looked for text in the picture
  bool is_defaced = false;   ///< a face was replaced by air
  std::string_view
      reason;  ///< why replaced: "region", "text", "face", "overlay", "comment", "trailing_bytes"; a literal
  std::string photometric_interpretation;  ///< after decoding, where it changes
  std::size_t comments = 0;                ///< texts overwritten in compressed streams
};

/// The rectangles that the policy's rules name for the device and size of this picture, in all frames.
std::vector<PixelBox> regions_for(const PixelFacts& facts, const DeidentifyPolicy& policy);

/// What all frames take in memory when they are decoded, as far as the header can be believed; 0 where it cannot.
std::uint64_t expanded_bytes(const PixelFacts& facts);
/// True where treat_pixels may decode compressed frames, all at once, without being told of boxes.
bool is_always_decoded(const PixelFacts& facts, const DeidentifyPolicy& policy);

/// Looks after the Pixel Data of the data set itself. Floats stay as they are, or are withheld where something is to be
/// blanked. Of Pixel Data:
///  - `boxes`, and rectangles of `policy.regions` for this device and matrix in every frame, are blanked (with
///    clean-pixel-data; those of a face with clean-recognizable-visual-features); compressed frames are decoded for
///    that and stay native;
///  - bits that hold an overlay that the header declares are cleared. With clean-pixel-data pictures with other bits
///    outside of those that are stored are withheld (unused_bits_set), as are those where a rectangle is blanked: they
///    may be a picture, or values that are larger than stated. Frames of RLE, JPEG Lossless, JPEG-LS and reversible
///    JPEG 2000 are decoded for that;
///  - bytes behind the last frame become zero;
///  - texts inside compressed streams are overwritten (see embedded_text.h).
/// Where nothing of it applies, the value stays as it is, byte for byte.
/// @param node Pixel Data, Float or Double Float Pixel Data; null for objects without a picture
/// @param is_reviewed a person looked at the pixels: their kind is no reason to withhold them
PixelOutcome treat_pixels(const Node* node, Bytes bytes, const PixelFacts& facts, const DeidentifyPolicy& policy,
                          std::span<const PixelBox> boxes = {}, bool is_reviewed = false);

}  // namespace naru::dicom
