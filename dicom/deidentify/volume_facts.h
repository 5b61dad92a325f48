/// What a volume needs of private attributes that de-identification removes: read before, and carried beside the file.
#pragma once

#include <cstdint>
#include <optional>

#include "core/geometry.h"
#include "dicom/element_walk.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// Numbers alone. Empty where the header is silent, or where the standard's own attributes, which stay, say the same.
struct VolumeFacts {
  std::optional<double> b_value_s_per_mm2;
  std::optional<Vec3> gradient_direction;  ///< unit vector in the patient frame (LPS)
  std::optional<PhilipsScale> philips_scale;
  struct Mosaic {                                   ///< a volume in one image: its tiles lie row by row
    std::int64_t tiles = 0, columns = 0, rows = 0;  ///< columns and rows of one tile
    Vec3 position_mm{};                             ///< of the first tile's first pixel, LPS
    Vec3 step_mm{};                                 ///< from tile to tile
  };
  std::optional<Mosaic> mosaic;
  bool is_empty() const { return !b_value_s_per_mm2 && !gradient_direction && !philips_scale && !mosaic; }
};

/// Of an MR image: Siemens' and UIH's mosaics, diffusion of Siemens, GE, Philips, Canon and UIH, Philips' scale (see
/// vendor_values.h). Of an enhanced one diffusion and scale, each where it is one for all frames. Of others nothing.
VolumeFacts read_volume_facts(Bytes file);

}  // namespace naru::dicom
