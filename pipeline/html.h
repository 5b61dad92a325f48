/// What the pages of all reports share. Each is one file: no script, no network.
#pragma once

#include <string>
#include <string_view>

namespace naru {

struct InputCounts;
struct Scan;

/// Up to and with <body>. End the page with kHtmlEnd.
extern const std::string_view kHtmlHead;
inline constexpr std::string_view kHtmlEnd = "</body></html>\n";

/// `text` with the characters that mean something to HTML written as entities.
std::string escaped(std::string_view text);

/// How many files had which outcome, and, where some have a reason, what it means and what to do.
/// @param wanted what those were not, e.g. "used"
std::string input_tables(const InputCounts& counts, std::string_view wanted);

/// The files a person has to look into; the whole list is in inputs.jsonl. Empty where there is none.
std::string rejected_table(const Scan& scan);

}  // namespace naru
