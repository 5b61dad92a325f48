/// One plane's facts, from the attributes of its data set or, in a multi-frame object, of its functional groups.
#pragma once

#include <array>
#include <optional>

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
/// @pre the plane's directions are set
void read_timing(const HeaderValues& header, Instance& plane);

/// True where a position lies within reach of a scanner.
bool is_position(const Vec3& position_mm);

}  // namespace naru::dicom
