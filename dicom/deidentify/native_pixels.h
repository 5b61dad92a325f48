/// Native Pixel Data in memory: which bits of it are stored, and rectangles of it blanked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dicom/deidentify/pixel_facts.h"
#include "dicom/deidentify/policy.h"
#include "dicom/instance.h"
#include "dicom/palette.h"

namespace naru::dicom {

std::uint64_t bits_of_frame(const PixelFormat& format);

/// Bytes of all frames together, without padding behind them. YBR_FULL_422 shares chroma between two pixels (PS3.3
/// C.7.6.3.1.2).
std::uint64_t bytes_of_frames(const PixelFormat& format);

/// True where pixels that are said to share their chroma are as many bytes as those with chroma of their own: nobody
/// can say which picture is meant.
bool contradicts_shared_chroma(const PixelFormat& format, std::size_t size);

/// True where native pixels can be blanked one by one. Packed bits have none of their own; of shared chroma that of two
/// pixels goes with either.
bool has_own_samples(const PixelFormat& format);

/// True where bits outside of those that are stored can hold a picture that nobody looks at.
bool has_unused_bits(const PixelFormat& format);

/// What stands outside of the bits that are stored.
struct UnusedBits {
  bool are_set = false;    ///< any of them, be it of a sign
  bool are_below = false;  ///< some below are set: cleared, no value becomes another
  bool are_stray = false;  ///< those above are neither all clear nor all more of a sign, be it one that the header
                           ///< knows nothing of: some of both can draw a picture, or are values larger than is stated.
                           ///< Declared padding is left out where nothing else has its stored bits
};

/// Those of one frame.
/// @param padding Pixel Padding Value as it stands in the header
UnusedBits unused_bits(std::span<const std::uint16_t> values, const PixelFormat& format,
                       const std::optional<std::int64_t>& padding);

/// Native frames in memory, two or one bytes a sample.
class NativePixels {
 public:
  NativePixels(std::vector<std::byte>& bytes, const PixelFacts& facts, bool is_big_endian)
      : bytes_(bytes), facts_(facts), is_big_endian_(is_big_endian) {}

  void blank(const PixelBox& box);

  /// Clears the bits outside of those that are stored.
  void clear_unused_bits();

  /// What any frame has.
  UnusedBits unused_bits() const;

 private:
  std::size_t size() const;
  std::size_t count() const;
  std::size_t index(std::int64_t frame, std::int64_t y, std::int64_t x, int sample) const;

  /// Where a value of one byte stands: in big endian words the first is the second byte.
  std::size_t place(std::size_t n) const;

  std::uint16_t get(std::size_t n) const;
  void set(std::size_t n, std::uint16_t value);
  std::uint16_t plain(std::uint16_t value) const;
  std::uint16_t with_sign(std::uint16_t stored) const;

  /// A stored value in its bits.
  std::uint16_t placed(std::int64_t stored) const;

  /// Padding where there is one; black in colour; the darkest value that the frame's kind of grey has.
  std::uint16_t background(std::int64_t frame, int sample) const;

  /// Padding in its bits; empty where it needs more than are stored: some writers give that of another format.
  std::optional<std::uint16_t> stored_padding() const;

  /// The stored value of the first entry that is as dark as any.
  static std::uint16_t darkest(const Palette& palette);

  /// The largest or smallest stored value of a frame: what is black in it.
  std::uint16_t extreme(std::int64_t frame, bool is_largest) const;

  std::vector<std::byte>& bytes_;
  const PixelFacts& facts_;
  bool is_big_endian_;
};

}  // namespace naru::dicom
