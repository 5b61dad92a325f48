#include "dicom/colour.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "dicom/codecs/decode.h"
#include "dicom/j2k_header.h"
#include "dicom/pixel_checks.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kSamples = 3;
constexpr std::string_view kPaletteColor = "PALETTE COLOR";
using Pixel = std::array<double, kSamples>;

std::uint8_t byte_of(double value) { return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L)); }

/// PS3.3 C.7.6.3.1.2: the inverse of the matrix of YBR_FULL (ITU-R BT.601).
Pixel rgb_of_full(double y, double cb, double cr) {
  return {y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb};
}

bool is_partial(std::string_view photometric) { return photometric.starts_with("YBR_PARTIAL"); }

/// The samples of uncompressed pixels, interleaved.
std::vector<std::uint16_t> native_samples(const PixelFormat& format, std::span<const std::byte> bytes) {
  const auto pixels = static_cast<std::size_t>(format.rows * format.columns);
  const std::size_t count = pixels * kSamples;
  std::vector<std::uint16_t> samples(count);
  const auto value = [&](std::size_t n) {
    if (format.bits_allocated == 8) return std::to_integer<std::uint16_t>(bytes[n]);
    return read_u16(bytes, 2 * n, format.is_big_endian);
  };
  if (bytes.size() < count * static_cast<std::size_t>(format.bits_allocated / 8)) {  // YBR_FULL_422: Y Y Cb Cr
    for (std::size_t n = 0; n < pixels; ++n) {
      const std::size_t pair = n / 2 * 4;
      samples[n * kSamples] = value(pair + n % 2);
      samples[n * kSamples + 1] = value(pair + 2);
      samples[n * kSamples + 2] = value(pair + 3);
    }
    return samples;
  }
  for (std::size_t n = 0; n < count; ++n) {
    samples[n] = value(format.is_planar ? n % kSamples * pixels + n / kSamples : n);
  }
  return samples;
}

std::optional<Code> read_palette_colour(const FrameReader& reader, const PixelFormat& format, std::int64_t frame,
                                        const Palette* palette, std::vector<std::uint8_t>& rgb) {
  if (palette == nullptr || format.samples_per_pixel != 1) return Code::unsupported_sop_class;
  std::vector<std::uint16_t> stored(static_cast<std::size_t>(format.rows * format.columns));
  if (const auto problem = reader.read_frame(frame, stored)) return problem;
  rgb.clear();
  for (const std::uint16_t bits : stored) {
    const auto colours = (*palette)(stored_number(bits, is_uint16(format)));
    rgb.insert(rgb.end(), colours.begin(), colours.end());
  }
  return std::nullopt;
}

/// Bits that all but a thousandth of the samples fit in: some that shine would hide what is written in dim ones.
int used_bits(std::span<const std::uint16_t> samples) {
  std::array<std::size_t, 17> counts{};
  for (const std::uint16_t value : samples) ++counts[static_cast<std::size_t>(std::bit_width(value))];
  constexpr std::size_t kRest = 1000;
  std::size_t above = 0;
  int bits = 16;
  while (bits > 0 && (above + counts[static_cast<std::size_t>(bits)]) * kRest <= samples.size()) {
    above += counts[static_cast<std::size_t>(bits--)];
  }
  return bits;
}

}  // namespace

bool is_ybr(std::string_view photometric) { return is_partial(photometric) || photometric.starts_with("YBR_FULL"); }

void ybr_to_rgb(std::span<std::uint8_t> pixels, std::string_view photometric) {
  constexpr double kPartialLuma = 255.0 / 219, kPartialChroma = 255.0 / 224, kPartialBlack = 16, kNeutral = 128;
  const bool is_short = is_partial(photometric);
  const double luma = is_short ? kPartialLuma : 1, chroma = is_short ? kPartialChroma : 1;
  const double black = is_short ? kPartialBlack : 0;
  for (std::size_t n = 0; n < pixels.size(); n += kSamples) {
    const Pixel rgb = rgb_of_full(luma * (pixels[n] - black), chroma * (pixels[n + 1] - kNeutral),
                                  chroma * (pixels[n + 2] - kNeutral));
    std::ranges::transform(rgb, pixels.begin() + static_cast<std::ptrdiff_t>(n), byte_of);
  }
}

bool is_rgb_after_decoding(const PixelFormat& format, std::span<const std::byte> stream) {
  const SyntaxInfo* syntax = find_syntax(format.transfer_syntax_uid);
  if (syntax->codec != Codec::openjpeg) return false;
  const auto header = read_j2k_header(find_codestream(stream));
  return header && header->has_color_transform;
}

std::optional<Code> read_colour(const FrameReader& reader, const PixelFormat& format, std::int64_t frame,
                                const Palette* palette, std::vector<std::uint8_t>& rgb) {
  const std::string& photometric = format.photometric_interpretation;
  if (photometric == kPaletteColor) return read_palette_colour(reader, format, frame, palette, rgb);
  const bool is_known =
      is_ybr(photometric) || photometric == "RGB" || photometric == "YBR_RCT" || photometric == "YBR_ICT";
  if (!is_known || format.samples_per_pixel != static_cast<int>(kSamples)) return Code::unsupported_sop_class;

  std::vector<std::byte> bytes;
  if (const auto problem = reader.read_stored(frame, bytes)) return problem;
  std::vector<std::uint16_t> samples;
  bool is_rgb = !is_ybr(photometric);
  if (format.is_encapsulated) {
    samples.resize(static_cast<std::size_t>(format.rows * format.columns) * kSamples);
    if (const auto problem = decode_frame(bytes, format, samples)) return problem;
    is_rgb |= is_rgb_after_decoding(format, bytes);
  } else {
    samples = native_samples(format, bytes);
  }
  const int low_bit = std::max(0, format.high_bit + 1 - format.bits_stored);
  const int mask = (1 << format.bits_stored) - 1;
  for (std::uint16_t& value : samples) value = static_cast<std::uint16_t>(value >> low_bit & mask);
  // RGB of many bits may use the lower ones alone; chroma lies around the middle of all.
  const int shift = std::max(0, (is_rgb ? used_bits(samples) : format.bits_stored) - 8);
  rgb.resize(samples.size());
  std::ranges::transform(samples, rgb.begin(),
                         [&](std::uint16_t value) { return static_cast<std::uint8_t>(std::min(value >> shift, 255)); });
  if (!is_rgb) ybr_to_rgb(rgb, photometric);
  return std::nullopt;
}

std::optional<Code> check_pixels(const std::filesystem::path& path, const PixelFormat& format, const Palette* palette) {
  const FrameReader reader(path, format);
  std::vector<std::uint8_t> rgb;
  std::vector<std::uint16_t> values(is_colour(format) ? 0 : static_cast<std::size_t>(format.rows * format.columns));
  for (std::int64_t frame = 0; frame < format.frame_count; ++frame) {
    const auto problem =
        is_colour(format) ? read_colour(reader, format, frame, palette, rgb) : reader.read_frame(frame, values);
    if (problem) return problem;
  }
  return std::nullopt;
}

}  // namespace naru::dicom
