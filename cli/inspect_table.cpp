#include "cli/inspect_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "core/text.h"
#include "pipeline/report.h"
#include "pipeline/series.h"

namespace naru::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWidth = 100;
constexpr std::string_view kRow = "  {:>5}  {:<8}  {:<14}  {:>6}  {:<19}  {:<21}  {:<4}  {}\n";

/// `text` in lines of at most kWidth characters, each after `indent` blanks.
std::string wrapped(std::size_t indent, std::string_view text) {
  std::string result, line;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const std::string joined = line.empty() ? word : line + ' ' + word;
    if (!line.empty() && indent + joined.size() > kWidth) {
      result += fmt::format("{:{}}{}\n", "", indent, line);
      line = word;
    } else {
      line = joined;
    }
  }
  return line.empty() ? result : result + fmt::format("{:{}}{}\n", "", indent, line);
}

std::string advice(const CodeInfo& row) {
  if (row.remedy == "Nothing.") return fmt::format("{} Nothing needs to be done.", row.meaning);
  return fmt::format("{} What to do: {}", row.meaning, row.remedy);
}

/// A volume: one stack, or the stacks of a 4-D image.
struct Row {
  const StackFacts* first = nullptr;
  std::vector<const StackFacts*> stacks;
};

std::vector<Row> rows_of(const Scan& scan, const std::vector<StackFacts>& all) {
  std::vector<Row> rows;
  for (const StackFacts& facts : all) {
    if (!facts.sequence) rows.push_back({&facts, {&facts}});
    if (!facts.sequence || facts.sequence->index != 0) continue;
    rows.push_back({&facts, {}});
    for (const std::size_t stack : scan.sequences[facts.sequence->sequence].stacks) {
      rows.back().stacks.push_back(&all[stack]);
    }
  }
  return rows;
}

Verdict verdict_of(const Row& row) {
  Verdict worst = Verdict::accept;
  for (const StackFacts* stack : row.stacks) worst = std::max(worst, stack->verdict);
  return worst;
}

std::string axis_text(const dicom::StackSequence& sequence) {
  const auto [least, most] = std::ranges::minmax(sequence.values);
  return fmt::format("{} volumes along {} {:g}…{:g}{}{}", sequence.stacks.size(), sequence.axis, least, most,
                     sequence.unit.empty() ? "" : " ", sequence.unit);
}

std::string row_text(const Scan& scan, const Row& row) {
  const dicom::Stack& stack = scan.stacks[row.first->stack];
  std::string matrix, spacing, axes;
  if (row.first->first_slice) {
    const dicom::Instance& slice = scan.candidates[*row.first->first_slice].instance;
    matrix = fmt::format("{} × {}", slice.columns, slice.rows);
  }
  if (stack.verdict != Verdict::reject) {
    const Size3& size = stack.grid.size;
    const Vec3 mm = stack.grid.spacing_mm();
    matrix = fmt::format("{} × {} × {}", size.x, size.y, size.z);
    spacing = fmt::format("{:.4g} × {:.4g} × {:.4g}", mm[0], mm[1], mm[2]);
    axes = axis_codes(stack.grid.patient_from_voxel);
  }
  std::string text =
      fmt::format(kRow, stack.index, printable(row.first->modality), row.first->manufacturer.value_or("unknown"),
                  row.first->slice_count, matrix, spacing, axes, name(verdict_of(row)));
  if (!row.first->sequence) return text;
  return text + fmt::format("{:9}{}\n", "", axis_text(scan.sequences[row.first->sequence->sequence]));
}

/// A finding with the count of volumes that have it with these very numbers.
struct Counted {
  const Finding* finding;
  std::size_t volumes = 1;
};

std::vector<Counted> findings_of(const Row& row) {
  std::vector<Counted> all;
  for (const StackFacts* stack : row.stacks) {
    for (const Finding& finding : stack->findings) {
      const auto known = std::ranges::find_if(all, [&](const Counted& c) {
        const bool tells_its_place = row.first->sequence && finding.code == Code::mixed_phase;  // the axis says it
        return c.finding->code == finding.code && c.finding->action == finding.action &&
               (tells_its_place || c.finding->detail == finding.detail);
      });
      if (known == all.end()) {
        all.push_back({&finding});
      } else {
        ++known->volumes;
      }
    }
  }
  return all;
}

std::string finding_text(const Counted& counted, std::size_t volumes) {
  const Finding& finding = *counted.finding;
  std::string text = fmt::format("{} ({})", name(finding.code), finding.action);
  for (const auto& [key, value] : finding.detail) {
    if (volumes > 1 && finding.code == Code::mixed_phase && key != "volumes") continue;  // of one volume alone
    std::string words = key;
    std::ranges::replace(words, '_', ' ');
    text += fmt::format("{} {} {:g}", &value == &finding.detail.front().second ? ":" : ",", words, value);
  }
  if (volumes > 1) text += fmt::format("; in {} of {} volumes", counted.volumes, volumes);
  const CodeInfo& row = info(finding.code);
  return wrapped(9, text) + wrapped(11, advice(row));
}

std::string studies_text(const Scan& scan) {
  const auto all = stack_facts(scan);
  std::string text, study, series;
  for (const Row& row : rows_of(scan, all)) {
    const dicom::Stack& stack = scan.stacks[row.first->stack];
    if (text.empty() || stack.study_uid != study) {
      text += fmt::format("{}study {}\n", text.empty() ? "" : "\n", printable(stack.study_uid));
      text += fmt::format(kRow, "stack", "modality", "maker", "slices", "matrix", "spacing mm", "axes", "verdict");
      series.clear();
    }
    if (stack.series_uid != series) text += fmt::format("  series {}\n", printable(stack.series_uid));
    study = stack.study_uid;
    series = stack.series_uid;
    text += row_text(scan, row);
    for (const Counted& finding : findings_of(row)) text += finding_text(finding, row.stacks.size());
  }
  return text;
}

/// Files that share a fate and its reason, gravest first.
using Groups = std::map<std::pair<int, Code>, std::vector<const InputRecord*>>;

Groups groups_of(const Scan& scan) {
  constexpr std::array kGravity = {3, 2, 0, 1};  // used, excluded, quarantined, rejected
  Groups groups;
  for (const InputRecord& input : scan.inputs) {
    if (!input.reason) continue;
    groups[{kGravity[static_cast<std::size_t>(input.disposition)], *input.reason}].push_back(&input);
  }
  return groups;
}

std::map<Note, std::size_t> count_notes(const Scan& scan) {
  std::map<Note, std::size_t> counts;
  for (const InputRecord& input : scan.inputs) {
    for (const Note note : input.notes) ++counts[note];
  }
  return counts;
}

std::string files_text(const Scan& scan, bool with_files) {
  std::string text = fmt::format("{} files", scan.inputs.size());
  for (const auto& [disposition, count] : count_inputs(scan).by_disposition) {
    text += fmt::format(", {} {}", count, disposition == "used" ? "usable" : disposition);
  }
  text += '\n';
  const Groups groups = groups_of(scan);
  if (!groups.empty()) text += "\nfiles that are in no volume\n";
  for (const auto& [key, inputs] : groups) {
    const CodeInfo& row = info(key.second);
    text += fmt::format("  {:>7}  {:<11}  {}\n", inputs.size(), name(inputs.front()->disposition), row.name);
    text += wrapped(11, advice(row));
    for (const InputRecord* input : inputs) {
      if (with_files) text += fmt::format("{:13}{}\n", "", printable(input->path.string()));
    }
  }
  const auto notes = count_notes(scan);
  if (!notes.empty()) text += "\nread in spite of the standard\n";
  for (const auto& [note, count] : notes) {
    text += fmt::format("  {:>7}  {}\n", count, name(note));
    text += wrapped(11, all_notes()[static_cast<std::size_t>(note)].meaning);
  }
  return text;
}

/// As stack_json, and what each finding means for a person.
Json series_json(const Scan& scan, const StackFacts& facts) {
  Json json = stack_json(scan, facts, std::nullopt);
  for (std::size_t f = 0; f < facts.findings.size(); ++f) {
    json["findings"][f]["meaning"] = info(facts.findings[f].code).meaning;
    json["findings"][f]["remedy"] = info(facts.findings[f].code).remedy;
  }
  return json;
}

Json group_json(const std::vector<const InputRecord*>& inputs, bool with_files) {
  const CodeInfo& row = info(*inputs.front()->reason);
  Json json = {{"disposition", name(inputs.front()->disposition)},
               {"reason", row.name},
               {"files", inputs.size()},
               {"meaning", row.meaning},
               {"remedy", row.remedy}};
  for (const InputRecord* input : inputs) {
    if (with_files) json["paths"].push_back(valid_utf8(input->path.string()));
  }
  return json;
}

}  // namespace

std::string inspect_text(const Scan& scan, bool with_files) {
  const std::string studies = studies_text(scan);
  return studies + (studies.empty() ? "" : "\n") + files_text(scan, with_files);
}

Json inspect_json(const Scan& scan, bool with_files) {
  Json series = Json::array(), others = Json::array(), notes = Json::object();
  for (const StackFacts& facts : stack_facts(scan)) series.push_back(series_json(scan, facts));
  for (const auto& [key, inputs] : groups_of(scan)) others.push_back(group_json(inputs, with_files));
  for (const auto& [note, count] : count_notes(scan)) notes[name(note)] = count;
  const InputCounts counts = count_inputs(scan);
  return {{"schema", "naru.inspect/1"},  {"files", scan.inputs.size()}, {"inputs", counts.by_disposition},
          {"reasons", counts.by_reason}, {"series", std::move(series)}, {"in_no_volume", std::move(others)},
          {"notes", std::move(notes)}};
}

}  // namespace naru::cli
