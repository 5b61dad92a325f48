#include <algorithm>
#include <array>
#include <cstring>

#include "dicom/deidentify/dummy_items.h"
#include "dicom/deidentify/embedded_text.h"
#include "dicom/deidentify/rewriter.h"
#include "dicom/deidentify/stream_frames.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"

namespace naru::dicom {

namespace {

constexpr Tag kEncapsulatedDocument = 0x00420011, kMimeType = 0x00420012, kEncapsulatedDocumentLength = 0x00420015;

}  // namespace

bool Rewriter::write_special(const Node& node) {
  switch (node.tag) {
    case kEncapsulatedDocument: return write_document(node);
    case kEncapsulatedDocumentLength: return write_document_length(node);
    case kPhotometricInterpretation:
      if (!context_.pixels.is_decoded) return false;
      writer_.element(node.tag, vr("CS"), context_.pixels.photometric_interpretation);
      return true;
    case kPlanarConfiguration:
      if (!context_.pixels.is_decoded) return false;
      writer_.element(node.tag, vr("US"), std::string_view("\0\0", 2));
      return true;
    default: return false;
  }
}

bool Rewriter::is_document_replaced() const {
  return resolve_action(context_.policy, context_.facts.source.sop_class_uid, 0, kEncapsulatedDocument) ==
         DeidAction::D;
}

std::string_view Rewriter::replacing_document() const {
  std::string_view type;
  for (const Node& node : nodes_) {
    if (node.tag == kMimeType && node.parent == 0) type = text_of(value_of(node, bytes_));
  }
  return dummy_document(type);
}

bool Rewriter::write_document(const Node& node) {
  if (!is_document_replaced()) return false;
  const std::string_view document = replacing_document();
  if (document.empty()) problem_ = Code::deid_incomplete;  // no harmless document of this type is known
  writer_.element(node.tag, vr("OB"), document);
  count(node.tag, "D");
  return true;
}

bool Rewriter::write_document_length(const Node& node) {
  if (!is_document_replaced()) return false;
  const auto length = static_cast<std::uint32_t>(replacing_document().size());
  std::array<std::byte, 4> bytes;
  std::memcpy(bytes.data(), &length, bytes.size());
  if (context_.encoding.is_big_endian) std::ranges::reverse(bytes);
  writer_.element(node.tag, vr("UL"), Bytes(bytes));
  return true;
}

bool Rewriter::write_profile(const Node& node) {
  const Bytes value = value_of(node, bytes_);
  if (value.empty() || is_removed(node)) return false;
  std::vector<std::byte> profile(value.begin(), value.end());
  if (!clean_icc_profile(profile).is_sound) {
    problem_ = Code::deid_incomplete;
    return true;
  }
  const bool is_changed = !std::ranges::equal(profile, value);
  count(node.tag, is_changed ? "C" : "K");
  writer_.element(node.tag, node.value_representation, Bytes(profile));
  return true;
}

const Node* Rewriter::find_root(Tag tag) const {
  const auto root = std::ranges::find(roots_, tag, [&](std::uint32_t i) { return nodes_[i].tag; });
  return root == roots_.end() ? nullptr : &nodes_[*root];
}

bool Rewriter::describes_fragments(const Node& node) const {
  const Node* pixels = find_root(kPixelData);
  if (pixels == nullptr || pixels->kind != NodeKind::encapsulated || context_.pixels.is_decoded) return false;
  const Bytes fragments = value_of(*pixels, bytes_);
  if (node.tag == kTotalLength) return is_total_length(value_of(node, bytes_), fragments);
  const Node *offsets = find_root(kExtendedOffsets), *lengths = find_root(kExtendedLengths);
  return offsets != nullptr && lengths != nullptr &&
         is_extended_offset_table(value_of(*offsets, bytes_), value_of(*lengths, bytes_), fragments);
}

std::uint32_t Rewriter::write_pixels(const Node& node) {
  const PixelOutcome& pixels = context_.pixels;
  const Vr v = node.value_representation;
  if (pixels.is_decoded) {
    writer_.element_view(node.tag, vr("OW"), pixels.replacement);
  } else if (node.kind == NodeKind::encapsulated) {
    writer_.encapsulated_view(node.tag, v, pixels.is_replaced ? Bytes(pixels.replacement) : value_of(node, bytes_));
  } else {
    writer_.element_view(node.tag, v, pixels.is_replaced ? Bytes(pixels.replacement) : value_of(node, bytes_));
  }
  count(node.tag, pixels.is_replaced ? "C" : "K");
  return node.end;
}

}  // namespace naru::dicom
