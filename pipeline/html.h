/// What the pages of all reports share. Each is one file: no script, no network.
#pragma once

#include <string>
#include <string_view>

namespace naru {

/// Up to and with <body>. End the page with kHtmlEnd.
extern const std::string_view kHtmlHead;
inline constexpr std::string_view kHtmlEnd = "</body></html>\n";

/// `text` with the characters that mean something to HTML written as entities.
std::string escaped(std::string_view text);

}  // namespace naru
