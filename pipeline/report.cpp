#include "pipeline/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "pipeline/allow_list.h"
#include "pipeline/documents.h"
#include "pipeline/files.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

std::map<std::size_t, std::string> case_of_stack(std::span<const ReportCase> cases) {
  std::map<std::size_t, std::string> result;
  for (const ReportCase& c : cases) result[c.plan->stack] = c.plan->case_id;
  return result;
}

std::optional<std::string> find(const std::map<std::size_t, std::string>& cases, std::optional<std::size_t> stack) {
  if (!stack) return std::nullopt;
  const auto found = cases.find(*stack);
  return found == cases.end() ? std::nullopt : std::optional(found->second);
}

Json input_json(const InputRecord& input, const std::optional<std::string>& case_id) {
  return {{"schema", "naru.inputs/1"},
          {"path", input.path.string()},
          {"sha256", input.sha256.empty() ? Json(nullptr) : Json(input.sha256)},
          {"size_bytes", input.size_bytes},
          {"sop_instance_uid", input.sop_instance_uid.empty() ? Json(nullptr) : Json(input.sop_instance_uid)},
          {"disposition", name(input.disposition)},
          {"reason", input.reason ? Json(name(*input.reason)) : Json(nullptr)},
          {"case", input.disposition == Disposition::used ? or_null(case_id) : Json(nullptr)}};
}

/// Pseudonym and source of every case, one JSON object a line: what an authorised person needs to go back.
std::string link_table(const Scan& scan, std::span<const ReportCase> cases) {
  std::string text;
  for (const ReportCase& c : cases) {
    const dicom::Stack& stack = scan.stacks[c.plan->stack];
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

}  // namespace

InputCounts count_inputs(const Scan& scan) {
  InputCounts counts;
  for (const InputRecord& input : scan.inputs) {
    ++counts.by_disposition[std::string(name(input.disposition))];
    if (input.reason) ++counts.by_reason[std::string(name(*input.reason))];
  }
  return counts;
}

Json stack_json(const Scan& scan, std::size_t index, const std::optional<std::string>& case_id) {
  const dicom::Stack& stack = scan.stacks[index];
  const bool has_slices = !stack.instances.empty();
  const dicom::Instance first = has_slices ? scan.candidates[stack.instances.front()].instance : dicom::Instance{};
  Json findings = Json::array();
  for (const Finding& finding : stack.findings) findings.push_back(to_json(finding));
  Json json = {{"schema", "naru.series/1"},
               {"study_uid", stack.study_uid},
               {"series_uid", stack.series_uid},
               {"stack", stack.index},
               {"modality", first.modality},
               {"manufacturer", or_null(public_manufacturer(first.manufacturer))},
               {"slice_count", stack.instances.size()},
               {"verdict", name(stack.verdict)},
               {"findings", std::move(findings)},
               {"case", or_null(case_id)}};
  if (stack.verdict != Verdict::reject) {
    json["shape"] = {stack.grid.size.x, stack.grid.size.y, stack.grid.size.z};
    json["spacing_mm"] = stack.grid.spacing_mm();
    json["axes"] = axis_codes(stack.grid.patient_from_voxel);
  }
  return json;
}

void write_report(const std::filesystem::path& folder, const Scan& scan, std::span<const ReportCase> cases,
                  const ProjectKey& key, const ReportFacts& facts) {
  const auto case_ids = case_of_stack(cases);
  std::string inputs;
  for (const InputRecord& input : scan.inputs) inputs += json_line(input_json(input, find(case_ids, input.stack)));
  write_file(folder / "inputs.jsonl", inputs);
  std::string series;
  for (std::size_t s = 0; s < scan.stacks.size(); ++s) series += json_line(stack_json(scan, s, find(case_ids, s)));
  write_file(folder / "series.jsonl", series);
  if (!cases.empty()) {
    const auto sealed = key.seal(link_table(scan, cases));
    write_file(folder / "link.sealed", {reinterpret_cast<const char*>(sealed.data()), sealed.size()});
  }
  write_report_html(folder / "report.html", scan, cases, facts);
}

}  // namespace naru
