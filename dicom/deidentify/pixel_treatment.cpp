#include "dicom/deidentify/pixel_treatment.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>

#include "dicom/codecs/decode.h"
#include "dicom/colour.h"
#include "dicom/deidentify/embedded_text.h"
#include "dicom/deidentify/file_facts.h"
#include "dicom/deidentify/rle_rest.h"
#include "dicom/deidentify/stream_frames.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"
#include "dicom/image_class.h"
#include "dicom/j2k_header.h"
#include "dicom/transfer_syntax.h"

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

std::uint64_t frame_bits(const PixelFormat& format) {
  return static_cast<std::uint64_t>(format.rows * format.columns) *
         static_cast<std::uint64_t>(format.samples_per_pixel) * static_cast<std::uint64_t>(format.bits_allocated);
}

/// Bytes of all frames together, without padding behind them. YBR_FULL_422 shares chroma between two pixels (PS3.3
/// C.7.6.3.1.2).
std::uint64_t native_bytes(const PixelFormat& format) {
  std::uint64_t bits = frame_bits(format) * static_cast<std::uint64_t>(std::max<std::int64_t>(format.frame_count, 1));
  if (format.photometric_interpretation.ends_with("_422")) bits = bits / 3 * 2;
  const std::uint64_t bytes = (bits + 7) / 8;
  return format.is_bytes_in_words ? bytes + bytes % 2 : bytes;  // the last word may hold padding before the last pixel
}

/// Two pixels as two luminances and the chroma of both (PS3.3 C.7.6.3.1.2).
bool is_422(const PixelFormat& format) {
  return format.samples_per_pixel == 3 && format.photometric_interpretation == "YBR_FULL_422";
}

/// True where pixels that are said to share their chroma are as many bytes as those with chroma of their own: nobody
/// can say which picture is meant.
bool contradicts_shared_chroma(const PixelFormat& format, std::size_t size) {
  const std::uint64_t unshared = native_bytes(format) / 2 * 3;
  return format.photometric_interpretation.ends_with("_422") && size == unshared + unshared % 2;
}

/// Of the bits that are stored the lowest; some writers state a High Bit too low for all of them.
int low_bit(const PixelFormat& format) { return std::max(0, format.high_bit + 1 - format.bits_stored); }

/// The bits that are stored.
std::uint16_t plain(std::uint16_t value, const PixelFormat& format) {
  return static_cast<std::uint16_t>(value & ((1U << format.bits_stored) - 1) << low_bit(format));
}

/// With the highest of them in all bits above, as writers of signed values do.
std::uint16_t extended(std::uint16_t stored, const PixelFormat& format) {
  const std::uint32_t above = ((1U << format.bits_allocated) - 1) & ~((1U << (format.high_bit + 1)) - 1);
  return static_cast<std::uint16_t>((stored >> format.high_bit & 1) != 0 ? stored | above : stored);
}

/// True where bits outside of those that are stored are neither all clear nor all more of a sign, be it one that the
/// header knows nothing of: some of both can draw a picture.
bool has_stray_bits(std::span<const std::uint16_t> values, const PixelFormat& format) {
  const auto are_all = [&](const auto& as_stored) {
    return std::ranges::all_of(values, [&](std::uint16_t value) { return value == as_stored(plain(value, format)); });
  };
  return !are_all([](std::uint16_t stored) { return stored; }) &&
         !are_all([&](std::uint16_t stored) { return extended(stored, format); });
}

/// Native frames in memory, two or one bytes a sample.
class NativePixels {
 public:
  NativePixels(std::vector<std::byte>& bytes, const PixelFacts& facts, bool is_big_endian)
      : bytes_(bytes), facts_(facts), is_big_endian_(is_big_endian) {}

  void blank(const PixelBox& box) {
    const PixelFormat& f = facts_.format;
    const std::int64_t x_end = std::min(box.x + box.width, f.columns);
    const std::int64_t y_end = std::min(box.y + box.height, f.rows);
    const std::int64_t first = box.frame < 0 ? 0 : box.frame;
    const std::int64_t last = box.frame < 0 ? f.frame_count - 1 : std::min(box.frame, f.frame_count - 1);
    for (std::int64_t frame = first; frame <= last; ++frame) {
      for (int sample = 0; sample < f.samples_per_pixel; ++sample) {
        const auto value = box.fill ? placed(*box.fill) : background(frame, sample);
        for (std::int64_t y = std::max<std::int64_t>(box.y, 0); y < y_end; ++y) {
          for (std::int64_t x = std::max<std::int64_t>(box.x, 0); x < x_end; ++x)
            set(index(frame, y, x, sample), value);
        }
      }
    }
  }

  /// Clears the bits outside of those that are stored.
  void clear_unused_bits() {
    for (std::size_t n = 0; n < count(); ++n) set(n, with_sign(plain(get(n))));
  }

  /// True where a bit outside of those that are stored is set, be it of a sign.
  bool has_bits_beside() const {
    for (std::size_t n = 0; n < count(); ++n) {
      if (get(n) != plain(get(n))) return true;
    }
    return false;
  }

 private:
  std::size_t size() const { return facts_.format.bits_allocated == 16 ? 2 : 1; }
  std::size_t count() const { return bytes_.size() / size(); }

  std::size_t index(std::int64_t frame, std::int64_t y, std::int64_t x, int sample) const {
    const PixelFormat& f = facts_.format;
    const std::int64_t plane = f.rows * f.columns, in_plane = y * f.columns + x;
    if (is_422(f)) {
      constexpr std::int64_t kBytesOfPair = 4;
      const std::int64_t in_pair = sample == 0 ? x % 2 : 1 + sample;
      return static_cast<std::size_t>(frame * plane * 2 + in_plane / 2 * kBytesOfPair + in_pair);
    }
    const std::int64_t within = f.is_planar ? sample * plane + in_plane : in_plane * f.samples_per_pixel + sample;
    return static_cast<std::size_t>(frame * plane * f.samples_per_pixel + within);
  }

  /// Where a value of one byte stands: in big endian words the first is the second byte.
  std::size_t place(std::size_t n) const {
    return facts_.format.is_bytes_in_words && (n ^ 1) < bytes_.size() ? n ^ 1 : n;
  }

  std::uint16_t get(std::size_t n) const {
    if (size() == 1) return std::to_integer<std::uint16_t>(bytes_[place(n)]);
    return read_u16(bytes_, n * 2, is_big_endian_);
  }

  void set(std::size_t n, std::uint16_t value) {
    if (n >= count()) return;
    const auto low = static_cast<std::byte>(value & 0xFF), high = static_cast<std::byte>(value >> 8);
    if (size() == 1) {
      bytes_[place(n)] = low;
    } else {
      bytes_[n * 2] = is_big_endian_ ? high : low;
      bytes_[n * 2 + 1] = is_big_endian_ ? low : high;
    }
  }

  std::uint16_t plain(std::uint16_t value) const { return dicom::plain(value, facts_.format); }

  std::uint16_t with_sign(std::uint16_t stored) const {
    return facts_.format.is_signed ? extended(stored, facts_.format) : stored;
  }

  /// A stored value in its bits.
  std::uint16_t placed(std::int64_t stored) const {
    const PixelFormat& f = facts_.format;
    const auto bits = static_cast<std::uint32_t>(stored) << low_bit(f);
    return static_cast<std::uint16_t>(f.is_signed ? bits : bits & ((1U << (f.high_bit + 1)) - 1));
  }

  /// Padding where there is one; black in colour; the darkest value that the frame's kind of grey has.
  std::uint16_t background(std::int64_t frame, int sample) const {
    const PixelFormat& f = facts_.format;
    if (f.samples_per_pixel > 1) {
      const bool is_chroma = f.photometric_interpretation.starts_with("YBR") && sample > 0;
      return is_chroma ? static_cast<std::uint16_t>(1U << (f.bits_stored - 1)) : std::uint16_t{0};
    }
    if (f.photometric_interpretation == "PALETTE COLOR") return facts_.palette ? darkest(*facts_.palette) : 0;
    if (const auto padding = stored_padding()) return *padding;
    return extreme(frame, (f.photometric_interpretation == "MONOCHROME1") != facts_.is_rescaled_down);
  }

  /// Padding in its bits; empty where it needs more than are stored: some writers give that of another format.
  std::optional<std::uint16_t> stored_padding() const {
    if (!facts_.padding_value) return std::nullopt;
    const PixelFormat& f = facts_.format;
    const std::uint16_t bits = placed(*facts_.padding_value);
    const bool fits = f.is_signed ? with_sign(plain(bits)) == bits
                                  : static_cast<std::uint16_t>(*facts_.padding_value) >> f.bits_stored == 0;
    return fits ? std::optional(bits) : std::nullopt;
  }

  /// The stored value of the first entry that is as dark as any.
  static std::uint16_t darkest(const Palette& palette) {
    const auto light = [&](std::size_t n) {
      return palette.colours[0][n] + palette.colours[1][n] + palette.colours[2][n];
    };
    std::size_t best = 0;
    for (std::size_t n = 1; n < palette.colours[0].size(); ++n) best = light(n) < light(best) ? n : best;
    return static_cast<std::uint16_t>(palette.first + static_cast<std::int32_t>(best));
  }

  /// The largest or smallest stored value of a frame: what is black in it.
  std::uint16_t extreme(std::int64_t frame, bool is_largest) const {
    const PixelFormat& f = facts_.format;
    const std::size_t plane = static_cast<std::size_t>(f.rows * f.columns);
    int found = is_largest ? std::numeric_limits<int>::min() : std::numeric_limits<int>::max();
    for (std::size_t n = 0; n < plane; ++n) {
      const std::uint16_t raw = get(static_cast<std::size_t>(frame) * plane + n);
      const int sign_bit = 1 << f.high_bit;
      const int value = f.is_signed && (raw & sign_bit) != 0 ? (raw & (sign_bit - 1)) - sign_bit : raw;
      found = is_largest ? std::max(found, value) : std::min(found, value);
    }
    return static_cast<std::uint16_t>(size() == 1 ? found & 0xFF : found & 0xFFFF);
  }

  std::vector<std::byte>& bytes_;
  const PixelFacts& facts_;
  bool is_big_endian_;
};

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

/// True where bits outside of those that are stored can hold a picture that nobody looks at.
bool has_unused_bits(const PixelFormat& format) {
  return (format.bits_allocated == 8 || format.bits_allocated == 16) && format.bits_stored > 0 &&
         format.bits_stored < format.bits_allocated && format.high_bit < format.bits_allocated &&
         format.high_bit + 1 >= format.bits_stored;
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

/// True where native pixels can be blanked one by one. Packed bits have none of their own; of shared chroma that of two
/// pixels goes with either.
bool has_own_samples(const PixelFormat& format) {
  if (format.photometric_interpretation.ends_with("_422")) {
    return is_422(format) && format.bits_allocated == 8 && format.columns % 2 == 0 && !format.is_planar;
  }
  return format.bits_allocated == 8 || format.bits_allocated == 16;
}

PixelOutcome redact(const Node& node, Bytes value, const PixelFacts& facts, std::span<const PixelBox> boxes) {
  PixelOutcome outcome;
  PixelFacts native = facts;
  const bool is_compressed = node.kind == NodeKind::encapsulated;
  if (is_compressed) {
    outcome = decoded(value, facts, native.format);
    if (outcome.problem) return outcome;
  } else {
    if (!has_own_samples(facts.format) || value.size() < native_bytes(facts.format)) {
      return withheld(Code::text_suspected);
    }
    outcome.replacement.assign(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(native_bytes(facts.format)));
    if (outcome.replacement.size() % 2 != 0) outcome.replacement.push_back(std::byte{0});
  }
  NativePixels pixels(outcome.replacement, native, !is_compressed && node.encoding.is_big_endian);
  if (facts.has_overlay_in_pixels || has_unused_bits(native.format)) pixels.clear_unused_bits();
  for (const PixelBox& box : boxes) pixels.blank(box);
  outcome.is_replaced = true;
  return outcome;
}

/// Codecs that keep every bit as it was. JPEG 2000 may, see below; the others fill what is not stored of their own
/// accord, with what quantising leaves.
bool keeps_every_bit(std::string_view transfer_syntax_uid) {
  constexpr std::array<std::string_view, 4> kSyntaxes = {"1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.57",
                                                         "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"};
  return std::ranges::find(kSyntaxes, transfer_syntax_uid) != kSyntaxes.end();
}

bool is_jpeg_2000(const PixelFormat& format) {
  const SyntaxInfo* syntax = find_syntax(format.transfer_syntax_uid);
  return syntax != nullptr && syntax->codec == Codec::openjpeg;
}

/// Of JPEG 2000 each stream says itself whether it keeps every bit, and how many there are.
bool may_hold_stray_bits(Bytes frame, const PixelFormat& format) {
  if (!is_jpeg_2000(format)) return true;
  const auto header = read_j2k_header(find_codestream(frame));
  return header && header->is_reversible && header->precision_bits > format.bits_stored;
}

/// A compressed picture of which a frame holds bits beside those that are stored becomes native, without them.
/// @return what became of it where that is so, or where nobody can say
std::optional<PixelOutcome> without_stray_bits(Bytes value, const PixelFacts& facts) {
  const PixelFormat& format = facts.format;
  const auto frames = frames_of_stream(value, format.frame_count);
  if (!frames) return withheld(Code::corrupt);
  std::vector<std::uint16_t> values(static_cast<std::size_t>(format.rows * format.columns * format.samples_per_pixel));
  std::optional<Code> problem;
  const bool has_any = std::ranges::any_of(*frames, [&](const StreamFrame& frame) {
    const std::vector<std::byte> stream = joined(frame, value);
    if (!may_hold_stray_bits(stream, format)) return false;
    problem = decode_frame(stream, format, values);
    return problem || has_stray_bits(values, format);
  });
  if (problem) return withheld(*problem);
  if (!has_any) return std::nullopt;
  PixelFacts native = facts;
  PixelOutcome outcome = decoded(value, facts, native.format);
  if (outcome.problem) return outcome;
  NativePixels pixels(outcome.replacement, native, false);
  pixels.clear_unused_bits();
  outcome.reason = "overlay";
  return outcome;
}

PixelOutcome treat_native(const Node& node, Bytes value, const PixelFacts& facts, bool clears_unused_bits) {
  PixelOutcome outcome;
  const std::uint64_t expected = native_bytes(facts.format);
  if (facts.has_overlay_in_pixels || (clears_unused_bits && has_unused_bits(facts.format))) {
    if (!has_unused_bits(facts.format)) {
      return withheld(Code::text_suspected);
    }
    outcome.replacement.assign(value.begin(), value.end());
    NativePixels pixels(outcome.replacement, facts, node.encoding.is_big_endian);
    if (pixels.has_bits_beside()) pixels.clear_unused_bits();  // signs that were never extended hide nothing
    outcome.is_replaced = !std::ranges::equal(outcome.replacement, value);
    if (outcome.is_replaced) outcome.reason = "overlay";
  }
  if (value.size() < expected) return withheld(Code::corrupt);  // nobody can show the picture
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
  if (facts.has_overlay_in_pixels) return withheld(Code::text_suspected);
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

PixelFacts read_pixel_facts(const ElementTable& table, Bytes bytes, std::string_view transfer_syntax_uid) {
  PixelFacts facts;
  facts.format.transfer_syntax_uid = transfer_syntax_uid;
  std::string specimen_label;
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
    constexpr Tag kOverlayGroups = 0xFFE10000, kOverlays = 0x60000000, kOverlayBitsAllocated = 0x0100;
    if ((node.tag & kOverlayGroups) == kOverlays && (node.tag & 0xFFFF) == kOverlayBitsAllocated) {
      facts.has_overlay_in_pixels =
          facts.has_overlay_in_pixels || unsigned_short(value, node.encoding.is_big_endian).value_or(1) != 1;
    }
  }
  read_group_slopes(table, bytes, facts);
  if (is_stated_burned_in(specimen_label)) facts.burned_in_annotation = specimen_label;
  return facts;
}

std::vector<PixelBox> regions_for(const PixelFacts& facts, const DeidentifyPolicy& policy) {
  return policy.regions_for({facts.modality, facts.manufacturer, facts.model, facts.format.rows, facts.format.columns});
}

std::uint64_t expanded_bytes(const PixelFacts& facts) {
  const PixelFormat& format = facts.format;
  return has_sound_geometry(format) ? frame_bits(format) * static_cast<std::uint64_t>(format.frame_count) / 8 : 0;
}

bool is_always_decoded(const PixelFacts& facts, const DeidentifyPolicy& policy) {
  const bool clears_unused_bits = policy.options.has(DeidOption::clean_pixel_data) && has_unused_bits(facts.format);
  return (clears_unused_bits && keeps_every_bit(facts.format.transfer_syntax_uid)) ||
         !regions_for(facts, policy).empty();
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
  const bool clears_unused_bits = policy.options.has(DeidOption::clean_pixel_data);
  if (node->kind != NodeKind::encapsulated) return treat_native(*node, value, facts, clears_unused_bits);
  const bool may_be_stray = is_jpeg_2000(facts.format) && clears_unused_bits && has_unused_bits(facts.format);
  if (may_be_stray || is_always_decoded(facts, policy)) {
    if (auto outcome = without_stray_bits(value, facts)) return *std::move(outcome);
  }
  return treat_stream(value, facts);
}

}  // namespace naru::dicom
