#include "pipeline/study_runner.h"

#include <algorithm>
#include <utility>

#include "kernels/buffer.h"
#include "kernels/orient.h"
#include "kernels/resample.h"
#include "kernels/statistics.h"
#include "pipeline/grid_plan.h"
#include "pipeline/intensity_plan.h"
#include "pipeline/manifest.h"
#include "pipeline/outputs/gzip.h"
#include "pipeline/outputs/layout.h"
#include "pipeline/slices.h"

namespace naru {

namespace {

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

template <class Out>
Statistics statistics_of(Owned<Out>& volume, Executor& executor) {
  if constexpr (std::is_same_v<Out, float>) {
    return statistics(VolumeView<const float>(volume.view()), executor);
  } else {
    return statistics(histogram<Out>(volume.view(), executor));
  }
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
  std::error_code failure;
  std::filesystem::create_directories(path.parent_path(), failure);
  if (failure) throw write_error(failure.value(), "a folder of the dataset");
  written.facts = write_nifti(path, encoded, plan.recipe.compression, executor);
  CaseRecord record;
  record.preview = make_preview(encoded, written.statistics.min, written.statistics.max);
  record.manifest = manifest_line(plan, stack, written, executor.description());
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

std::uint64_t memory_needed_bytes(const Scan& scan, const CasePlan& plan, const Executor& executor) {
  const dicom::Stack& stack = scan.stacks[plan.stack];
  const GridPlan grid = plan_grid(stack.grid, plan.recipe);
  const auto stored = static_cast<std::uint64_t>(stack.grid.size.voxel_count()) * 2;
  const auto result =
      static_cast<std::uint64_t>(grid.grid.size.voxel_count()) * size_bytes(plan.recipe.dtype.value_or(DType::float32));
  const std::uint64_t clipped = plan.recipe.clip && plan.recipe.clip_when == ClipWhen::before ? 2 * stored : 0;
  const std::uint64_t copy = grid.orient.is_permutation() ? stored : 0;
  const std::uint64_t encoder = static_cast<std::uint64_t>(executor.thread_count()) * kGzipBytesPerThread;
  // Never all at once: source and its copy, or source and clipped, or the last of them and the result.
  return std::max({stored + copy, stored + clipped, std::max(stored, clipped) + result,
                   stored + slice_buffer_bytes(scan, stack, executor.thread_count())}) +
         encoder;
}

CaseOutcome StudyRunner::run(const Scan& scan, const CasePlan& plan, const std::filesystem::path& out,
                             const CancelToken& cancel) {
  const dicom::Stack& stack = scan.stacks[plan.stack];
  const Size3 size = plan_grid(stack.grid, plan.recipe).grid.size;
  const bool fits_format = std::max({size.x, size.y, size.z}) <= kMaxNiftiSize;
  // Sizes that fit the format cannot overflow the sum of bytes, so the format is asked first.
  const std::uint64_t needed = fits_format ? memory_needed_bytes(scan, plan, executor_) : 0;
  if (needed > memory_limit_bytes_ || !fits_format) return {std::nullopt, CaseFailure{Code::too_large, std::nullopt}};
  CaseOutcome outcome = stack.dtype == DType::uint16 ? run_typed<std::uint16_t>(scan, plan, out, executor_, cancel)
                                                     : run_typed<std::int16_t>(scan, plan, out, executor_, cancel);
  if (outcome.record) outcome.record->memory_bytes = needed;
  return outcome;
}

}  // namespace naru
