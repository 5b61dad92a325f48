#include "pipeline/case_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "core/digest.h"
#include "pipeline/allow_list.h"
#include "pipeline/deid_dataset.h"
#include "pipeline/documents.h"
#include "pipeline/outputs/layout.h"
#include "pipeline/patient_issuers.h"
#include "pipeline/pixels/case_text.h"
#include "pipeline/pixels/text_detector.h"
#include "pipeline/program_build.h"

namespace naru {

namespace {

/// Stacks that make one case.
struct Group {
  std::vector<std::size_t> stacks;
  const dicom::StackSequence* sequence = nullptr;
};

void mark_stack(Scan& scan, std::size_t stack, Disposition disposition, Code reason) {
  for (const std::size_t candidate : scan.stacks[stack].instances) mark_plane(scan, candidate, disposition, reason);
}

/// A recipe's name of a body part is compared with the public one, so that recipes cannot probe free text.
bool is_selected(const Recipe& recipe, const dicom::Stack& stack, const dicom::Instance& first) {
  const auto contains = [](const std::vector<std::string>& list, std::string_view value) {
    return list.empty() || std::ranges::find(list, value) != list.end();
  };
  return contains(recipe.modality, first.modality) && contains(recipe.classes, name(first.image_class)) &&
         contains(recipe.body_part, public_body_part(first.body_part).value_or("")) &&
         static_cast<std::int64_t>(stack.instances.size()) >= recipe.min_slices;
}

/// Identifiers are joined with a character that no UID or id holds, so that ("1.2", "3") and ("1", "2.3") differ.
std::string joined(std::string_view a, std::string_view b) { return std::string(a) + '\n' + std::string(b); }

std::string patient_identifier(const dicom::Instance& instance) {
  if (instance.patient_id.empty()) return joined("study", instance.study_uid);
  return joined("id", joined(instance.patient_id, instance.issuer_of_patient_id));
}

/// As a de-identification joins them: one patient's studies must not fall into two splits.
void join_patients(Scan& scan) {
  PatientIssuers issuers;
  for (const dicom::Candidate& candidate : scan.candidates) {
    const dicom::Instance& plane = candidate.instance;
    issuers.add(plane.study_uid, plane.patient_id, plane.issuer_of_patient_id);
  }
  for (dicom::Candidate& candidate : scan.candidates) {
    dicom::Instance& plane = candidate.instance;
    issuers.complete(plane.study_uid, plane.patient_id, plane.issuer_of_patient_id);
  }
}

std::optional<std::string_view> split_of(const Recipe& recipe, const ProjectKey& key, std::string_view patient) {
  if (!recipe.split) return std::nullopt;
  const double fraction = key.fraction("split", patient);
  if (fraction < recipe.split->train) return "train";
  if (fraction < recipe.split->train + recipe.split->val) return "val";
  return "test";
}

std::string fingerprint_of(const Scan& scan, const CasePlan& plan, const ProjectKey& key, std::string_view device) {
  std::string text = joined(joined(plan.policy_sha256, key.id()), joined(program_build(), device));
  text += joined("", joined(image_path(plan), plan.patient));  // other files may join patients
  if (plan.recipe.looks_for_text()) {
    text += joined("", joined(TextDetector::built_in().weights_sha256(), TextReader::built_in().name()));
  }
  for (const std::size_t index : plan.stacks) {
    const dicom::Stack& stack = scan.stacks[index];
    for (const Finding& finding : stack.findings) text += to_json(finding).dump();  // other files may change them
    for (const std::size_t candidate : stack.instances) {
      const dicom::Instance& instance = scan.candidates[candidate].instance;
      text += fmt::format("\n{} {} {}", scan.inputs[scan.input_of_candidate[candidate]].identity,
                          instance.sop_instance_uid, instance.plane);
    }
  }
  return sha256_hex(text);
}

CasePlan make_plan(const Scan& scan, const Group& group, const Recipe& recipe, const ProjectKey& key,
                   std::string_view device) {
  const dicom::Stack& stack = scan.stacks[group.stacks.front()];
  const dicom::Instance& first = scan.candidates[stack.instances.front()].instance;
  CasePlan plan;
  plan.stacks = group.stacks;
  if (group.sequence != nullptr) plan.sequence = *group.sequence;
  plan.patient = key.pseudonym("patient", patient_identifier(first));
  plan.study = key.pseudonym("study", first.study_uid);
  plan.series = key.pseudonym("series", first.series_uid);
  plan.case_id = key.pseudonym("case", joined(joined(first.study_uid, first.series_uid), std::to_string(stack.index)));
  plan.modality = first.modality;
  plan.body_part = public_body_part(first.body_part);
  plan.manufacturer = public_manufacturer(first.manufacturer);
  plan.recipe = deliverable(recipe);
  plan.recipe_sha256 = recipe_sha256(plan.recipe);
  plan.words_withheld = recipe.keep_words.size() + recipe.remove_words.size();
  plan.policy_sha256 = recipe_sha256(recipe);
  plan.split = split_of(recipe, key, plan.patient);
  plan.fingerprint = fingerprint_of(scan, plan, key, device);
  return plan;
}

/// True where a slice says that text is burned in, and no rule for its own device blanks it.
bool has_burned_in_annotation(const Scan& scan, const Group& group, const Recipe& recipe) {
  return std::ranges::any_of(group.stacks, [&](std::size_t stack) {
    return std::ranges::any_of(scan.stacks[stack].instances, [&](std::size_t c) {
      const dicom::Instance& slice = scan.candidates[c].instance;
      return slice.burned_in_annotation && regions_of(recipe, slice).empty();
    });
  });
}

/// The stacks that can be taken: those of a sequence together if wanted so, every other by itself.
std::vector<Group> groups_of(const Scan& scan, bool keeps_sequences) {
  std::vector<Group> groups;
  std::vector<bool> is_grouped(scan.stacks.size());
  for (const dicom::StackSequence& sequence : scan.sequences) {
    if (!keeps_sequences) break;
    groups.push_back({sequence.stacks, &sequence});
    for (const std::size_t stack : sequence.stacks) is_grouped[stack] = true;
  }
  for (std::size_t index = 0; index < scan.stacks.size(); ++index) {
    const dicom::Stack& stack = scan.stacks[index];
    if (is_grouped[index] || stack.verdict == Verdict::reject || stack.instances.empty()) continue;
    groups.push_back({{index}, nullptr});
  }
  return groups;
}

/// Calls `take(group, recipe)` for the stacks that are taken, and marks the others.
template <class Take>
void for_each_taken(Scan& scan, const std::optional<Recipe>& wanted, const std::set<std::string, std::less<>>& released,
                    Take take) {
  std::map<std::string, Recipe, std::less<>> defaults;
  for (const Group& group : groups_of(scan, !wanted || !wanted->takes_volumes_only())) {
    const dicom::Stack& stack = scan.stacks[group.stacks.front()];
    const dicom::Instance& first = scan.candidates[stack.instances.front()].instance;
    const std::string name(default_recipe_name(first.modality));
    if (!wanted && !defaults.contains(name)) defaults.emplace(name, load_recipe(name));
    const Recipe& recipe = wanted ? *wanted : defaults.at(name);
    const auto mark = [&](Disposition disposition, Code reason) {
      for (const std::size_t index : group.stacks) mark_stack(scan, index, disposition, reason);
    };
    if (!is_selected(recipe, stack, first)) {
      mark(Disposition::excluded, Code::not_selected);
    } else if (has_burned_in_annotation(scan, group, recipe) && !released.contains(stack.series_uid)) {
      mark(Disposition::quarantined, Code::text_suspected);
    } else {
      take(group, recipe);
    }
  }
}

}  // namespace

void mark_untaken(Scan& scan, const std::optional<Recipe>& recipe, const std::set<std::string, std::less<>>& released) {
  for_each_taken(scan, recipe, released, [](const Group&, const Recipe&) {});
}

std::vector<CasePlan> plan_cases(Scan& scan, const ProjectKey& key, const PlanOptions& options) {
  join_patients(scan);
  std::vector<CasePlan> plans;
  for_each_taken(scan, options.recipe, options.released, [&](const Group& group, const Recipe& recipe) {
    plans.push_back(make_plan(scan, group, recipe, key, options.device));
  });
  std::ranges::sort(plans, {}, &CasePlan::case_id);
  return plans;
}

}  // namespace naru
