/// One plane's facts, from the attributes of its data set or, in a multi-frame object, of its functional groups.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/code.h"
#include "dicom/header_values.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// Each fills its part of `plane`. Several tell why the plane cannot be used: missing_geometry or corrupt.
std::optional<Code> read_identity(const HeaderValues& header, Instance& plane);
void read_description(const HeaderValues& header, Instance& plane);
std::optional<Code> read_position(const HeaderValues& header, Instance& plane);
std::optional<Code> read_orientation(const HeaderValues& header, Instance& plane);
std::optional<Code> read_rescale(const HeaderValues& header, Instance& plane);

/// Pixel Padding Value as pixels hold it. Some scanners write it as US where pixels are signed (-2000 as 63536). Empty
/// for a value that pixels of the format cannot hold, be it beyond Bits Stored: -2000 is no padding of pixels that
/// became unsigned.
std::optional<std::int64_t> read_padding(const HeaderValues& header, const PixelFormat& format);

/// Its 16 bits where they go beyond Bits Stored, as those of 63536 in unsigned pixels of 12 bits or of -2000 with its
/// sign extended do, else 0. Pixels that hold it are no overflow and stay as they are: 63536 is read as -2000, the
/// int16.
std::uint16_t read_padding_word(const HeaderValues& header, const PixelFormat& format);

/// The tables of a VOI LUT Sequence, kMostWindows at most, each as what it maps: kept, for frames without end may have
/// one of the data set.
class VoiLuts {
 public:
  struct Ramp {
    std::uint16_t start = 0;         ///< the first value that is mapped, signed or not as the image is
    bool is_signed = false;          ///< the table says so itself
    std::size_t begin = 0, end = 0;  ///< entries between which it leaves its first value and comes to its last
  };
  const std::vector<Ramp>& of(const HeaderValues& header);

 private:
  Bytes sequence_;
  std::vector<Ramp> ramps_;
};

/// The stored values between which an image is shown, kMostWindows at most: each Window Center and Window Width, and
/// what the tables of its VOI LUT Sequence map (PS3.3 C.11.2), through the rescale. None where the slope is 0.
/// @param luts the same for all frames of a file
/// @param first, more set to them
void read_windows(const HeaderValues& header, double slope, double intercept, VoiLuts& luts,
                  std::optional<StoredWindow>& first, std::vector<StoredWindow>& more);

/// How a data set or frame says that its values are shown. @param luts as above
ShownValues read_shown(const HeaderValues& header, const PixelFormat& format, VoiLuts& luts);

/// @pre the plane's directions are set
void read_timing(const HeaderValues& header, Instance& plane);

/// True where a position lies within reach of a scanner.
bool is_position(const Vec3& position_mm);

}  // namespace naru::dicom
