#include "pipeline/study_runner.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "dicom/pixels.h"
#include "kernels/buffer.h"
#include "kernels/orient.h"
#include "kernels/resample.h"
#include "kernels/statistics.h"
#include "pipeline/documents.h"
#include "pipeline/intensity_plan.h"
#include "pipeline/outputs/gzip.h"
#include "pipeline/outputs/layout.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// The way of a stack's voxels onto the grid of the dataset.
struct GridPlan {
  AxisMap orient;                  ///< of the whole map
  Grid grid;                       ///< of the result
  std::array<AxisSteps, 3> axes;   ///< from the permuted (not flipped) voxels: flips are negative steps
  Vec3 source_spacing_mm{};        ///< along the result's axes
};

GridPlan plan_grid(const Grid& source, const Recipe& recipe) {
  GridPlan plan;
  plan.orient = axis_map(source.patient_from_voxel, recipe.axes);
  const Grid oriented = reoriented(source, plan.orient);
  plan.source_spacing_mm = oriented.spacing_mm();
  const ResampledGrid result = resampled(oriented, recipe.spacing_mm.value_or(plan.source_spacing_mm));
  plan.grid = recipe.spacing_mm ? result.grid : oriented;
  for (int a = 0; a < 3; ++a) {
    AxisSteps steps = recipe.spacing_mm ? result.axes[a] : AxisSteps{oriented.size[a], 1, 0};
    if (plan.orient.flip[a]) {
      steps.first = static_cast<double>(oriented.size[a] - 1) - steps.first;
      steps.step = -steps.step;
    }
    plan.axes[a] = steps;
  }
  return plan;
}

/// A volume that is owned: memory and size together.
template <class T>
struct Owned {
  Buffer<T> buffer;
  Size3 size;
  VolumeView<T> view() { return {buffer.data(), size}; }
};

template <class T>
Owned<T> allocate(const Size3& size, Executor& executor) {
  return {Buffer<T>(static_cast<std::size_t>(size.voxel_count()), executor), size};
}

/// Reads all slices of the stack; on failure, which slice and why.
std::optional<CaseFailure> read_slices(const Scan& scan, const dicom::Stack& stack, std::span<std::uint16_t> voxels,
                                       Executor& executor, const CancelToken& cancel) {
  const std::size_t slice_voxels = static_cast<std::size_t>(stack.grid.size.x * stack.grid.size.y);
  std::vector<std::optional<Code>> problems(stack.instances.size());
  executor.parallel_for(static_cast<std::int64_t>(stack.instances.size()), 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) {
      cancel.throw_if_canceled();
      const auto slice = static_cast<std::size_t>(k);
      const std::size_t candidate = stack.instances[slice];
      problems[slice] =
          dicom::read_pixels(scan.inputs[scan.input_of_candidate[candidate]].path,
                             scan.candidates[candidate].instance, voxels.subspan(slice * slice_voxels, slice_voxels));
    }
  });
  const auto bad = std::ranges::find_if(problems, [](const auto& p) { return p.has_value(); });
  if (bad == problems.end()) return std::nullopt;
  return CaseFailure{**bad, static_cast<std::size_t>(bad - problems.begin())};
}

/// Permutes axes where the recipe's orientation needs it; flips are left to the resampling.
template <class T>
Owned<T> permuted(Owned<T> source, const AxisMap& map, Executor& executor) {
  if (!map.is_permutation()) return source;
  const AxisMap permutation{map.source_axis, {false, false, false}};
  const Size3& from = source.size;
  auto result = allocate<T>({from[map.source_axis[0]], from[map.source_axis[1]], from[map.source_axis[2]]}, executor);
  orient<T>(source.view(), result.view(), permutation, executor);
  executor.wait();  // `source` is freed now
  return result;
}

template <class In, class Out>
Owned<Out> resampled_as(Owned<In> source, const GridPlan& grid, const IntensityMap& map, Interpolator interpolator,
                        Executor& executor) {
  auto result = allocate<Out>(grid.grid.size, executor);
  resample<In, Out>(source.view(), result.view(), {grid.axes, interpolator, map}, executor);
  executor.wait();  // `source` is freed now
  return result;
}

template <class In, class Out>
Owned<Out> transformed(Owned<In> source, const GridPlan& grid, const IntensityPlan& intensity, const Recipe& recipe,
                       Executor& executor) {
  if (!intensity.clip_before) {
    return resampled_as<In, Out>(std::move(source), grid, intensity.map, recipe.interpolator, executor);
  }
  auto clipped = allocate<float>(source.size, executor);
  apply_intensity<In, float>(source.view(), clipped.view(), intensity.before, executor);
  executor.wait();
  source = {};
  return resampled_as<float, Out>(std::move(clipped), grid, intensity.map, recipe.interpolator, executor);
}

Json statistics_json(const Statistics& s) {
  return {{"voxels", s.count}, {"min", s.min}, {"max", s.max}, {"mean", s.mean}, {"std", s.deviation}};
}

template <class Out>
Statistics statistics_of(Owned<Out>& volume, Executor& executor) {
  if constexpr (std::is_same_v<Out, float>) {
    return statistics(VolumeView<const float>(volume.view()), executor);
  } else {
    return statistics(histogram<Out>(volume.view(), executor));
  }
}

Json grid_steps(const GridPlan& grid, const Recipe& recipe) {
  Json steps = Json::array();
  steps.push_back({{"op", "orient"},
                   {"axes", recipe.axes},
                   {"source_axis", grid.orient.source_axis},
                   {"flip", grid.orient.flip}});
  if (recipe.spacing_mm) {
    steps.push_back({{"op", "resample"},
                     {"convention", recipe.convention},
                     {"interpolator", recipe.interpolator == Interpolator::linear ? "linear" : "nearest"},
                     {"from_mm", grid.source_spacing_mm},
                     {"to_mm", *recipe.spacing_mm}});
  }
  return steps;
}

Json findings_json(const dicom::Stack& stack) {
  Json findings = Json::array();
  for (const Finding& finding : stack.findings) findings.push_back(to_json(finding));
  return findings;
}

Json rows_of(const Affine& affine) {
  Json rows = Json::array();
  for (const auto& row : affine.rows) rows.push_back(row);
  rows.push_back({0, 0, 0, 1});
  return rows;
}

struct Written {
  GridPlan grid;
  IntensityPlan intensity;
  Statistics statistics;
  FileFacts facts;
};

Json manifest_line(const CasePlan& plan, const dicom::Stack& stack, const Written& written, const Executor& executor) {
  const Size3& size = written.grid.grid.size;
  Json steps = written.intensity.steps_before;
  for (const Json& step : grid_steps(written.grid, plan.recipe)) steps.push_back(step);
  for (const Json& step : written.intensity.steps_after) steps.push_back(step);
  return {{"schema", "naru.manifest/1"},
          {"case", plan.case_id},
          {"patient", plan.patient},
          {"study", plan.study},
          {"series", plan.series},
          {"image", image_path(plan)},
          {"sha256", written.facts.sha256},
          {"size_bytes", written.facts.size_bytes},
          {"shape", {size.x, size.y, size.z}},
          {"spacing_mm", written.grid.grid.spacing_mm()},
          {"affine_ras", rows_of(affine_ras(written.grid.grid.patient_from_voxel))},
          {"dtype", name(written.intensity.dtype)},
          {"modality", plan.modality},
          {"body_part", or_null(plan.body_part)},
          {"manufacturer", or_null(plan.manufacturer)},
          {"recipe", plan.recipe.name},
          {"recipe_sha256", plan.recipe_sha256},
          {"steps", std::move(steps)},
          {"statistics", statistics_json(written.statistics)},
          {"findings", findings_json(stack)},
          {"split", or_null(plan.split)},
          {"labels", Json::array()},
          {"device", executor.description()}};
}

/// The part of a case whose types are settled.
template <class In, class Out>
CaseRecord finish_case(Owned<In> stored, Written written, const dicom::Stack& stack, const CasePlan& plan,
                       const std::filesystem::path& out, Executor& executor) {
  auto volume = transformed<In, Out>(std::move(stored), written.grid, written.intensity, plan.recipe, executor);
  written.statistics = statistics_of(volume, executor);
  volume.buffer = to_host(std::move(volume.buffer), executor);
  const EncodedVolume encoded{std::as_bytes(volume.buffer.host()), written.grid.grid, written.intensity.dtype};
  const auto path = out / image_path(plan);
  std::filesystem::create_directories(path.parent_path());
  written.facts = write_nifti(path, encoded, plan.recipe.compression, executor);
  CaseRecord record;
  record.preview = make_preview(encoded, written.statistics.min, written.statistics.max);
  record.manifest = manifest_line(plan, stack, written, executor);
  return record;
}

template <class In>
CaseOutcome run_typed(const Scan& scan, const CasePlan& plan, const std::filesystem::path& out, Executor& executor,
                      const CancelToken& cancel) {
  const dicom::Stack& stack = scan.stacks[plan.stack];
  auto host = Buffer<In>::on_host(static_cast<std::size_t>(stack.grid.size.voxel_count()), executor);
  // int16 and uint16 share their bytes; read_pixels fills either.
  const std::span<std::uint16_t> values(reinterpret_cast<std::uint16_t*>(host.data()), host.size());
  if (const auto failure = read_slices(scan, stack, values, executor, cancel)) return {std::nullopt, failure};
  cancel.throw_if_canceled();
  Owned<In> stored{to_executor(std::move(host), executor), stack.grid.size};
  const Histogram counts = needs_histogram(plan.recipe) ? histogram<In>(stored.view(), executor) : Histogram{};
  Written written{plan_grid(stack.grid, plan.recipe), plan_intensity(plan.recipe, stack, counts), {}, {}};
  stored = permuted(std::move(stored), written.grid.orient, executor);
  if (written.intensity.dtype == DType::int16) {
    return {finish_case<In, std::int16_t>(std::move(stored), std::move(written), stack, plan, out, executor), {}};
  }
  return {finish_case<In, float>(std::move(stored), std::move(written), stack, plan, out, executor), {}};
}

}  // namespace

std::uint64_t memory_needed_bytes(const dicom::Stack& stack, const CasePlan& plan, const Executor& executor) {
  const GridPlan grid = plan_grid(stack.grid, plan.recipe);
  const auto stored = static_cast<std::uint64_t>(stack.grid.size.voxel_count()) * 2;
  const auto result = static_cast<std::uint64_t>(grid.grid.size.voxel_count()) *
                      size_bytes(plan.recipe.dtype.value_or(DType::float32));
  const std::uint64_t clipped = plan.recipe.clip && plan.recipe.clip_when == ClipWhen::before ? 2 * stored : 0;
  const std::uint64_t copy = grid.orient.is_permutation() ? stored : 0;
  const std::uint64_t encoder = static_cast<std::uint64_t>(executor.thread_count()) * 8 * kGzipMemberBytes;
  // Never all at once: source and its copy, or source and clipped, or the last of them and the result.
  return std::max({stored + copy, stored + clipped, std::max(stored, clipped) + result}) + encoder;
}

CaseOutcome StudyRunner::run(const Scan& scan, const CasePlan& plan, const std::filesystem::path& out,
                             const CancelToken& cancel) {
  const dicom::Stack& stack = scan.stacks[plan.stack];
  const std::uint64_t needed = memory_needed_bytes(stack, plan, executor_);
  const Size3 size = plan_grid(stack.grid, plan.recipe).grid.size;
  const bool fits_format = std::max({size.x, size.y, size.z}) <= kMaxNiftiSize;
  if (needed > memory_limit_bytes_ || !fits_format) return {std::nullopt, CaseFailure{Code::too_large, std::nullopt}};
  CaseOutcome outcome = stack.dtype == DType::uint16
                            ? run_typed<std::uint16_t>(scan, plan, out, executor_, cancel)
                            : run_typed<std::int16_t>(scan, plan, out, executor_, cancel);
  if (outcome.record) outcome.record->memory_bytes = needed;
  return outcome;
}

}  // namespace naru
