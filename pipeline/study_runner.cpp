#include "pipeline/study_runner.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/log.h"
#include "core/units.h"
#include "pipeline/case_budget.h"
#include "pipeline/case_run.h"
#include "pipeline/crop.h"
#include "pipeline/fallback.h"

namespace naru {

namespace {

bool is_blanked(const CasePlan& plan) {
  return plan.face || !std::ranges::all_of(plan.text_boxes, [](const auto& boxes) { return boxes.empty(); });
}

/// Calls `use(case_run)` with the case's stored type settled.
template <class Use>
auto with_run(const CaseParts& parts, const CaseBudget& budget, Executor& executor, const Use& use) {
  const auto with = [&]<class In>(In) {
    CaseRun<In> run(parts, budget, executor);
    return use(run);
  };
  const DType dtype = parts.scan.stacks[parts.plan.stacks.front()].dtype;
  if (dtype == DType::float32 || parts.plan.recipe.restores()) return with(float{});
  return dtype == DType::uint16 ? with(std::uint16_t{}) : with(std::int16_t{});
}

/// Empty where the case has no place in a file or in memory.
std::optional<CaseBudget> budget_of(const CaseParts& parts, const Executor& executor, std::uint64_t limit_bytes) {
  const Size3& size = parts.grid.grid.size;
  const auto volumes = static_cast<std::int64_t>(parts.plan.stacks.size());
  // Sizes that fit the format cannot overflow the sum of bytes, so the format is asked first.
  if (std::max({size.x, size.y, size.z, volumes}) > kMaxNiftiSize) return std::nullopt;
  return plan_budget(parts.scan, parts.plan, parts.grid, executor, limit_bytes);
}

void say_what_is_next(const CasePlan& plan, const CaseBudget& planned, const Attempt& next, ErrorCode reason) {
  if (reason == ErrorCode::device_unavailable) {
    log::warning("{}: the device failed: made on the CPU", Public{plan.case_id});
  } else if (next.on_cpu) {
    log::info("{}: the device has too little memory: made on the CPU", Public{plan.case_id});
  } else if (next.slab_slices == planned.slab_slices) {
    log::info("{}: the device has too little memory: made volume by volume", Public{plan.case_id});
  } else {
    log::info("{}: the device has too little memory: made in slabs of {} slices", Public{plan.case_id},
              next.slab_slices);
  }
}

/// What `work(budget, executor)` returns. Where a device has too little memory it is done volume by volume there, then
/// slab by slab, in the end, and where the device fails, on the CPU.
template <class Work>
auto on_executor(const CaseParts& parts, const CaseBudget& planned, Executor& executor, const Work& work) {
  if (!executor.is_cuda()) return work(planned, executor);
  const bool is_together = parts.plan.stacks.size() > 1 && (planned.keeps_sources || planned.volumes_together > 1);
  const auto make = [&](const Attempt& attempt) {
    if (attempt.on_cpu) {
      Executor cpu = Executor::cpu(executor.thread_count());
      return work(planned, cpu);
    }
    if (attempt.slab_slices < planned.slab_slices) {
      return work(CaseBudget{attempt.slab_slices, false, false, false, planned.memory_bytes}, executor);
    }
    return work(attempt.is_together == is_together ? planned : one_by_one(planned), executor);
  };
  return with_fallback(
      Attempt{planned.slab_slices, is_together}, can_be_slabbed(parts.plan, parts.grid), make,
      [&](const Attempt& next, ErrorCode reason) { say_what_is_next(parts.plan, planned, next, reason); });
}

/// What `use(case_run)` returns, within the memory that there is. Empty where the case has no place.
template <class Use>
auto within_memory(const CaseParts& parts, Executor& executor, MemoryBudget& memory, const Use& use)
    -> std::optional<decltype(use(std::declval<CaseRun<float>&>()))> {
  const auto budget = budget_of(parts, executor, memory.limit_bytes());
  if (!budget) return std::nullopt;
  const MemoryBudget::Share share(memory, budget->memory_bytes);
  parts.cancel.throw_if_canceled();
  return on_executor(parts, *budget, executor,
                     [&](const CaseBudget& within, Executor& there) { return with_run(parts, within, there, use); });
}

/// The grid of the result, cropped to the foreground of `plan`'s voxels where the recipe asks for that.
struct CroppedGrid {
  GridPlan grid;
  nlohmann::ordered_json step;  ///< what the manifest says of it, or null
};

CroppedGrid crop_case(const CaseParts& parts, Executor& executor, MemoryBudget& memory) {
  const CasePlan& plan = parts.plan;
  const auto threshold = crop_threshold(plan.recipe, plan.modality);
  const auto box = within_memory(parts, executor, memory, [&](auto& run) { return run.foreground(threshold); });
  if (!box || !*box) return {parts.grid, nullptr};
  const double margin_mm = plan.recipe.crop->margin_mm;
  GridPlan grid = cropped(parts.grid, **box, margin_mm);
  return {grid, crop_step(parts.grid, grid, margin_mm, threshold)};
}

CaseRecord make_case(const CaseParts& parts, const CaseBudget& budget, Executor& executor,
                     const nlohmann::ordered_json& crop) {
  CaseImage image = with_run(parts, budget, executor, [&](auto& run) { return run.run(crop); });
  CaseRecord record;
  record.manifest = std::move(image.manifest);
  record.preview = std::move(image.preview);
  record.memory_bytes = budget.memory_bytes;
  if (is_blanked(parts.plan)) {
    CaseRun<std::int16_t> marks(parts, budget, executor);
    record.manifest["redaction"] = marks.write_mask();
  }
  return record;
}

}  // namespace

CaseOutcome StudyRunner::run(const Scan& scan, const CasePlan& plan, const std::filesystem::path& out,
                             const CancelToken& cancel, InputHashes known) {
  const GridPlan whole = plan_grid(scan.stacks[plan.stacks.front()], plan.recipe);
  try {
    std::optional<BiasField> bias_field;
    CroppedGrid cut{whole, nullptr};
    if (plan.recipe.crop) cut = crop_case({scan, plan, whole, out, cancel, known, bias_field}, executor_, memory_);
    const CaseParts parts{scan, plan, cut.grid, out, cancel, known, bias_field};
    const auto budget = budget_of(parts, executor_, memory_.limit_bytes());
    if (!budget) return {std::nullopt, CaseFailure{Code::too_large, std::nullopt, plan.stacks.front()}, {}};
    log::detail("{}: up to {} of memory, {} slices at a time, on {}", Public{plan.case_id},
                Public{format_size_bytes(budget->memory_bytes)}, budget->slab_slices, Public{executor_.description()});
    const MemoryBudget::Share share(memory_, budget->memory_bytes);
    cancel.throw_if_canceled();
    CaseRecord record = on_executor(parts, *budget, executor_, [&](const CaseBudget& within, Executor& there) {
      return make_case(parts, within, there, cut.step);
    });
    return {std::move(record), std::nullopt, std::move(known)};
  } catch (const Failed& failed) {
    return {std::nullopt, failed.failure, std::move(known)};
  }
}

CaseLandmarks StudyRunner::landmarks(const Scan& scan, const CasePlan& plan, const CancelToken& cancel) {
  InputHashes hashes;
  const GridPlan grid = plan_grid(scan.stacks[plan.stacks.front()], plan.recipe);
  const std::filesystem::path nowhere;
  std::optional<BiasField> bias_field;
  try {
    const auto landmarks = within_memory({scan, plan, grid, nowhere, cancel, hashes, bias_field}, executor_, memory_,
                                         [](auto& run) { return run.landmarks(); });
    return {landmarks, std::move(hashes)};
  } catch (const Failed&) {
    return {std::nullopt, std::move(hashes)};
  }
}

}  // namespace naru
