/// What a header claims about its pixels, checked before anything is allocated for them.
#pragma once

#include <optional>

#include "core/code.h"
#include "dicom/header_values.h"
#include "dicom/instance.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

/// Reads Rows, Columns, bits and sign into `format`. @return why they are impossible or not for us; empty when fine
std::optional<Code> read_pixel_format(const HeaderValues& header, PixelFormat& format);

/// What is known of the bytes that follow the Pixel Data header.
struct PixelDataSource {
  Bytes bytes;                    ///< of the data set as far as it was read
  std::uint64_t total_bytes = 0;  ///< of the data set as a whole, where it starts at the same place
};

/// Locates the value of Pixel Data and checks that it can hold rows x columns values.
std::optional<Code> locate_pixels(const HeaderValues& header, const SyntaxInfo& syntax, const PixelDataSource& source,
                                  PixelFormat& format);

}  // namespace naru::dicom
