#include "dicom/deidentify/pixel_facts.h"

#include <algorithm>
#include <array>

#include "dicom/deidentify/file_facts.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"
#include "dicom/image_class.h"
#include "dicom/overlay_bits.h"

namespace naru::dicom {

namespace {

std::int64_t number_or(const std::string& text, std::int64_t otherwise) { return integer(text).value_or(otherwise); }

void read_number(const Node& node, Bytes value, PixelFacts& facts) {
  const auto number = unsigned_short(value, node.encoding.is_big_endian);
  if (!number) return;
  PixelFormat& format = facts.format;
  switch (node.tag) {
    case kRows: format.rows = *number; break;
    case kColumns: format.columns = *number; break;
    case kSamplesPerPixel: format.samples_per_pixel = *number; break;
    case kPlanarConfiguration: format.is_planar = *number == 1; break;
    case kBitsAllocated: format.bits_allocated = *number; break;
    case kBitsStored: format.bits_stored = *number; break;
    case kHighBit: format.high_bit = *number; break;
    case kPixelRepresentation: format.is_signed = *number == 1; break;
    case kPixelPaddingValue: facts.padding_value = *number; break;
    default: break;
  }
}

void read_text(Tag tag, std::string_view text, PixelFacts& facts) {
  switch (tag) {
    case kModality: facts.modality = text; break;
    case kManufacturer: facts.manufacturer = text; break;
    case kManufacturerModelName: facts.model = text; break;
    case kSopClassUid: facts.sop_class_uid = text; break;
    case kBurnedInAnnotation: facts.burned_in_annotation = text; break;
    case kPhotometricInterpretation: facts.format.photometric_interpretation = text; break;
    case kRescaleSlope: facts.is_rescaled_down = decimal(text).value_or(1) < 0; break;
    case kNumberOfFrames: facts.format.frame_count = number_or(std::string(text), 1); break;
    default: break;
  }
}

void read_overlay(const Node& node, Bytes value, OverlayPlane& plane) {
  const auto number = unsigned_short(value, node.encoding.is_big_endian);
  switch (overlay_element(node.tag)) {
    case kOverlayBitsAllocated:  // of several, one that says so counts
      if (plane.bits_allocated.value_or(1) == 1) plane.bits_allocated = number;
      break;
    case kOverlayBitPosition: plane.bit_position = number; break;
    case kOverlayData: plane.has_data = !value.empty(); break;
    default: break;
  }
}

/// Whether the first slope that functional groups state turns values over; a frame's own counts before that of all.
void read_group_slopes(const ElementTable& table, Bytes bytes, PixelFacts& facts) {
  constexpr std::array<Tag, 3> kTransformations = {0x00289145, 0x00209170, 0x00209171};  // and the converted ones
  for (const Tag groups : {kSharedFunctionalGroups, kPerFrameFunctionalGroups}) {
    std::uint32_t i = 0;
    while (i < table.nodes.size() && table.nodes[i].tag != groups) i = table.nodes[i].end;
    const std::uint32_t end = i < table.nodes.size() ? table.nodes[i].end : i;
    for (; i < end; ++i) {
      const Node& node = table.nodes[i];
      const bool is_slope = node.tag == kRescaleSlope && node.kind == NodeKind::element;
      if (!is_slope || std::ranges::find(kTransformations, node.parent) == kTransformations.end()) continue;
      read_text(node.tag, text_of(value_of(node, bytes)), facts);
      break;
    }
  }
}

}  // namespace

PixelFacts read_pixel_facts(const ElementTable& table, Bytes bytes, std::string_view transfer_syntax_uid) {
  PixelFacts facts;
  facts.format.transfer_syntax_uid = transfer_syntax_uid;
  std::string specimen_label;
  OverlayPlanes overlays;
  for (std::uint32_t i = 0; i < table.nodes.size(); i = table.nodes[i].end) {
    const Node& node = table.nodes[i];
    if (node.kind != NodeKind::element) continue;
    const Bytes value = value_of(node, bytes);
    read_number(node, value, facts);
    read_text(node.tag, text_of(value), facts);
    if (node.tag == kImageType) facts.image_type = texts_of(value);
    if (node.tag == kSpecimenLabelInImage) specimen_label = text_of(value);
    if (node.tag == kPixelData) {
      facts.format.is_bytes_in_words =
          node.encoding.is_big_endian && facts.format.bits_allocated == 8 && node.value_representation == vr("OW");
    }
    read_overlay(node, value, overlays.at(overlay_index(node.tag)));
  }
  facts.format.overlay_bits = overlay_bits(overlays);
  read_group_slopes(table, bytes, facts);
  if (is_stated_burned_in(specimen_label)) facts.burned_in_annotation = specimen_label;
  return facts;
}

}  // namespace naru::dicom
