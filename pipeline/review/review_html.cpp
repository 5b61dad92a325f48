#include "pipeline/review/review_html.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "pipeline/html.h"

namespace naru {

namespace {

std::string_view outcome(Disposition disposition) {
  constexpr std::array<std::string_view, 4> kOutcomes = {"made, as decided", "left out, as decided", "held", "held"};
  return kOutcomes[static_cast<std::size_t>(disposition)];
}

std::string held_table(std::span<const HeldEntry> held) {
  std::string text =
      "<h2>Review</h2><p>What was held for people to decide, with <code>naru review</code> on this report's "
      "folder. Of a job of the server it stays held: decisions are not applied "
      "there.</p><table><tr><th>id</th><th>reason</th><th class=\"n\">files</th><th>outcome</th></tr>\n";
  for (const HeldEntry& entry : held) {
    text += fmt::format("<tr><td class=\"k\"><code>{}</code></td><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
                        escaped(entry.id), entry.reason ? name(*entry.reason) : "", entry.files,
                        outcome(entry.disposition));
  }
  return text + "</table>\n";
}

std::string decision_table(const Decisions& decisions) {
  std::string text =
      "<h2>Decisions</h2><table><tr><th>when</th><th>who</th><th>decision</th><th class=\"n\">about</th>"
      "<th>why</th></tr>\n";
  const auto review = review_json(decisions);
  for (const auto& act : review.at("decisions")) {
    text += fmt::format("<tr><td class=\"k\">{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
                        escaped(act.at("time").get<std::string>()), escaped(act.at("by").get<std::string>()),
                        act.at("decision").get<std::string>(), act.at("count").get<std::size_t>(),
                        escaped(act.at("why").get<std::string>()));
  }
  return text + "</table>\n";
}

}  // namespace

std::string review_tables(std::span<const HeldEntry> held, const Decisions& decisions) {
  return (held.empty() ? "" : held_table(held)) + (decisions.all.empty() ? "" : decision_table(decisions));
}

}  // namespace naru
