/// What bytes of text are where (0008,0005) does not tell, or tells what cannot be.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dicom/dcmtk/character_conversion.h"
#include "dicom/element_walk.h"

namespace naru::dicom {

inline constexpr char kEscape = '\x1B';

/// True for bytes of well-formed UTF-8 (ASCII is).
bool is_utf8(std::string_view bytes);

/// The text in UTF-8 where the whole of `bytes` is of that set.
std::optional<std::string> whole_as_utf8(Set set, std::string_view bytes);

/// Text without the escapes of ISO 2022 and the remains ("$)C") of one that lost its ESC byte.
std::string without_escapes(std::string_view bytes);

/// The text where the stated set does not hold it, in the order of character_set.h. Empty where nothing decodes it or
/// an unknown escape is inside.
std::optional<std::string> guessed_utf8(std::string_view bytes, bool is_korean, bool is_japanese);

/// What the stated set could decode, though the bytes are plainly of another one: UTF-8 under a set of single bytes or
/// under GB18030, and Korean under a Latin one. Empty where the stated set may be right.
std::optional<std::string> contradicting_utf8(Set stated, std::string_view bytes, Vr value_representation);

}  // namespace naru::dicom
