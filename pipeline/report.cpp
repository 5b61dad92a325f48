#include "pipeline/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pipeline/documents.h"
#include "pipeline/files.h"
#include "pipeline/input_lines.h"
#include "pipeline/series.h"
#include "pipeline/version.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

std::map<std::size_t, std::string> case_of_stack(std::span<const ReportCase> cases) {
  std::map<std::size_t, std::string> result;
  for (const ReportCase& c : cases) {
    for (const std::size_t stack : c.plan->stacks) result[stack] = c.plan->case_id;
  }
  return result;
}

std::optional<std::string> find(const std::map<std::size_t, std::string>& cases, std::optional<std::size_t> stack) {
  if (!stack) return std::nullopt;
  const auto found = cases.find(*stack);
  return found == cases.end() ? std::nullopt : std::optional(found->second);
}

/// The case of each input: that of its first used plane.
std::vector<std::optional<std::string>> case_of_input(const Scan& scan,
                                                      const std::map<std::size_t, std::string>& cases) {
  std::vector<std::optional<std::string>> result(scan.inputs.size());
  for (std::size_t c = 0; c < scan.candidates.size(); ++c) {
    auto& case_id = result[scan.input_of_candidate[c]];
    const dicom::Placement& placement = scan.placements[c];
    if (!case_id && placement.disposition == Disposition::used) case_id = find(cases, placement.stack);
  }
  return result;
}

Json input_json(const InputRecord& input, const std::optional<std::string>& case_id) {
  Json json = input_line(input);
  json["case"] = or_null(case_id);
  if (is_partly_used(input)) {
    for (std::size_t d = 0; d < input.planes.size(); ++d) {
      if (input.planes[d].count > 0) json["planes"][name(static_cast<Disposition>(d))] = input.planes[d].count;
    }
  }
  add_notes(json, input);
  return json;
}

/// Pseudonym and source of every case, one JSON object a line: what an authorised person needs to go back.
std::string link_table(const Scan& scan, std::span<const ReportCase> cases) {
  std::string text;
  for (const ReportCase& c : cases) {
    const dicom::Stack& stack = scan.stacks[c.plan->stacks.front()];
    const dicom::Instance& first = scan.candidates[stack.instances.front()].instance;
    text += json_line({{"schema", "naru.link/1"},
                       {"case", c.plan->case_id},
                       {"patient", c.plan->patient},
                       {"study", c.plan->study},
                       {"series", c.plan->series},
                       {"patient_id", first.patient_id},
                       {"issuer_of_patient_id", first.issuer_of_patient_id},
                       {"study_uid", stack.study_uid},
                       {"series_uid", stack.series_uid},
                       {"stack", stack.index}});
  }
  return text;
}

/// What was done to how many cases.
Json counts_by_action(std::span<const ReportCase> cases) {
  const auto count = [&](auto&& is_done) {
    return std::ranges::count_if(cases, [&](const ReportCase& one) { return is_done(*one.plan); });
  };
  const auto is_blanked = [](const CasePlan& plan) {
    return std::ranges::any_of(plan.text_boxes, [](const auto& boxes) { return !boxes.empty(); });
  };
  return {{"prepare", cases.size()},
          {"blank_text", count(is_blanked)},
          {"remove_face", count([](const CasePlan& plan) { return plan.face != nullptr; })}};
}

}  // namespace

Json record_json(const Scan& scan, std::span<const ReportCase> cases, const ReportFacts& facts) {
  std::map<std::string, std::string> recipes;  // by hash: without --recipe CT and MR have one each
  for (const ReportCase& one : cases) recipes.emplace(one.plan->policy_sha256, one.plan->recipe.name);
  Json policies = Json::array();
  for (const auto& [sha256, recipe] : recipes) policies.push_back({{"recipe", recipe}, {"policy_sha256", sha256}});
  Json json = {{"schema", "naru.record/1"}};
  json.update(to_json(facts.record));
  json.update({{"project", facts.project},
               {"key_id", facts.key_id},
               {"tool_version", kVersion},
               {"policies", std::move(policies)},
               // No element of a header is taken over, so that no table of them was asked.
               {"attribute_rules_sha256", nullptr},
               {"private_rules_sha256", nullptr},
               {"cases", cases.size()},
               {"inputs", count_inputs(scan).by_disposition},
               {"counts_by_action", counts_by_action(cases)},
               {"residual_check", cases.empty() ? "nothing_delivered" : "passed"},
               {"residual_check_held", 0},  // a hit ends the whole job
               {"held_for_review", facts.held.size()}});
  if (!facts.decisions.all.empty()) json["review"] = review_json(facts.decisions);
  return json;
}

std::set<std::string> published_policies(const std::filesystem::path& report) {
  constexpr std::size_t kMaxRecordBytes = std::size_t{16} << 20;
  const auto text = read_file(report / "record.json", kMaxRecordBytes);
  const Json record = Json::parse(text.value_or(""), nullptr, false);
  std::set<std::string> policies;
  if (!record.is_object()) return policies;
  for (const Json& one : record.value("policies", Json::array())) {
    if (one.is_object()) policies.insert(one.value("policy_sha256", ""));
  }
  return policies;
}

InputCounts count_inputs(const Scan& scan) {
  InputCounts counts;
  for (const InputRecord& input : scan.inputs) {
    ++counts.by_disposition[std::string(name(input.disposition))];
    if (input.reason) ++counts.by_reason[std::string(name(*input.reason))];
    for (const Disposition bad : {Disposition::rejected, Disposition::quarantined}) {
      if (input.disposition == bad || input.planes[static_cast<std::size_t>(bad)].count > 0) counts.has_rejects = true;
    }
  }
  return counts;
}

void write_report(const std::filesystem::path& folder, const Scan& scan, std::span<const ReportCase> cases,
                  const ProjectKey& key, const ReportFacts& facts) {
  const auto case_ids = case_of_stack(cases);
  std::string inputs;
  const auto case_of = case_of_input(scan, case_ids);
  for (std::size_t i = 0; i < scan.inputs.size(); ++i) inputs += json_line(input_json(scan.inputs[i], case_of[i]));
  write_file(folder / "inputs.jsonl", inputs);
  std::string series;
  for (const StackFacts& found : stack_facts(scan)) {
    Json json = stack_json(scan, found, find(case_ids, found.stack));
    add_slices(json, scan, found);
    series += json_line(json);
  }
  write_file(folder / "series.jsonl", series);
  write_file(folder / "record.json", record_json(scan, cases, facts).dump(2) + "\n");
  if (!cases.empty()) {
    const auto sealed = key.seal(link_table(scan, cases));
    write_file(folder / "link.sealed", {reinterpret_cast<const char*>(sealed.data()), sealed.size()});
  }
  write_report_html(folder / "report.html", scan, cases, facts);
}

}  // namespace naru
