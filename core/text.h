/// Text of unknown origin, made safe for documents and terminals.
#pragma once

#include <string>
#include <string_view>

namespace naru {

/// `text` with every byte that is not part of valid UTF-8 as \xNN, e.g. a file name in EUC-KR: nothing is lost, and the
/// result is always valid UTF-8. A backslash stays as it is.
/// Source: Unicode 15 table 3-7 (well-formed byte sequences).
std::string valid_utf8(std::string_view text);

/// valid_utf8(text) with '?' for every character that could steer a terminal: controls (C0, C1, DEL) and those that
/// turn the direction of writing.
std::string printable(std::string_view text);

}  // namespace naru
