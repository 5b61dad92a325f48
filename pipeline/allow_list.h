/// Words of a header that may leave the hospital: only those that stand in a list of ours ever do, so that free text
/// typed into these attributes cannot.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace naru {

/// Our name for a manufacturer, e.g. "Siemens" for "SIEMENS" or "Siemens HealthCare GmbH"; empty for unknown ones.
std::optional<std::string_view> public_manufacturer(std::string_view manufacturer);
/// What a manufacturer's name says behind what it is known by: " Corporation" of "Shimadzu Corporation"; all of an
/// unknown one.
std::string_view unknown_of_manufacturer(std::string_view manufacturer);

/// Body Part Examined (0018,0015) where it is one of the defined terms of PS3.16 Annex L; empty otherwise.
std::optional<std::string_view> public_body_part(std::string_view body_part);
/// All of them.
std::span<const std::string_view> public_body_parts();

}  // namespace naru
