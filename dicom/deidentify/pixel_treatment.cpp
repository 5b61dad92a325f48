#include "dicom/deidentify/pixel_treatment.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "dicom/codecs/decode.h"
#include "dicom/colour.h"
#include "dicom/deidentify/embedded_text.h"
#include "dicom/deidentify/native_pixels.h"
#include "dicom/deidentify/rle_rest.h"
#include "dicom/deidentify/stream_frames.h"
#include "dicom/element_walk.h"
#include "dicom/image_class.h"
#include "dicom/j2k_header.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

namespace {

PixelOutcome withheld(Code code) {
  PixelOutcome outcome;
  outcome.problem = code;
  return outcome;
}

/// Bytes of luma and chroma become RGB once they are decoded, as what shows them does: native YBR_FULL is valid in few
/// kinds of objects, and chroma is not shared any more.
bool becomes_rgb(const PixelFormat& format) {
  return format.bits_allocated == 8 && format.bits_stored == 8 && format.samples_per_pixel == 3 &&
         is_ybr(format.photometric_interpretation);
}

/// All frames of a compressed image as native little-endian samples, interleaved.
/// @param is_rgb whether they are RGB whatever the header says
std::optional<Code> decode_all(Bytes fragments, const PixelFacts& facts, std::vector<std::byte>& native, bool& is_rgb) {
  const PixelFormat& format = facts.format;
  if (format.bits_allocated != 8 && format.bits_allocated != 16) return Code::unsupported_sop_class;
  const auto frames = frames_of_stream(fragments, format.frame_count);
  if (!frames) return Code::corrupt;
  const auto samples = static_cast<std::size_t>(format.rows * format.columns * format.samples_per_pixel);
  std::vector<std::uint16_t> values(samples);
  native.reserve(samples * frames->size() * static_cast<std::size_t>(format.bits_allocated / 8));
  for (const StreamFrame& frame : *frames) {
    const std::vector<std::byte> stream = joined(frame, fragments);
    if (const auto problem = decode_frame(stream, format, values)) return problem;
    const bool is_frame_rgb = format.samples_per_pixel > 1 && is_rgb_after_decoding(format, stream);
    if (&frame != &frames->front() && is_frame_rgb != is_rgb) return Code::corrupt;  // one header is for all
    is_rgb = is_frame_rgb;
    if (!is_rgb && becomes_rgb(format)) {
      std::vector<std::uint8_t> pixels(values.begin(), values.end());
      ybr_to_rgb(pixels, format.photometric_interpretation);
      std::ranges::copy(pixels, values.begin());
    }
    for (const std::uint16_t value : values) {
      native.push_back(static_cast<std::byte>(value & 0xFF));
      if (format.bits_allocated == 16) native.push_back(static_cast<std::byte>(value >> 8));
    }
  }
  is_rgb = is_rgb || becomes_rgb(format);
  if (native.size() % 2 != 0) native.push_back(std::byte{0});
  return std::nullopt;
}

/// What a decoded frame's samples mean: chroma is no longer shared, and JPEG 2000's own transforms are undone.
std::string decoded_photometric(const std::string& stated) {
  if (stated == "YBR_ICT" || stated == "YBR_RCT") return "RGB";
  return stated.ends_with("_422") || stated.ends_with("_420") ? "YBR_FULL" : stated;
}

/// What blanking and measuring rest on.
bool has_sound_geometry(const PixelFormat& format) {
  constexpr std::int64_t kMostSamples = 4;
  return format.rows > 0 && format.rows <= kMaxRowsOrColumns && format.columns > 0 &&
         format.columns <= kMaxRowsOrColumns && format.frame_count > 0 && format.frame_count <= kMaxFrames &&
         format.samples_per_pixel > 0 && format.samples_per_pixel <= kMostSamples && format.bits_allocated > 0 &&
         format.bits_allocated <= 64 && format.bits_stored > 0 && format.bits_stored <= format.bits_allocated &&
         format.high_bit >= 0 && format.high_bit < format.bits_allocated;
}

/// A compressed picture with all frames decoded, or why it is withheld.
/// @param native how they are stored then
PixelOutcome decoded(Bytes value, const PixelFacts& facts, PixelFormat& native) {
  PixelOutcome outcome;
  bool is_rgb = false;
  if (const auto problem = decode_all(value, facts, outcome.replacement, is_rgb)) return withheld(*problem);
  outcome.photometric_interpretation = is_rgb ? "RGB" : decoded_photometric(facts.format.photometric_interpretation);
  outcome.is_replaced = outcome.is_decoded = true;
  native.is_planar = false;
  native.photometric_interpretation = outcome.photometric_interpretation;
  return outcome;
}

bool is_jpeg_2000(const PixelFormat& format) {
  const SyntaxInfo* syntax = find_syntax(format.transfer_syntax_uid);
  return syntax != nullptr && syntax->codec == Codec::openjpeg;
}

/// Codecs that keep every bit as it was, and JPEG 2000, which may, see below; the others fill what is not stored of
/// their own accord, with what quantising leaves.
bool may_keep_every_bit(const PixelFormat& format) {
  constexpr std::array<std::string_view, 4> kSyntaxes = {"1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.57",
                                                         "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"};
  return std::ranges::find(kSyntaxes, format.transfer_syntax_uid) != kSyntaxes.end() || is_jpeg_2000(format);
}

/// Of JPEG 2000 each stream says itself whether it keeps every bit, and how many there are.
bool may_hold_stray_bits(Bytes frame, const PixelFormat& format) {
  if (!is_jpeg_2000(format)) return true;
  const auto header = read_j2k_header(find_codestream(frame));
  return header && header->is_reversible && header->precision_bits > format.bits_stored;
}

/// True where the values that a picture decodes to hold every bit that was coded, in some frame at least.
bool keeps_every_bit(const Node& node, Bytes value, const PixelFormat& format) {
  if (node.kind != NodeKind::encapsulated) return true;
  if (!may_keep_every_bit(format)) return false;
  const auto frames = frames_of_stream(value, format.frame_count);
  return frames && std::ranges::any_of(*frames, [&](const StreamFrame& frame) {
           return may_hold_stray_bits(joined(frame, value), format);
         });
}

PixelOutcome redact(const Node& node, Bytes value, const PixelFacts& facts, std::span<const PixelBox> boxes) {
  PixelOutcome outcome;
  PixelFacts native = facts;
  const bool is_compressed = node.kind == NodeKind::encapsulated;
  if (is_compressed) {
    outcome = decoded(value, facts, native.format);
    if (outcome.problem) return outcome;
  } else {
    if (!has_own_samples(facts.format) || value.size() < bytes_of_frames(facts.format)) {
      return withheld(Code::text_suspected);
    }
    outcome.replacement.assign(value.begin(),
                               value.begin() + static_cast<std::ptrdiff_t>(bytes_of_frames(facts.format)));
    if (outcome.replacement.size() % 2 != 0) outcome.replacement.push_back(std::byte{0});
  }
  NativePixels pixels(outcome.replacement, native, !is_compressed && node.encoding.is_big_endian);
  const bool keeps_bits = keeps_every_bit(node, value, facts.format);
  if (!facts.has_overlay_in_pixels() && keeps_bits && has_unused_bits(native.format)) {
    const UnusedBits unused = pixels.unused_bits();
    if (unused.are_stray) return withheld(Code::unused_bits_set);
    // All signs alike, as those of what is blanked.
    if (native.format.is_signed || unused.are_below) pixels.clear_unused_bits();
  } else if (facts.has_overlay_in_pixels() || has_unused_bits(native.format)) {
    pixels.clear_unused_bits();
  }
  for (const PixelBox& box : boxes) pixels.blank(box);
  outcome.is_replaced = true;
  return outcome;
}

/// A compressed picture of which a frame holds bits beside those that are stored becomes native, without them, where
/// the header declares an overlay or they stand below; else nobody can say what they are, and it is withheld.
/// @return what became of it where that is so, or where nobody can say
std::optional<PixelOutcome> without_stray_bits(Bytes value, const PixelFacts& facts) {
  const PixelFormat& format = facts.format;
  const auto frames = frames_of_stream(value, format.frame_count);
  if (!frames) return withheld(Code::corrupt);
  std::vector<std::uint16_t> values;  // of a frame, once there is one to be decoded
  bool is_to_be_cleared = false;
  for (const StreamFrame& frame : *frames) {
    const std::vector<std::byte> stream = joined(frame, value);
    if (!may_hold_stray_bits(stream, format)) continue;
    values.resize(static_cast<std::size_t>(format.rows * format.columns * format.samples_per_pixel));
    if (const auto problem = decode_frame(stream, format, values)) return withheld(*problem);
    const UnusedBits unused = unused_bits(values, format, facts.padding_value);
    if (unused.are_stray && !facts.has_overlay_in_pixels()) return withheld(Code::unused_bits_set);
    is_to_be_cleared = is_to_be_cleared || unused.are_stray || unused.are_below;
  }
  if (!is_to_be_cleared) return std::nullopt;
  PixelFacts native = facts;
  PixelOutcome outcome = decoded(value, facts, native.format);
  if (outcome.problem) return outcome;
  NativePixels pixels(outcome.replacement, native, false);
  pixels.clear_unused_bits();
  outcome.reason = "overlay";
  return outcome;
}

/// @param looks_at_unused_bits also where no overlay is declared in them: larger values than Bits Stored holds may
/// stand there, or a picture. Cleared, the ones would become others.
PixelOutcome treat_native(const Node& node, Bytes value, const PixelFacts& facts, bool looks_at_unused_bits) {
  PixelOutcome outcome;
  const std::uint64_t expected = bytes_of_frames(facts.format);
  if (value.size() < expected) return withheld(Code::corrupt);  // nobody can show the picture
  if (facts.has_overlay_in_pixels()) {
    if (!has_unused_bits(facts.format)) return withheld(Code::text_suspected);
    outcome.replacement.assign(value.begin(), value.end());
    NativePixels pixels(outcome.replacement, facts, node.encoding.is_big_endian);
    if (pixels.unused_bits().are_set) pixels.clear_unused_bits();  // signs that were never extended hide nothing
    outcome.is_replaced = !std::ranges::equal(outcome.replacement, value);
    if (outcome.is_replaced) outcome.reason = "overlay";
  } else if (looks_at_unused_bits && has_unused_bits(facts.format)) {
    outcome.replacement.assign(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(expected));
    NativePixels pixels(outcome.replacement, facts, node.encoding.is_big_endian);
    const UnusedBits unused = pixels.unused_bits();
    if (unused.are_stray) return withheld(Code::unused_bits_set);
    if (unused.are_below) {
      pixels.clear_unused_bits();
      outcome.replacement.insert(outcome.replacement.end(), value.begin() + static_cast<std::ptrdiff_t>(expected),
                                 value.end());
      outcome.is_replaced = true;
      outcome.reason = "overlay";
    } else {
      outcome.replacement.clear();
    }
  }
  if (expected == 0 || value.size() == expected) return outcome;
  const Bytes rest = value.subspan(static_cast<std::size_t>(expected));
  if (std::ranges::all_of(rest, [](std::byte b) { return b == std::byte{0}; })) return outcome;
  if (!outcome.is_replaced) {
    outcome.replacement.assign(value.begin(), value.end());
    outcome.reason = "trailing_bytes";
  }
  outcome.is_replaced = true;
  std::fill(outcome.replacement.begin() + static_cast<std::ptrdiff_t>(expected), outcome.replacement.end(),
            std::byte{0});
  return outcome;
}

constexpr std::string_view kRle = "1.2.840.10008.1.2.5";

/// A frame that is no stream of the stated kind could hold anything. RLE has no marks to be told by.
bool is_as_stated(Bytes frame, const PixelFacts& facts) {
  const SyntaxInfo* syntax = find_syntax(facts.format.transfer_syntax_uid);
  if (syntax == nullptr) return false;
  const PixelStreamKind stated = syntax->codec == Codec::openjpeg ? PixelStreamKind::jpeg_2000
                                 : syntax->names.uid == kRle      ? PixelStreamKind::other
                                                                  : PixelStreamKind::jpeg;
  return pixel_stream_kind(frame) == stated;
}

/// What stands in a frame of RLE beside its picture is erased, or only counted.
EmbeddedText clean_rle(TextEraser eraser, const PixelFormat& format) {
  const bool is_sound = erase_rle_rest(eraser, rle_shape(format));
  EmbeddedText found = eraser.found();
  found.is_sound = is_sound;
  return found;
}

bool needs_rle_cleaning(Bytes frame, const PixelFormat& format) {
  const EmbeddedText found = clean_rle(TextEraser(frame), format);
  return found.is_changed() || !found.is_sound;
}

PixelOutcome treat_stream(Bytes value, const PixelFacts& facts) {
  PixelOutcome outcome;
  if (facts.has_overlay_in_pixels()) return withheld(Code::text_suspected);
  const auto frames = frames_of_stream(value, facts.format.frame_count);
  if (!frames) return withheld(Code::corrupt);
  const bool is_rle = facts.format.transfer_syntax_uid == kRle;
  for (const StreamFrame& frame : *frames) {
    std::vector<std::byte> stream;
    Bytes bytes;
    if (frame.size() == 1) {
      bytes = value.subspan(frame[0].offset, frame[0].size);
    } else {
      stream = joined(frame, value);
      bytes = stream;
    }
    if (!is_as_stated(bytes, facts)) return withheld(Code::corrupt);
    if (!(is_rle ? needs_rle_cleaning(bytes, facts.format) : needs_cleaning(bytes))) continue;
    stream.assign(bytes.begin(), bytes.end());
    const EmbeddedText found =
        is_rle ? clean_rle(TextEraser(std::span(stream)), facts.format) : clean_pixel_stream(stream);
    if (!found.is_sound) return withheld(Code::corrupt);
    if (!outcome.is_replaced) outcome.replacement.assign(value.begin(), value.end());
    outcome.is_replaced = true;
    outcome.reason = is_rle ? "trailing_bytes" : "comment";
    outcome.comments += is_rle ? 0 : found.comments;
    std::size_t taken = 0;
    for (const StreamPart& part : frame) {
      std::memcpy(outcome.replacement.data() + part.offset, stream.data() + taken, part.size);
      taken += part.size;
    }
  }
  return outcome;
}

}  // namespace

std::vector<PixelBox> regions_for(const PixelFacts& facts, const DeidentifyPolicy& policy) {
  return policy.regions_for({facts.modality, facts.manufacturer, facts.model, facts.format.rows, facts.format.columns});
}

std::uint64_t expanded_bytes(const PixelFacts& facts) {
  const PixelFormat& format = facts.format;
  return has_sound_geometry(format) ? bits_of_frame(format) * static_cast<std::uint64_t>(format.frame_count) / 8 : 0;
}

bool is_always_decoded(const PixelFacts& facts, const DeidentifyPolicy& policy) {
  const bool looks_at_unused_bits = policy.options.has(DeidOption::clean_pixel_data) && has_unused_bits(facts.format);
  return (looks_at_unused_bits && may_keep_every_bit(facts.format)) || !regions_for(facts, policy).empty();
}

PixelOutcome treat_pixels(const Node* node, Bytes bytes, const PixelFacts& facts, const DeidentifyPolicy& policy,
                          std::span<const PixelBox> boxes, bool is_reviewed) {
  if (node == nullptr) return {};
  const Bytes value = value_of(*node, bytes);
  auto wanted = regions_for(facts, policy);
  const bool has_rule = !wanted.empty();
  if (!has_rule && !is_reviewed &&
      shows_text_by_kind(facts.sop_class_uid, facts.image_type, facts.burned_in_annotation)) {
    return withheld(Code::text_suspected);
  }
  // Nothing here blanks floats.
  if (is_float_pixel_data(node->tag)) {
    return wanted.empty() && boxes.empty() ? PixelOutcome() : withheld(Code::text_suspected);
  }
  // Without a picture's sizes nobody can say what the bytes are.
  if (!value.empty() && !has_sound_geometry(facts.format)) return withheld(Code::corrupt);
  if (node->kind != NodeKind::encapsulated && contradicts_shared_chroma(facts.format, value.size())) {
    return withheld(Code::corrupt);
  }
  const bool has_face = std::ranges::any_of(boxes, &PixelBox::is_face);
  const bool has_text = !std::ranges::all_of(boxes, &PixelBox::is_face);
  if (has_text && !policy.options.has(DeidOption::clean_pixel_data)) return withheld(Code::text_suspected);
  const bool has_place = std::ranges::all_of(boxes, [&](const PixelBox& box) {
    return !box.is_face() || (box.frame >= 0 && box.frame < std::max<std::int64_t>(facts.format.frame_count, 1) &&
                              box.x >= 0 && box.y >= 0 && box.x + box.width <= facts.format.columns &&
                              box.y + box.height <= facts.format.rows && facts.format.samples_per_pixel == 1);
  });
  if (!has_place || (has_face && !policy.options.has(DeidOption::clean_recognizable_visual_features))) {
    return withheld(Code::face_present);
  }
  wanted.insert(wanted.end(), boxes.begin(), boxes.end());
  if (!wanted.empty()) {
    PixelOutcome outcome = redact(*node, value, facts, wanted);
    outcome.is_redacted = has_rule || has_text;
    outcome.has_no_text = has_text || (has_rule && (is_reviewed || policy.looks_for_text));
    outcome.is_defaced = has_face;
    outcome.reason = has_rule ? "region" : has_text ? "text" : "face";
    return outcome;
  }
  if (node->kind != NodeKind::encapsulated) {
    return treat_native(*node, value, facts, policy.options.has(DeidOption::clean_pixel_data));
  }
  if (is_always_decoded(facts, policy)) {
    if (auto outcome = without_stray_bits(value, facts)) return *std::move(outcome);
  }
  return treat_stream(value, facts);
}

}  // namespace naru::dicom
