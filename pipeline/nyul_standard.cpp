#include "pipeline/nyul_standard.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "core/digest.h"
#include "pipeline/recipe_rules.h"

namespace naru {

namespace {

bool teaches(const CasePlan& plan) { return !plan.split || *plan.split == "train"; }

NyulLandmarks learned_standard(Scan& scan, const std::vector<CasePlan>& plans, StudyRunner& runner,
                               const CancelToken& cancel, const OnProgress& on_progress) {
  std::vector<NyulLandmarks> landmarks;
  const auto teachers = static_cast<std::size_t>(std::ranges::count_if(plans, teaches));
  Progress progress{"learning landmarks", 0, teachers, "cases", 0};
  for (const CasePlan& plan : plans) {
    if (!teaches(plan)) continue;
    cancel.throw_if_canceled();
    CaseLandmarks found = runner.landmarks(scan, plan, cancel);
    for (auto& [input, sha256] : found.hashes) scan.inputs[input].sha256 = std::move(sha256);
    if (found.landmarks) landmarks.push_back(*found.landmarks);
    ++progress.done;
    on_progress(progress);
  }
  const auto standard = nyul_standard(landmarks);
  if (standard) return *standard;
  refuse(plans.front().recipe, "intensity.normalize",
         "[intensity] normalize = \"nyul\": no case to learn the standard scale from has any contrast; give the "
         "scale as nyul_landmarks, or a split that has cases to train on");
}

}  // namespace

void give_nyul_standard(Scan& scan, std::vector<CasePlan>& plans, StudyRunner& runner, const CancelToken& cancel,
                        const OnProgress& on_progress) {
  if (plans.empty() || plans.front().recipe.normalize != Normalize::nyul) return;
  const auto& given = plans.front().recipe.nyul_landmarks;
  const NyulLandmarks standard = given ? *given : learned_standard(scan, plans, runner, cancel, on_progress);
  for (CasePlan& plan : plans) {
    plan.nyul_standard = standard;
    plan.fingerprint += nlohmann::json(standard).dump();
    plan.fingerprint = sha256_hex(plan.fingerprint);
  }
}

}  // namespace naru
