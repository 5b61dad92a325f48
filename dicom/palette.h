/// The lookup tables of PALETTE COLOR images (PS3.3 C.7.6.3.1.5 and C.7.9).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace naru::dicom {

class HeaderValues;

/// Red, green and blue by stored value: value `first` takes entry 0. Values below take the first entry, values above
/// the last. Entries are 8 bits each: of tables with 16 bits the upper half.
struct Palette {
  std::int32_t first = 0;
  std::array<std::vector<std::uint8_t>, 3> colours;  ///< of one length, 1 to 65536

  std::array<std::uint8_t, 3> operator()(std::int32_t stored) const;
};

/// The palette of a data set, plain (0028,1201..1203) or segmented (0028,1221..1223); empty where it is missing or
/// contradicts itself. A count of 0 in the descriptor means 65536. 8-bit entries may be packed in words or fill a word
/// each, as writers do both.
std::optional<Palette> read_palette(const HeaderValues& header);

}  // namespace naru::dicom
