#include "pipeline/html.h"

#include <fmt/format.h>

#include "core/code.h"
#include "core/text.h"
#include "pipeline/report.h"

namespace naru {

const std::string_view kHtmlHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Naru report</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; vertical-align: top;
  border-bottom: 1px solid #8884; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
code { font-size: .9em; overflow-wrap: anywhere; } .k { white-space: nowrap; }
.case { border: 1px solid #8886; border-radius: 6px; padding: .8rem 1rem; margin: 1rem 0; }
.case h3 { margin: 0 0 .4rem; font-size: 1rem; }
.planes { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; }
figure { margin: 0; } figcaption { font-size: .8rem; opacity: .75; } img { background: #000; display: block; }
.hold { border-left: 4px solid #c60; padding: .2rem .8rem; }
.badge { border-radius: 4px; padding: 0 .4em; border: 1px solid currentColor; font-size: .85em; }
svg { display: block; } .bar { fill: #4a7fb5; }
</style></head><body>
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string input_tables(const InputCounts& counts, std::string_view wanted) {
  std::string text = "<table><tr><th>outcome</th><th class=\"n\">files</th></tr>\n";
  for (const auto& [disposition, count] : counts.by_disposition) {
    text += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td></tr>\n", disposition, count);
  }
  text += "</table>\n";
  if (counts.by_reason.empty()) return text;
  text += fmt::format(
      "<h2>Why files were not {}</h2><table><tr><th>reason</th><th class=\"n\">files</th><th>what it means</th>"
      "<th>what to do</th></tr>\n",
      wanted);
  for (const auto& [reason, count] : counts.by_reason) {
    const CodeInfo& row = info(*code_from_name(reason));
    text += fmt::format("<tr><td class=\"k\"><code>{}</code></td><td class=\"n\">{}</td><td>{}</td><td>{}</td></tr>\n",
                        reason, count, row.meaning, row.remedy);
  }
  return text + "</table>\n";
}

std::string rejected_table(const Scan& scan) {
  constexpr std::size_t kMaxRows = 500;
  std::string rows;
  std::size_t count = 0;
  for (const InputRecord& input : scan.inputs) {
    if (input.disposition != Disposition::rejected && input.disposition != Disposition::quarantined) continue;
    if (++count > kMaxRows) continue;
    rows += fmt::format("<tr><td><code>{}</code></td><td>{}</td><td><code>{}</code></td></tr>\n",
                        escaped(valid_utf8(input.path.string())), name(input.disposition), name(*input.reason));
  }
  if (count == 0) return "";
  const std::string more = count > kMaxRows ? fmt::format(" (the first {} of {})", kMaxRows, count) : "";
  return fmt::format(
      "<h2>Rejected and quarantined files{}</h2><p>All files are in <code>inputs.jsonl</code>.</p>"
      "<table><tr><th>file</th><th>outcome</th><th>reason</th></tr>\n{}</table>\n",
      more, rows);
}

}  // namespace naru
