#include "pipeline/series.h"

#include <fmt/format.h>

#include "core/log.h"
#include "core/text.h"
#include "pipeline/allow_list.h"
#include "pipeline/documents.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

Json slice_json(const Scan& scan, std::size_t candidate) {
  const dicom::Instance& instance = scan.candidates[candidate].instance;
  Json json = {{"sop_instance_uid", instance.sop_instance_uid},
               {"frame", instance.frame},
               {"path", valid_utf8(scan.inputs[scan.input_of_candidate[candidate]].path.string())}};
  if (instance.source == dicom::PlaneSource::mosaic) json["tile"] = {instance.tile_i, instance.tile_j};
  const dicom::Placement& placement = scan.placements[candidate];
  if (placement.disposition != Disposition::used) {
    json["disposition"] = name(placement.disposition);
    json["reason"] = placement.reason ? Json(name(*placement.reason)) : Json(nullptr);
  }
  return json;
}

Json sequence_json(const dicom::StackSequence& sequence, std::size_t index) {
  Json json = {{"axis", sequence.axis},
               {"unit", sequence.unit},
               {"index", index},
               {"count", sequence.stacks.size()},
               {"value", sequence.values.at(index)}};
  if (!sequence.gradient_directions.empty()) json["gradient_direction"] = sequence.gradient_directions.at(index);
  return json;
}

/// A sound stack that the recipe does not take, or that is held for people to decide, becomes no case.
void judge(const Scan& scan, StackFacts& facts) {
  const dicom::Stack& stack = scan.stacks[facts.stack];
  facts.verdict = stack.verdict;
  facts.findings = stack.findings;
  if (stack.verdict == Verdict::reject || stack.instances.empty()) return;
  const dicom::Placement& placement = scan.placements[stack.instances.front()];
  if (placement.disposition == Disposition::used || !placement.reason) return;
  const bool is_held = placement.disposition == Disposition::quarantined;
  facts.verdict = Verdict::reject;
  facts.findings.push_back({*placement.reason,
                            {{"slices", static_cast<double>(stack.instances.size())}},
                            is_held ? "held for review" : "excluded"});
}

}  // namespace

std::vector<StackFacts> stack_facts(const Scan& scan) {
  std::vector<StackFacts> all(scan.stacks.size());
  std::vector<bool> is_usable(scan.candidates.size(), false);
  for (std::size_t s = 0; s < all.size(); ++s) {
    all[s].stack = s;
    for (const std::size_t candidate : scan.stacks[s].instances) is_usable[candidate] = true;
  }
  for (std::size_t c = 0; c < scan.candidates.size(); ++c) {
    const auto stack = scan.placements[c].stack;
    if (stack && !is_usable[c]) all[*stack].lost.push_back(c);
  }
  for (StackFacts& facts : all) {
    judge(scan, facts);
    const auto& usable = scan.stacks[facts.stack].instances;
    facts.slice_count = usable.size() + facts.lost.size();
    if (facts.slice_count == 0) continue;
    facts.first_slice = usable.empty() ? facts.lost.front() : usable.front();
    const dicom::Instance& first = scan.candidates[*facts.first_slice].instance;
    facts.modality = first.modality;
    facts.manufacturer = public_manufacturer(first.manufacturer);
  }
  for (std::size_t s = 0; s < scan.sequences.size(); ++s) {
    const auto& stacks = scan.sequences[s].stacks;
    for (std::size_t index = 0; index < stacks.size(); ++index) all[stacks[index]].sequence = SequencePlace{s, index};
  }
  return all;
}

void log_stacks(const Scan& scan) {
  log::detail("{} input files hold {} images, which form {} stacks", scan.inputs.size(), scan.candidates.size(),
              scan.stacks.size());
  for (const StackFacts& facts : stack_facts(scan)) {
    std::string codes;
    for (const Finding& finding : facts.findings) codes += fmt::format(" {}", name(finding.code));
    log::detail("stack {}: {} slices: {}{}{}", facts.stack + 1, facts.slice_count, Public{name(facts.verdict)},
                Public{codes.empty() ? "" : ":"}, Public{codes});
  }
}

Json stack_json(const Scan& scan, const StackFacts& facts, const std::optional<std::string>& case_id) {
  const dicom::Stack& stack = scan.stacks[facts.stack];
  Json findings = Json::array();
  for (const Finding& finding : facts.findings) findings.push_back(to_json(finding));
  Json json = {{"schema", "naru.series/1"},        {"study_uid", stack.study_uid},
               {"series_uid", stack.series_uid},   {"stack", stack.index},
               {"modality", facts.modality},       {"manufacturer", or_null(facts.manufacturer)},
               {"slice_count", facts.slice_count}, {"verdict", name(facts.verdict)},
               {"findings", std::move(findings)},  {"case", or_null(case_id)}};
  if (stack.verdict != Verdict::reject) {
    json["shape"] = {stack.grid.size.x, stack.grid.size.y, stack.grid.size.z};
    json["spacing_mm"] = stack.grid.spacing_mm();
    json["axes"] = axis_codes(stack.grid.patient_from_voxel);
    if (!stack.units.empty()) json["units"] = stack.units;
  }
  if (facts.sequence) {
    json["sequence"] = sequence_json(scan.sequences[facts.sequence->sequence], facts.sequence->index);
  }
  return json;
}

void add_slices(Json& json, const Scan& scan, const StackFacts& facts) {
  const dicom::Stack& stack = scan.stacks[facts.stack];
  Json slices = Json::array(), lost = Json::array();
  std::int64_t next_k = 0;
  for (std::size_t n = 0; n < stack.instances.size(); ++n) {
    const std::int64_t k = stack.k_of_instance.empty() ? static_cast<std::int64_t>(n) : stack.k_of_instance[n];
    for (const std::int64_t before = next_k - 1; next_k < k; ++next_k) {
      slices.push_back({{"k", next_k}, {"interpolated_from", {before, k}}});
    }
    Json slice = {{"k", k}};
    slice.update(slice_json(scan, stack.instances[n]));
    slices.push_back(std::move(slice));
    next_k = k + 1;
  }
  for (const std::size_t candidate : facts.lost) lost.push_back(slice_json(scan, candidate));
  json["slices"] = std::move(slices);
  if (!lost.empty()) json["lost_slices"] = std::move(lost);
}

}  // namespace naru
