/// What bytes of text are where (0008,0005) does not tell, or tells what cannot be.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/dcmtk/character_conversion.h"
#include "dicom/dcmtk/character_set.h"

namespace naru::dicom {

inline constexpr char kEscape = '\x1B';

constexpr unsigned byte(char c) { return static_cast<unsigned char>(c); }

/// True for a byte beyond ASCII.
constexpr bool is_high(char c) { return (byte(c) & 0x80U) != 0; }
bool has_high(std::string_view bytes);

/// UTF-8 that is nothing else: well-formed, with a character of East Asia, which takes three bytes.
bool is_plainly_utf8(std::string_view bytes);

/// The text in UTF-8 where the whole of `bytes` is of that set.
std::optional<std::string> whole_as_utf8(Set set, std::string_view bytes);

/// Text without the escapes of ISO 2022 and the remains ("$)C") of one that lost its ESC byte.
std::string without_escapes(std::string_view bytes);

/// The sets that texts may be in; empty optional: the stated one. Several where they are about equally likely, none
/// where none decodes any of the texts.
using Choice = std::vector<std::optional<Set>>;

/// Decodes a text by the stated sets; empty where they cannot.
using StatedDecoder = std::function<std::optional<std::string>(const CharacterSet::Text&)>;

/// Decides for all texts of a file together. Candidates are the stated set, UTF-8, UHC, GB18030, Shift_JIS, EUC-JP and
/// Windows-1252: the one wins that decodes most and in which the texts fit their language best (cost_in). What is
/// stated weighs as much as one to two characters.
/// @param stated the known sets that are stated
Choice choose(std::span<const CharacterSet::Text> texts, std::span<const Set> stated, const StatedDecoder& as_stated);

}  // namespace naru::dicom
