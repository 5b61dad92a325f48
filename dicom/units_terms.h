/// Terms for the units of a rescaled value: only these leave the hospital, so that free text typed into Rescale Type or
/// Units cannot.
#pragma once

#include <optional>
#include <string_view>

namespace naru::dicom {

/// The defined term that Rescale Type (0028,1054) or Units (0054,1001) holds, spelled as the standard does whatever
/// the case; empty for every other text. Philips' "normalized" says that values have no unit: "US".
/// Source: PS3.3 C.11.1.1.2 and C.8.9.1.1.3.
std::optional<std::string_view> units_term(std::string_view text);

}  // namespace naru::dicom
