/// How well a text fits a language: what tells character sets apart whose bytes decode in each of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace naru::dicom {

enum class Language : std::uint8_t { korean, chinese, japanese, western };

/// About how many bits the text's characters beyond ASCII take in a language: few for those that names and reports of
/// it use most, more for the others of its national standard, most for all others. Latin letters stand between letters,
/// Hangul and Hanja seldom beside each other, wide characters seldom inside a Latin word.
/// `western` is every script of single letters. ASCII costs nothing.
/// Empty where a character is none of a text: a control, private use.
std::optional<int> cost_in(Language language, std::string_view utf8);

}  // namespace naru::dicom
