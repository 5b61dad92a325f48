#include "pipeline/case_run.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <future>
#include <memory>
#include <utility>

#include "core/trace.h"
#include "kernels/statistics.h"
#include "pipeline/outputs/layout.h"
#include "pipeline/read_ahead.h"
#include "pipeline/unit_bins.h"

namespace naru {

namespace {

/// The box around two.
VoxelBox joined(const VoxelBox& a, const VoxelBox& b) {
  VoxelBox all = a;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    all.first[axis] = std::min(a.first[axis], b.first[axis]);
    all.last[axis] = std::max(a.last[axis], b.last[axis]);
  }
  return all;
}

/// From the voxels of a slice to those of the straightened volume that hold any of them.
void move_upright(VoxelBox& box, const SliceShift& shift) {
  const std::array<double, 2> by{shift.i, shift.j};
  for (std::size_t axis = 0; axis < by.size(); ++axis) {
    box.first[axis] = static_cast<std::int64_t>(std::floor(static_cast<double>(box.first[axis]) - by[axis]));
    box.last[axis] = static_cast<std::int64_t>(std::ceil(static_cast<double>(box.last[axis]) - by[axis]));
  }
}

/// Null where the buffer stays where it is.
template <class T>
std::unique_ptr<Span> copy_span(std::string_view name, const Buffer<T>& buffer, const Executor& executor) {
  if (!executor.is_cuda()) return nullptr;
  return std::make_unique<Span>(Stage::copy, name, SpanFacts{{}, buffer.size() * sizeof(T)});
}

/// On the CPU: the result is there.
template <class Out>
Statistics statistics_of(std::span<const Out> voxels, Executor& reader) {
  const Span span(Stage::compute, "statistics");
  return statistics(VolumeView<const Out>{voxels.data(), {static_cast<std::int64_t>(voxels.size()), 1, 1}}, reader);
}

}  // namespace

template <class In>
CaseRun<In>::CaseRun(const CaseParts& parts, const CaseBudget& budget, Executor& executor)
    : parts_(parts),
      scan_(parts.scan),
      plan_(parts.plan),
      stack_(scan_.stacks[plan_.stacks.front()]),
      grid_(parts.grid),
      budget_(budget),
      out_(parts.out),
      executor_(executor),
      cancel_(parts.cancel),
      source_(scan_, plan_, executor, cancel_, parts.hashes, parts.bias_field),
      maker_(grid_, executor),
      kept_(plan_.stacks.size()) {}

template <class In>
CaseImage CaseRun<In>::run(nlohmann::ordered_json crop) {
  if constexpr (!std::is_same_v<In, float>) {
    if (const auto hopeful = hopeful_plan(plan_, stack_)) {
      if (auto image = stream<std::int16_t>({grid_, *hopeful, crop, {}, {}}, true)) return std::move(*image);
    }
  }
  source_.learn_field(source_step());
  const IntensityPlan intensity = plan_values(
      plan_, stack_,
      needs_histogram(plan_.recipe) ? measure(percentiles_alone(plan_.recipe)) : CaseHistogram{{}, stack_.rescale});
  Written written{grid_, intensity, std::move(crop), {}, {}};
  return intensity.dtype == DType::int16 ? make<std::int16_t>(std::move(written)) : make<float>(std::move(written));
}

template <class In>
NyulLandmarks CaseRun<In>::landmarks() {
  source_.learn_field(source_step());
  const CaseHistogram values = measure();
  return landmarks_of(plan_.recipe, values.histogram, values.bins);
}

template <class In>
std::optional<VoxelBox> CaseRun<In>::foreground(std::optional<double> threshold) {
  source_.learn_field(source_step());
  // Where the slope is negative, what is bright is stored as what is small.
  const bool is_below = !plan_.recipe.restores() && stack_.rescale.slope < 0;
  const double at = threshold ? as_stored(plan_, stack_, *threshold) : otsu_as_stored() + (is_below ? 0.5 : 0);
  const ForegroundRule rule{static_cast<float>(at), is_below};
  std::optional<VoxelBox> all;
  std::int64_t slices = 0;
  const auto find = [&](VolumeView<const In> voxels) {
    const std::int64_t k = slices % stack_.grid.size.z;
    slices += voxels.size.z;
    auto part = foreground_box(voxels, rule, executor_);
    if (!part) return;
    part->first[2] += k;
    part->last[2] += k;
    if (grid_.straighten) move_upright(*part, grid_.straighten->shifts[static_cast<std::size_t>(k)]);
    all = all ? joined(*all, *part) : *part;
  };
  const auto find_by_slice = [&](VolumeView<const In> voxels) {  // each has a shift of its own
    const Size3 slice{voxels.size.x, voxels.size.y, 1};
    for (std::int64_t k = 0; k < voxels.size.z; ++k) find({voxels.data + voxels.index(0, 0, k), slice});
  };
  each_source([&](VolumesView<const In> voxels) {
    for (std::int64_t v = 0; v < voxels.count; ++v) {
      grid_.straighten ? find_by_slice(voxels.volume(v)) : find(voxels.volume(v));
    }
  });
  return all;
}

template <class In>
nlohmann::ordered_json CaseRun<In>::write_mask() requires std::is_same_v<In, std::int16_t> {
  makes_mask_ = true;
  IntensityPlan as_it_is;
  as_it_is.dtype = DType::int16;
  auto result = make_voxels<std::int16_t>(as_it_is);
  const std::span<std::int16_t> voxels = result.voxels();
  std::ranges::transform(voxels, voxels.begin(),
                         [](std::int16_t mark) { return static_cast<std::int16_t>(mark != 0 ? 1 : 0); });
  const std::string path = redaction_path(plan_);
  const FileFacts facts = write_image(path, encoded(voxels, DType::int16));
  return {{"image", path}, {"sha256", facts.sha256}, {"size_bytes", facts.size_bytes}};
}

template <class In>
std::vector<Slab> CaseRun<In>::slabs() const {
  const std::int64_t count = grid_.grid.size[grid_.slice_axis()];
  std::vector<Slab> result;
  for (std::size_t v = 0; v < plan_.stacks.size(); v += budget_.volumes_together) {
    const std::size_t volumes = std::min(budget_.volumes_together, plan_.stacks.size() - v);
    for (std::int64_t begin = 0; begin < count; begin += budget_.slab_slices) {
      const std::int64_t end = std::min(begin + budget_.slab_slices, count);
      const auto [first, last] =
          is_whole() ? std::pair<std::int64_t, std::int64_t>{0, stack_.grid.size.z} : grid_.source_slices(begin, end);
      result.push_back({v, begin, end, {first, last}, volumes});
    }
  }
  return result;
}

template <class In>
Buffer<In> CaseRun<In>::read(const Slab& slab) {
  if (slab.volumes == 1 && !makes_mask_) return source_.read(slab.volume, slab.source);
  const auto count = static_cast<std::size_t>(stack_.grid.size.x * stack_.grid.size.y * slab.source.count());
  auto host = Buffer<In>::on_host(count * slab.volumes, executor_);
  for (std::size_t v = 0; v < slab.volumes; ++v) {
    const std::span<In> voxels = host.host().subspan(v * count, count);
    if constexpr (std::is_same_v<In, std::int16_t>) {
      if (makes_mask_) {
        source_.mark_into(voxels, slab.volume + v, slab.source);
        continue;
      }
    }
    source_.read_into(voxels, slab.volume + v, slab.source);
  }
  return host;
}

template <class In>
Owned<In> CaseRun<In>::on_executor(Buffer<In> host, const Slab& slab) {
  const auto span = copy_span("to device", host, executor_);
  return {to_executor(std::move(host), executor_),
          {stack_.grid.size.x, stack_.grid.size.y, slab.source.count()},
          static_cast<std::int64_t>(slab.volumes)};
}

/// So many slices of the stack are read at a time.
template <class In>
std::int64_t CaseRun<In>::source_step() const {
  return is_whole() ? stack_.grid.size.z : std::max<std::int64_t>(1, slabs().front().source.count());
}

/// Calls `use(voxels)` for every stored voxel of the case once, in order: for parts of a volume, or several volumes
/// that are made together. Keeps them where the budget says so. @param use waits for its work
template <class In>
template <class Use>
void CaseRun<In>::each_source(const Use& use) {
  const Size3& size = stack_.grid.size;
  const std::int64_t step = source_step();
  for (std::size_t v = 0; v < plan_.stacks.size(); v += budget_.volumes_together) {
    const std::size_t volumes = std::min(budget_.volumes_together, plan_.stacks.size() - v);
    for (std::int64_t k = 0; k < size.z; k += step) {
      const Slab part{v, 0, 0, {k, std::min(k + step, size.z)}, volumes};
      Owned<In> voxels = kept_[v].buffer.size() > 0 ? std::move(kept_[v]) : on_executor(read(part), part);
      const Span span(Stage::compute, "histogram");
      use(VolumesView<const In>(voxels.view()));
      if (budget_.keeps_sources) kept_[v] = std::move(voxels);
    }
  }
}

/// @param alone where these and the ends are all that is asked, which can be had sooner than all counts
template <class In>
CaseHistogram CaseRun<In>::measure(const std::optional<Percentiles>& alone) {
  if constexpr (std::is_same_v<In, float>) {
    UnitBins bins;
    each_source([&](VolumesView<const In> voxels) { bins.widen(statistics(voxels.stacked(), executor_)); });
    each_source([&](VolumesView<const In> voxels) { bins.add(voxels.stacked(), executor_); });
    return {bins.histogram(), bins.units_of_bins()};
  } else {
    const bool is_one_part = is_whole() && plan_.stacks.size() == 1;  // percentiles of parts do not add up
    Histogram sum;
    each_source([&](VolumesView<const In> voxels) {
      add(sum, alone && is_one_part ? histogram_around(voxels.first, alone->low, alone->high, executor_)
                                    : histogram<In>(voxels.stacked(), executor_));
    });
    return {std::move(sum), stack_.rescale};
  }
}

/// Otsu's threshold as a value of In: what is greater is foreground.
template <class In>
double CaseRun<In>::otsu_as_stored() {
  const CaseHistogram values = measure();
  const double threshold = otsu_threshold(values.histogram);
  return std::is_same_v<In, float> ? upper_end(values.bins, threshold) : threshold;
}

/// What lies outside of a straightened slice, as a value of In.
template <class In>
float CaseRun<In>::padding() const {
  return makes_mask_ ? 0 : static_cast<float>(as_stored(plan_, stack_, stack_.padding_units));
}

template <class In>
template <class Out>
CaseResult<Out> CaseRun<In>::make_voxels(const IntensityPlan& intensity) {
  const auto parts = slabs();
  CaseResult<Out> result(grid_.grid.size, plan_.stacks.size(), parts.size(), budget_.result_in_memory,
                         out_.parent_path());
  const auto load = [&](std::size_t n) {
    return kept_[parts[n].volume].buffer.size() > 0 ? Buffer<In>() : read(parts[n]);
  };
  // While one slab is computed the next is read, where memory was planned for both.
  ReadAhead<Buffer<In>> ahead(parts.size(), budget_.reads_ahead ? 1 : 0, load);
  for (const Slab& slab : parts) {
    Buffer<In> host = ahead.next();
    Owned<In> stored = host.size() > 0 ? on_executor(std::move(host), slab) : std::move(kept_[slab.volume]);
    auto voxels = maker_.template make<Out>(std::move(stored), slab, intensity, padding());
    {
      const auto span = copy_span("to host", voxels.buffer, executor_);
      voxels.buffer = to_host(std::move(voxels.buffer), executor_);
    }
    if (!result.is_gathered()) {
      result.take(std::move(voxels.buffer));
      return result;
    }
    result.place(voxels, slab, grid_.slice_axis());
  }
  return result;
}

template <class In>
template <class Out>
EncodedVolume CaseRun<In>::encoded(std::span<Out> voxels, DType dtype) const {
  EncodedVolume volume{std::as_bytes(voxels), grid_.grid, dtype};
  volume.volume_count = static_cast<std::int64_t>(plan_.stacks.size());
  if (plan_.sequence) volume.time_step = time_step_of(*plan_.sequence);
  return volume;
}

/// Where a file goes; its folder is there then.
template <class In>
std::filesystem::path CaseRun<In>::place_for(const std::string& relative_path) const {
  auto path = out_ / relative_path;
  std::error_code failure;
  std::filesystem::create_directories(path.parent_path(), failure);
  if (failure) throw write_error(failure.value(), "a folder of the dataset");
  return path;
}

template <class In>
FileFacts CaseRun<In>::write_image(const std::string& relative_path, const EncodedVolume& volume) {
  const auto path = place_for(relative_path);
  cancel_.throw_if_canceled();
  return write_nifti(path, volume, plan_.recipe.compression, executor_);
}

/// Empty where the case cannot be streamed, which only a CPU does and with whole volumes, or where a plan that was
/// hopeful proved wrong.
template <class In>
template <class Out>
std::optional<CaseImage> CaseRun<In>::stream(Written written, bool is_hopeful) {
  if (executor_.is_cuda() || !is_whole()) return std::nullopt;
  const std::vector<Slab> slabs = stream_slabs(parts_, written.intensity, executor_.thread_count());
  if (slabs.empty()) return std::nullopt;
  const VolumeView<const In> kept = kept_[0].buffer.size() > 0 ? kept_[0].view().first : VolumeView<In>{};
  const std::size_t slots =
      stream_slots(parts_, written.intensity, slabs, kept.data != nullptr, executor_, budget_.memory_bytes);
  if (slots == 0) return std::nullopt;
  auto image = stream_case<In, Out>({parts_, written.intensity, slabs, kept, place_for(image_path(plan_)), is_hopeful,
                                     executor_.thread_count(), slots});
  if (!image) return std::nullopt;
  written.facts = std::move(image->facts);
  written.statistics = image->statistics;
  return image_of(written, std::move(image->preview));
}

template <class In>
CaseImage CaseRun<In>::image_of(const Written& written, Preview preview) const {
  return {manifest_line(plan_, scan_.stacks, written, executor_.description()), std::move(preview)};
}

template <class In>
template <class Out>
CaseImage CaseRun<In>::make(Written written) {
  if (auto image = stream<Out>(written, false)) return std::move(*image);
  auto result = make_voxels<Out>(written.intensity);
  const std::span<Out> voxels = result.voxels();
  written.statistics = statistics_of<Out>(voxels, source_.reader());
  const EncodedVolume image = encoded(voxels, written.intensity.dtype);
  written.facts = write_image(image_path(plan_), image);
  EncodedVolume first = image;
  first.voxels = image.voxels.first(image.voxels.size() / plan_.stacks.size());
  return image_of(written, make_preview(first, written.statistics.min, written.statistics.max));
}

template class CaseRun<std::int16_t>;
template class CaseRun<std::uint16_t>;
template class CaseRun<float>;

}  // namespace naru
