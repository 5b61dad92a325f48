/// Telephone, resident registration and other numbers that their digits tell.
/// Source: the numbering plans of Korea, the USA, France, Germany, Japan and China; 3GPP TS 23.003 (IMEI); GB 11643;
/// ISO/IEC 7812-1 (cards).
#pragma once

#include <span>
#include <string_view>

#include "dicom/deidentify/descriptors.h"

namespace naru::dicom {

/// What stands between the parts of a number.
/// `sign`: one sign, also / _ and long dashes, with or without spaces around it. `any_sign`: that, or spaces alone.
/// `space`: one space, and no setting or unit beside the number.
enum class Between : std::uint8_t { dashes, dashes_or_space, slash_or_dashes, sign, any_sign, space };

/// Rows of numbers: a digit stands for itself, d for any, - for one or two signs of those that may stand between.
struct NumberShape {
  std::u32string_view mask;
  DescriptorReason reason;
  bool (*is_valid)(std::u32string_view digits);
  Between between = Between::dashes;
  bool is_certain = false;  ///< also where the same sign joins it to another number
};
/// The first is that of resident registration numbers.
std::span<const NumberShape> number_shapes();

/// YYMMDD as it stands in a resident registration number.
bool is_birth(std::u32string_view digits);

}  // namespace naru::dicom
