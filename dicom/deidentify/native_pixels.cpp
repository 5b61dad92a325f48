#include "dicom/deidentify/native_pixels.h"

#include <algorithm>
#include <limits>

#include "dicom/element_walk.h"

namespace naru::dicom {

namespace {

/// Two pixels as two luminances and the chroma of both (PS3.3 C.7.6.3.1.2).
bool is_422(const PixelFormat& format) {
  return format.samples_per_pixel == 3 && format.photometric_interpretation == "YBR_FULL_422";
}

/// Of the bits that are stored the lowest; some writers state a High Bit too low for all of them.
int low_bit(const PixelFormat& format) { return std::max(0, format.high_bit + 1 - format.bits_stored); }

/// The bits that are stored.
std::uint16_t plain(std::uint16_t value, const PixelFormat& format) {
  return static_cast<std::uint16_t>(value & ((1U << format.bits_stored) - 1) << low_bit(format));
}

unsigned bits_below(const PixelFormat& format) { return (1U << low_bit(format)) - 1; }

/// With the highest of them in all bits above, as writers of signed values do.
std::uint16_t extended(std::uint16_t stored, const PixelFormat& format) {
  const std::uint32_t above = ((1U << format.bits_allocated) - 1) & ~((1U << (format.high_bit + 1)) - 1);
  return static_cast<std::uint16_t>((stored >> format.high_bit & 1) != 0 ? stored | above : stored);
}

}  // namespace

std::uint64_t bits_of_frame(const PixelFormat& format) {
  return static_cast<std::uint64_t>(format.rows * format.columns) *
         static_cast<std::uint64_t>(format.samples_per_pixel) * static_cast<std::uint64_t>(format.bits_allocated);
}

std::uint64_t bytes_of_frames(const PixelFormat& format) {
  std::uint64_t bits =
      bits_of_frame(format) * static_cast<std::uint64_t>(std::max<std::int64_t>(format.frame_count, 1));
  if (format.photometric_interpretation.ends_with("_422")) bits = bits / 3 * 2;
  const std::uint64_t bytes = (bits + 7) / 8;
  return format.is_bytes_in_words ? bytes + bytes % 2 : bytes;  // the last word may hold padding before the last pixel
}

bool contradicts_shared_chroma(const PixelFormat& format, std::size_t size) {
  const std::uint64_t unshared = bytes_of_frames(format) / 2 * 3;
  return format.photometric_interpretation.ends_with("_422") && size == unshared + unshared % 2;
}

bool has_own_samples(const PixelFormat& format) {
  if (format.photometric_interpretation.ends_with("_422")) {
    return is_422(format) && format.bits_allocated == 8 && format.columns % 2 == 0 && !format.is_planar;
  }
  return format.bits_allocated == 8 || format.bits_allocated == 16;
}

bool has_unused_bits(const PixelFormat& format) {
  return (format.bits_allocated == 8 || format.bits_allocated == 16) && format.bits_stored > 0 &&
         format.bits_stored < format.bits_allocated && format.high_bit < format.bits_allocated &&
         format.high_bit + 1 >= format.bits_stored;
}

UnusedBits unused_bits(std::span<const std::uint16_t> values, const PixelFormat& format,
                       const std::optional<std::int64_t>& padding) {
  const auto padding_word = static_cast<std::uint16_t>(padding.value_or(0));
  const std::uint16_t padding_stored = plain(padding_word, format);
  const unsigned is_declared = padding ? 1 : 0, upper_bits = ~bits_below(format);
  // Bits below; those that differ from a value as stored and from one with its sign. No branch: a frame is many values.
  unsigned below = 0, above = 0, beside_sign = 0, has_padding = 0, has_twin = 0;
  for (const std::uint16_t value : values) {
    const std::uint16_t stored = plain(value, format);
    const unsigned is_padding = is_declared & static_cast<unsigned>(value == padding_word);
    const unsigned upper = value & upper_bits, counted = is_padding - 1;
    below |= value & ~upper_bits;
    above |= (upper ^ stored) & counted;
    beside_sign |= (upper ^ extended(stored, format)) & counted;
    has_padding |= is_padding;
    has_twin |= static_cast<unsigned>(stored == padding_stored) & counted;
  }
  const bool is_padding_set = has_padding != 0 && padding_word != padding_stored;
  if (has_padding != 0 && has_twin != 0) {
    above |= (padding_word & upper_bits) ^ padding_stored;
    beside_sign |= (padding_word & upper_bits) ^ extended(padding_stored, format);
  }
  return {below != 0 || above != 0 || is_padding_set, below != 0, above != 0 && beside_sign != 0};
}

void NativePixels::blank(const PixelBox& box) {
  const PixelFormat& f = facts_.format;
  const std::int64_t x_end = std::min(box.x + box.width, f.columns);
  const std::int64_t y_end = std::min(box.y + box.height, f.rows);
  const std::int64_t first = box.frame < 0 ? 0 : box.frame;
  const std::int64_t last = box.frame < 0 ? f.frame_count - 1 : std::min(box.frame, f.frame_count - 1);
  for (std::int64_t frame = first; frame <= last; ++frame) {
    for (int sample = 0; sample < f.samples_per_pixel; ++sample) {
      const auto value = box.fill ? placed(*box.fill) : background(frame, sample);
      for (std::int64_t y = std::max<std::int64_t>(box.y, 0); y < y_end; ++y) {
        for (std::int64_t x = std::max<std::int64_t>(box.x, 0); x < x_end; ++x) set(index(frame, y, x, sample), value);
      }
    }
  }
}

void NativePixels::clear_unused_bits() {
  for (std::size_t n = 0; n < count(); ++n) set(n, with_sign(plain(get(n))));
}

UnusedBits NativePixels::unused_bits() const {
  PixelFormat frame = facts_.format;
  frame.frame_count = 1;
  frame.is_bytes_in_words = false;  // no byte of padding behind it
  const std::size_t samples = static_cast<std::size_t>(bytes_of_frames(frame)) / size();
  std::vector<std::uint16_t> values(samples);
  UnusedBits found;
  for (std::size_t first = 0; samples > 0 && first + samples <= count(); first += samples) {
    for (std::size_t n = 0; n < samples; ++n) values[n] = get(first + n);
    const UnusedBits of_frame = dicom::unused_bits(values, facts_.format, facts_.padding_value);
    found.are_set = found.are_set || of_frame.are_set;
    found.are_below = found.are_below || of_frame.are_below;
    found.are_stray = found.are_stray || of_frame.are_stray;
  }
  return found;
}

std::size_t NativePixels::size() const { return facts_.format.bits_allocated == 16 ? 2 : 1; }

std::size_t NativePixels::count() const { return bytes_.size() / size(); }

std::size_t NativePixels::index(std::int64_t frame, std::int64_t y, std::int64_t x, int sample) const {
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

std::size_t NativePixels::place(std::size_t n) const {
  return facts_.format.is_bytes_in_words && (n ^ 1) < bytes_.size() ? n ^ 1 : n;
}

std::uint16_t NativePixels::get(std::size_t n) const {
  if (size() == 1) return std::to_integer<std::uint16_t>(bytes_[place(n)]);
  return read_u16(bytes_, n * 2, is_big_endian_);
}

void NativePixels::set(std::size_t n, std::uint16_t value) {
  if (n >= count()) return;
  const auto low = static_cast<std::byte>(value & 0xFF), high = static_cast<std::byte>(value >> 8);
  if (size() == 1) {
    bytes_[place(n)] = low;
  } else {
    bytes_[n * 2] = is_big_endian_ ? high : low;
    bytes_[n * 2 + 1] = is_big_endian_ ? low : high;
  }
}

std::uint16_t NativePixels::plain(std::uint16_t value) const { return dicom::plain(value, facts_.format); }

std::uint16_t NativePixels::with_sign(std::uint16_t stored) const {
  return facts_.format.is_signed ? extended(stored, facts_.format) : stored;
}

std::uint16_t NativePixels::placed(std::int64_t stored) const {
  const PixelFormat& f = facts_.format;
  const auto bits = static_cast<std::uint32_t>(stored) << low_bit(f);
  return static_cast<std::uint16_t>(f.is_signed ? bits : bits & ((1U << (f.high_bit + 1)) - 1));
}

std::uint16_t NativePixels::background(std::int64_t frame, int sample) const {
  const PixelFormat& f = facts_.format;
  if (f.samples_per_pixel > 1) {
    const bool is_chroma = f.photometric_interpretation.starts_with("YBR") && sample > 0;
    return is_chroma ? static_cast<std::uint16_t>(1U << (f.bits_stored - 1)) : std::uint16_t{0};
  }
  if (f.photometric_interpretation == "PALETTE COLOR") return facts_.palette ? darkest(*facts_.palette) : 0;
  if (const auto padding = stored_padding()) return *padding;
  return extreme(frame, (f.photometric_interpretation == "MONOCHROME1") != facts_.is_rescaled_down);
}

std::optional<std::uint16_t> NativePixels::stored_padding() const {
  if (!facts_.padding_value) return std::nullopt;
  const PixelFormat& f = facts_.format;
  const std::uint16_t bits = placed(*facts_.padding_value);
  const bool fits = f.is_signed ? with_sign(plain(bits)) == bits
                                : static_cast<std::uint16_t>(*facts_.padding_value) >> f.bits_stored == 0;
  return fits ? std::optional(bits) : std::nullopt;
}

std::uint16_t NativePixels::darkest(const Palette& palette) {
  const auto light = [&](std::size_t n) {
    return palette.colours[0][n] + palette.colours[1][n] + palette.colours[2][n];
  };
  std::size_t best = 0;
  for (std::size_t n = 1; n < palette.colours[0].size(); ++n) best = light(n) < light(best) ? n : best;
  return static_cast<std::uint16_t>(palette.first + static_cast<std::int32_t>(best));
}

std::uint16_t NativePixels::extreme(std::int64_t frame, bool is_largest) const {
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

}  // namespace naru::dicom
