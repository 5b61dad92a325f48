/// What the header says of the pixels that the de-identification looks after.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/deidentify/element_table.h"
#include "dicom/instance.h"

namespace naru::dicom {

struct PixelFacts {
  PixelFormat format;  ///< its offsets are not used
  std::string modality, manufacturer, model, sop_class_uid, burned_in_annotation;
  std::vector<std::string> image_type;
  std::optional<std::int64_t> padding_value;
  bool is_rescaled_down = false;   ///< by a negative slope: large stored values are small ones
  std::optional<Palette> palette;  ///< of PALETTE COLOR, where it can be read

  /// Unused bits hold an overlay, says the header: in whatever bits.
  bool has_overlay_in_pixels() const { return format.overlay_bits.has_value(); }
};
PixelFacts read_pixel_facts(const ElementTable& table, Bytes bytes, std::string_view transfer_syntax_uid);

}  // namespace naru::dicom
