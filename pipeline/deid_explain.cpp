#include "pipeline/deid_explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <utility>

#include "dicom/rules/private_rules.h"
#include "pipeline/deid_instance.h"
#include "pipeline/deid_plan.h"
#include "pipeline/deid_run.h"
#include "pipeline/inputs.h"
#include "pipeline/version.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;
using Found = std::map<std::string, std::size_t>;

/// "(0010,0010)"; digits that a range leaves open as x: "(60xx,3000)".
std::string tag_text(dicom::Tag tag, dicom::Tag mask) {
  std::string digits = fmt::format("{:08X}", tag);
  const std::string open = fmt::format("{:08X}", ~mask);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (open[i] != '0') digits[i] = 'x';
  }
  return fmt::format("({},{})", digits.substr(0, 4), digits.substr(4));
}

/// Counts of a preview by tag: "(0010,0010) Z" taken apart.
std::map<dicom::Tag, Found> found_by_tag(const dicom::DeidCounts& counts) {
  constexpr std::size_t kActionAt = 12;
  std::map<dicom::Tag, Found> result;
  for (const auto& [key, count] : counts.by_tag) {
    std::uint32_t group = 0, element = 0;
    if (key.size() < kActionAt) continue;
    std::from_chars(key.data() + 1, key.data() + 5, group, 16);
    std::from_chars(key.data() + 6, key.data() + 10, element, 16);
    result[group << 16 | element][key.substr(kActionAt)] += count;
  }
  return result;
}

/// Takes what stands at the tags of a rule.
Found taken(std::map<dicom::Tag, Found>& found, const dicom::ExplainedRule& rule) {
  Found result;
  for (auto row = found.lower_bound(rule.tag & rule.mask); row != found.end();) {
    const bool is_of_rule = (row->first & rule.mask) == (rule.tag & rule.mask);
    if (!is_of_rule && row->first > (rule.tag | ~rule.mask)) break;
    if (is_of_rule) {
      for (const auto& [action, count] : row->second) result[action] += count;
    }
    row = is_of_rule ? found.erase(row) : std::next(row);
  }
  return result;
}

Json row_json(const ExplainedRow& row, bool has_preview) {
  Json json = {{"tag", row.tag},
               {"name", row.name.empty() ? Json(nullptr) : Json(row.name)},
               {"action", row.action.empty() ? Json(nullptr) : Json(row.action)},
               {"cause", row.cause.empty() ? Json(nullptr) : Json(row.cause)}};
  if (!has_preview) return json;
  json["found"] = Json::array();
  for (const auto& [action, count] : row.found) json["found"].push_back({{"action", action}, {"count", count}});
  return json;
}

}  // namespace

DeidPreview preview_deid(std::span<const std::string> inputs, const Recipe& recipe, std::uint64_t memory_limit_bytes,
                         Executor& executor, std::istream& standard_input, const CancelToken& cancel,
                         const OnProgress& on_progress) {
  const dicom::DeidentifyPolicy policy = policy_of(recipe);
  const dicom::Deidentifier engine(policy, PseudonymKey(PseudonymKey::Bytes{}), std::string(kVersion));
  DeidScan scan = scan_for_deid(list_inputs(inputs, standard_input, {}), policy, executor, cancel, on_progress);
  plan_deid(scan, recipe, memory_limit_bytes, executor, cancel, on_progress);
  DeidPreview preview;
  std::mutex mutex;
  run_deid(scan, used_inputs(scan), engine, {}, {memory_limit_bytes}, executor, cancel, on_progress,
           [&](std::size_t input, const dicom::DeidResult& result) {
             const std::lock_guard lock(mutex);
             if (!result.reason && !instance_of(result)) hold_back(scan.files.inputs[input], Code::deid_incomplete);
             if (scan.files.inputs[input].disposition != Disposition::used) return;
             ++preview.instances;
             add_to(preview.counts, result.counts);
           });
  preview.inputs = count_inputs(scan.files);
  return preview;
}

std::vector<ExplainedRow> explain_rows(const Recipe& recipe, const DeidPreview* preview) {
  auto found = preview == nullptr ? std::map<dicom::Tag, Found>() : found_by_tag(preview->counts);
  std::vector<ExplainedRow> rows;
  // Exact rules first: what they name is not counted again by a range.
  auto rules = dicom::explain(policy_of(recipe));
  std::map<dicom::Tag, Found> of_rule;
  for (const bool is_range : {false, true}) {
    for (const dicom::ExplainedRule& rule : rules) {
      if ((rule.mask != 0xFFFFFFFF) == is_range) of_rule[rule.tag] = taken(found, rule);
    }
  }
  for (const dicom::ExplainedRule& rule : rules) {
    rows.push_back(
        {tag_text(rule.tag, rule.mask), std::string(rule.name), rule.action, rule.cause, std::move(of_rule[rule.tag])});
  }
  for (auto& [tag, of_tag] : found) rows.push_back({tag_text(tag, 0xFFFFFFFF), "", "", "", std::move(of_tag)});
  return rows;
}

Json explain_json(const Recipe& recipe, const DeidPreview* preview) {
  const dicom::DeidentifyPolicy policy = policy_of(recipe);
  Json rows = Json::array();
  for (const ExplainedRow& row : explain_rows(recipe, preview)) rows.push_back(row_json(row, preview != nullptr));
  Json json = {{"schema", "naru.explain/1"},
               {"recipe", recipe.name},
               {"policy_sha256", recipe_sha256(recipe)},
               {"options", recipe.options},
               {"weaker_than_profile", policy.is_weaker_than_profile()},
               {"method", dicom::method_texts(policy, kVersion)},
               {"attribute_rules_sha256", dicom::attribute_rules_sha256()},
               {"private_rules_sha256", dicom::private_rules_sha256()},
               {"rules", std::move(rows)}};
  if (preview == nullptr) return json;
  json["instances"] = preview->instances;
  json["inputs"] = preview->inputs.by_disposition;
  json["reasons"] = preview->inputs.by_reason;
  json["by_action"] = preview->counts.by_action;
  json["notes"] = preview->counts.notes;
  return json;
}

}  // namespace naru
