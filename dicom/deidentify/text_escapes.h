/// Characters that are written as ASCII: entities of HTML, escapes of URLs, of quoted-printable, of JSON and of RTF.
#pragma once

#include <cstddef>
#include <string_view>

namespace naru::dicom {

struct EscapedChar {
  char32_t code = 0;
  std::size_t length = 0;  ///< bytes that it takes; 0 where none stands there
};

/// The one at byte `begin`: "&#252;", "&uuml;", "%C3%BC", "=C3=BC", "\u00fc", "\'fc" (of Latin-1). Behind "%" and "="
/// characters of ASCII count only where `reads_ascii`: "0.0%20" and "TE=45" are numbers.
EscapedChar escape_at(std::string_view text, std::size_t begin, bool reads_ascii = false);

/// True where there are escapes that only `reads_ascii` reads.
bool may_escape_ascii(std::string_view text);

}  // namespace naru::dicom
