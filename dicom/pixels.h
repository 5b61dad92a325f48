/// Pixels of one file, as stored values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/code.h"
#include "dicom/file_reader.h"
#include "dicom/fragments.h"
#include "dicom/instance.h"

namespace naru::dicom {

struct SyntaxInfo;

/// One file, opened once and its frames located once; then read in any order, by several threads at once.
///
/// Values are sign-extended from Bits Stored; bits outside of it are cleared; MONOCHROME1 is not inverted. The two
/// bytes are those of an int16 where the value is signed or Bits Stored < 16, else those of a uint16: the caller knows
/// which from `is_uint16`. Arrays have i (column index) fastest. Each read says why it was not possible: unreadable,
/// truncated, corrupt, too_large, unsupported_transfer_syntax, unsupported_sop_class (colour: see dicom/colour.h);
/// empty when all is well. A plane is also refused with unused_bits_set where bits above Bits Stored are set,
/// unless the header declares an overlay there, they extend the sign or the pixel is declared padding: values that are
/// larger than Bits Stored holds would come back as others. Those by which a lossy coder has gone a little beyond are
/// the least or the greatest. Source: PS3.5 8 and A.4, PS3.3 C.7.6.3.
/// @pre initialize() was called
class FrameReader {
 public:
  FrameReader(const std::filesystem::path& path, const PixelFormat& format);
  /// Of a file in memory, which must outlive it.
  FrameReader(std::span<const std::byte> file, const PixelFormat& format);

  /// One plane: a frame, or the part of a frame that a tile of a mosaic is. Of uncompressed frames no more is read than
  /// the tile; a compressed frame is decoded whole for each, so that many tiles want `read_frame` and `cut_tile`.
  /// @pre out.size() == plane.rows * plane.columns
  std::optional<Code> read(const Instance& plane, std::span<std::uint16_t> out) const;

  /// A whole frame of grey values, to look at: what unused bits hold is no matter.
  /// @pre out.size() == rows * columns of the format
  std::optional<Code> read_frame(std::int64_t frame, std::span<std::uint16_t> out) const;

  /// As `read`, and the SHA-256 of the whole file: of its raw bytes, which come from the disk once where there is one
  /// frame. @param file_sha256 empty where the file cannot be opened
  std::optional<Code> read_and_hash(const Instance& plane, std::span<std::uint16_t> out,
                                    std::string& file_sha256) const;

  /// The bytes of one frame as they stand in the file: the codec's stream, or uncompressed values. Not for deflated
  /// files.
  std::optional<Code> read_stored(std::int64_t frame, std::vector<std::byte>& bytes) const;

 private:
  void locate_frames();
  std::optional<Code> check(std::int64_t frame) const;
  std::optional<Code> read_part(std::int64_t frame, const Instance& part, std::span<std::uint16_t> out,
                                FileDigest* digest) const;
  std::optional<Code> read_native(std::int64_t frame, const Instance& part, std::span<std::uint16_t> out,
                                  FileDigest* digest) const;
  std::optional<Code> read_coded(std::int64_t frame, std::vector<std::byte>& bytes, FileDigest* digest) const;
  bool read_values(std::uint64_t offset, std::span<std::byte> bytes, FileDigest* digest) const;

  FileReader file_;
  PixelFormat format_;
  const SyntaxInfo* syntax_;
  std::optional<FrameIndex> index_;  ///< of encapsulated pixels
};

/// Copies the tile that `plane` is out of its frame. @pre the tile lies within the frame
void cut_tile(std::span<const std::uint16_t> frame, const Instance& plane, std::span<std::uint16_t> out);

/// Reads one plane of a file that is opened for it alone: see FrameReader, which has the terms. Uncompressed
/// little-endian files are read by offset straight into `out`; a deflated file is inflated in pieces and only up to the
/// pixels' end, however much follows.
/// Thread-safe. Memory: at most decode_buffer_bytes(instance).
/// @param file_sha256 where not null, receives the SHA-256 of the whole file, whose bytes come from the disk once where
/// it has one frame; empty where the file cannot be opened
std::optional<Code> read_pixels(const std::filesystem::path& path, const Instance& instance,
                                std::span<std::uint16_t> out, std::string* file_sha256 = nullptr);

/// An upper bound of what one call of `read_pixels` or FrameReader::read allocates beside `out`, from the header alone:
/// nothing for uncompressed 16-bit values; a byte a value where one byte is stored; for deflated files also the pieces
/// and zlib's window; for compressed frames the copies of the longest coded frame that is read (twice the pixels and
/// 1 MiB), the decoded frame and the decoder's working arrays.
std::uint64_t decode_buffer_bytes(const Instance& instance);

/// True where stored values exceed int16 (unsigned with 16 bits stored).
bool is_uint16(const PixelFormat& format);

/// The number that the two bytes of a value stand for, which are those of a uint16 or an int16.
constexpr std::int32_t stored_number(std::uint16_t bits, bool is_uint16) {
  return is_uint16 ? std::int32_t{bits} : std::int32_t{static_cast<std::int16_t>(bits)};
}

}  // namespace naru::dicom
