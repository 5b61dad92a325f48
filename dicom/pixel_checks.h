/// What a header claims about its pixels, checked before anything is allocated for them.
#pragma once

#include <optional>
#include <vector>

#include "core/code.h"
#include "dicom/header_values.h"
#include "dicom/instance.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

/// Reads Rows, Columns, Number of Frames, samples, bits and sign into `format`.
/// @return why they are impossible or not for us; empty when fine. Colour is fine here: see `is_colour`
std::optional<Code> read_pixel_format(const HeaderValues& header, PixelFormat& format);

/// True for all but one sample of MONOCHROME1 or MONOCHROME2: RGB, YBR_*, PALETTE COLOR.
bool is_colour(const PixelFormat& format);

/// Bytes of all frames, uncompressed and as stored (YBR_FULL_422 has two bytes a pixel, PS3.3 C.7.6.3.1.2).
std::uint64_t native_bytes(const PixelFormat& format);
std::uint64_t native_frame_bytes(const PixelFormat& format);

/// What is known of the bytes that follow the Pixel Data header.
struct PixelDataSource {
  Bytes bytes;                    ///< of the data set as far as it was read
  std::uint64_t total_bytes = 0;  ///< of the data set as a whole, where it starts at the same place
};

/// Locates the value of Pixel Data and checks that it can hold all frames.
/// @param notes what was forgiven is added: trailing_bytes, missing_delimiter, odd_length
std::optional<Code> locate_pixels(const HeaderValues& header, const SyntaxInfo& syntax, const PixelDataSource& source,
                                  PixelFormat& format, std::vector<Note>& notes);

}  // namespace naru::dicom
