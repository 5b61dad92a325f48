#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "pipeline/deid_report.h"
#include "pipeline/files.h"
#include "pipeline/html.h"
#include "pipeline/pixels/stack_face.h"
#include "pipeline/review/review_html.h"
#include "pipeline/version.h"

namespace naru {

namespace {

/// What the engine's words for its actions and notes mean to a person.
struct Meaning {
  std::string_view word, meaning;
};
constexpr std::array kMeanings = {
    Meaning{"C", "cleaned: what identifies was taken out, the rest stays"},
    Meaning{"D", "replaced by a dummy value"},
    Meaning{"K", "kept"},
    Meaning{"U", "UID replaced by its pseudonym"},
    Meaning{"X", "removed"},
    Meaning{"Z", "emptied"},
    Meaning{"misplaced_removed", "attributes of messages and directories, which no data set may hold: removed"},
    Meaning{"private_kept", "private attributes that are known to be safe: kept"},
    Meaning{"private_removed", "private attributes: removed"},
    Meaning{"unknown_removed", "attributes that no dictionary knows: removed"},
    Meaning{"bytes_removed", "bytes of private attributes with a name among them, or compressed: emptied"},
    Meaning{"charset_undecodable", "values that no character set decodes: removed"},
    Meaning{"codes_removed", "codes that name someone or are none: replaced by a dummy value"},
    Meaning{"numbers_moved", "numbers that are times of the file's own: moved as its dates"},
    Meaning{"numbers_removed", "numbers that are an identifier, a date or a time of the file's own: removed"},
    Meaning{"stream_comments", "texts inside compressed pixels: overwritten"},
    Meaning{"trailing_bytes_dropped", "bytes behind the last element: dropped"},
    Meaning{"value_not_legal", "values that are not what their VR says: emptied"},
    Meaning{"words_contact", "telephone numbers and addresses taken out of texts"},
    Meaning{"words_date", "dates taken out of texts"},
    Meaning{"words_id", "identifiers taken out of texts"},
    Meaning{"words_listed", "words of the hospital's own list taken out of texts"},
    Meaning{"words_name", "names taken out of texts"},
    Meaning{"words_national", "registration numbers taken out of texts"},
    Meaning{"words_place", "institutions and departments taken out of texts"},
    Meaning{"words_title", "names that the words around them gave away, taken out of texts"},
};

std::string_view meaning_of(std::string_view word) {
  const auto found = std::ranges::find(kMeanings, word, &Meaning::word);
  return found == kMeanings.end() ? "" : found->meaning;
}

/// The tag of "(0010,0010) Z".
dicom::Tag tag_of(std::string_view key) {
  std::uint32_t group = 0, element = 0;
  if (key.size() < std::string_view("(0010,0010)").size()) return 0;
  std::from_chars(key.data() + 1, key.data() + 5, group, 16);
  std::from_chars(key.data() + 6, key.data() + 10, element, 16);
  return group << 16 | element;
}

std::string summary(const DeidScan& scan, std::span<const DeidDelivered> delivered, const DeidReportFacts& facts) {
  std::size_t changed = 0;
  for (const DeidDelivered& one : delivered) changed += one.instance.pixels_are_kept ? 0 : 1;
  const bool is_weaker = policy_of(facts.recipe).is_weaker_than_profile();
  std::string text = fmt::format(
      "<h1>Naru report: de-identification</h1><p>project <code>{}</code> · key <code>{}</code> · naru {} · {:.1f} "
      "s</p>\n<p class=\"hold\">This report names source files. It stays in the hospital; the dataset beside it is "
      "what "
      "may leave. Burned-in text: {}. Faces: {}. Look at the images before you release anything.</p>\n",
      escaped(facts.project), facts.key_id, kVersion, facts.seconds,
      facts.recipe.looks_for_text() ? "blanked where it was found and sure, else held back"
                                    : "<b>not</b> looked for, but for the regions that the recipe names",
      face_statement(face_handling(facts.recipe.face)));
  if (is_weaker) {
    text +=
        "<p class=\"hold\">Rules of the hospital's own keep what the profile with these options would not: the result "
        "may not claim the profile (PS3.15 E.1.1).</p>\n";
  }
  text += fmt::format(
      "<p>Recipe <code>{}</code>: DICOM PS3.15 Basic Profile, options: {}.</p>\n<p>{} files were given; {} instances "
      "were delivered, {} of them with changed pixels. Every byte of each was searched for what had been "
      "removed.</p>\n",
      escaped(facts.recipe.name),
      facts.recipe.options.empty() ? "none" : escaped(fmt::format("{}", fmt::join(facts.recipe.options, ", "))),
      scan.files.inputs.size(), delivered.size(), changed);
  return text;
}

/// Words with how often, and what they mean.
std::string words_table(std::string_view title, const std::map<std::string, std::size_t>& words) {
  if (words.empty()) return "";
  std::string text = fmt::format(
      "<h2>{}</h2><table><tr><th>what</th><th class=\"n\">elements</th><th>what it means</th></tr>\n", title);
  for (const auto& [word, count] : words) {
    text += fmt::format("<tr><td class=\"k\"><code>{}</code></td><td class=\"n\">{}</td><td>{}</td></tr>\n",
                        escaped(word), count, meaning_of(word));
  }
  return text + "</table>\n";
}

/// Private attributes, of which there may be thousands, stand together.
std::string tags_table(const dicom::DeidCounts& counts) {
  std::string text =
      "<h2>What was changed, by attribute</h2><table><tr><th>attribute and action</th><th>name</th>"
      "<th class=\"n\">elements</th></tr>\n";
  std::size_t of_private = 0;
  for (const auto& [key, count] : counts.by_tag) {
    const dicom::Tag tag = tag_of(key);
    const bool is_private = (dicom::group_of(tag) & 1) != 0;
    if (is_private) {
      of_private += count;
      continue;
    }
    const dicom::AttributeRule* rule = dicom::find_attribute_rule(tag);
    text += fmt::format("<tr><td class=\"k\"><code>{}</code></td><td>{}</td><td class=\"n\">{}</td></tr>\n",
                        escaped(key), escaped(rule == nullptr ? "" : rule->name), count);
  }
  if (of_private > 0) {
    text += fmt::format(
        "<tr><td>private attributes</td><td>each is in <code>deid.jsonl</code></td><td class=\"n\">{}</td></tr>\n",
        of_private);
  }
  return text + "</table>\n";
}

std::string record_table(const nlohmann::ordered_json& record) {
  std::string text =
      "<h2>Record of the job</h2><p>As <code>record.json</code> holds it. What is null was not given with "
      "<code>--record</code>.</p><table>\n";
  for (const auto& [key, value] : record.items()) {
    const std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
    text += fmt::format("<tr><td class=\"k\">{}</td><td><code>{}</code></td></tr>\n", escaped(key), escaped(shown));
  }
  return text + "</table>\n";
}

}  // namespace

void write_deid_report_html(const std::filesystem::path& file, const DeidScan& scan,
                            std::span<const DeidDelivered> delivered, const dicom::DeidCounts& counts,
                            const DeidReportFacts& facts) {
  const InputCounts inputs = count_inputs(scan.files);
  std::string page(kHtmlHead);
  page += summary(scan, delivered, facts);
  page += "<h2>Files</h2>" + input_tables(inputs, "delivered");
  page += words_table("What was done, by action", counts.by_action);
  page += words_table("Notes", counts.notes);
  if (!delivered.empty()) page += tags_table(counts);
  page += rejected_table(scan.files);
  page += review_tables(facts.held, facts.decisions);
  page += record_table(record_json(delivered.size(), counts, inputs, facts));
  page += kHtmlEnd;
  write_file(file, page);
}

}  // namespace naru
