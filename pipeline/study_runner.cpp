#include "pipeline/study_runner.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/foreground_box.h"
#include "kernels/orient.h"
#include "kernels/piecewise.h"
#include "kernels/resample.h"
#include "kernels/statistics.h"
#include "pipeline/case_budget.h"
#include "pipeline/case_source.h"
#include "pipeline/crop.h"
#include "pipeline/grid_plan.h"
#include "pipeline/intensity_plan.h"
#include "pipeline/manifest.h"
#include "pipeline/outputs/layout.h"
#include "pipeline/read_ahead.h"
#include "pipeline/scratch.h"
#include "pipeline/slices.h"
#include "pipeline/unit_bins.h"

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

/// The box around two.
VoxelBox joined(const VoxelBox& a, const VoxelBox& b) {
  VoxelBox all = a;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    all.first[axis] = std::min(a.first[axis], b.first[axis]);
    all.last[axis] = std::max(a.last[axis], b.last[axis]);
  }
  return all;
}

/// A part of one volume of the case.
struct Slab {
  std::size_t volume = 0;
  std::int64_t begin = 0, end = 0;  ///< of the result, along GridPlan::slice_axis()
  SliceRange source;                ///< slices of the stack that it is made of
};

/// One case whose stored type is settled.
template <class In>
class CaseRun {
 public:
  CaseRun(const Scan& scan, const CasePlan& plan, const GridPlan& grid, const CaseBudget& budget,
          const std::filesystem::path& out, Executor& executor, const CancelToken& cancel, InputHashes& hashes)
      : scan_(scan),
        plan_(plan),
        stack_(scan.stacks[plan.stacks.front()]),
        grid_(grid),
        budget_(budget),
        out_(out),
        executor_(executor),
        cancel_(cancel),
        source_(scan, plan, executor, cancel, hashes),
        kept_(plan.stacks.size()) {}

  /// @param crop what the manifest says of the grid's cropping, or null
  CaseRecord run(nlohmann::ordered_json crop) {
    source_.learn_field(source_step());
    const Constants constants = needs_histogram(plan_.recipe) ? measure() : Constants{{}, stack_.rescale};
    IntensityPlan intensity =
        plan_intensity(plan_.recipe, stack_, constants.histogram, constants.bins, plan_.nyul_standard);
    if (clips_to_source(plan_.recipe)) clip_to_source(intensity, constants.histogram, constants.bins);
    Written written{grid_, intensity, std::move(crop), {}, {}};
    return intensity.dtype == DType::int16 ? finish<std::int16_t>(std::move(written))
                                           : finish<float>(std::move(written));
  }

  NyulLandmarks landmarks() {
    source_.learn_field(source_step());
    const Constants constants = measure();
    return landmarks_of(plan_.recipe, constants.histogram, constants.bins);
  }

  /// The box of the foreground in the stack's voxels, over all volumes. A foreground without voxels has none.
  std::optional<VoxelBox> foreground(std::optional<double> threshold) {
    source_.learn_field(source_step());
    const auto above = static_cast<float>(threshold ? as_stored(*threshold) : otsu_as_stored());
    std::optional<VoxelBox> all;
    std::int64_t slices = 0;
    each_source([&](VolumeView<const In> voxels) {
      auto part = foreground_box(voxels, above, executor_);
      if (part) {
        part->first[2] += slices % stack_.grid.size.z;
        part->last[2] += slices % stack_.grid.size.z;
        all = all ? joined(*all, *part) : *part;
      }
      slices += voxels.size.z;
    });
    return all;
  }

  /// Writes the mask of what was blanked, on the grid of the result: 1 where a blanked voxel has a share in a voxel,
  /// else 0. Another run than the one that made the image. @return what the manifest says of it
  nlohmann::ordered_json write_mask() {
    static_assert(std::is_same_v<In, std::int16_t>);
    makes_mask_ = true;
    IntensityPlan as_it_is;
    as_it_is.dtype = DType::int16;
    Result<std::int16_t> result(*this, executor_);
    make_voxels(as_it_is, result);
    const std::span<std::int16_t> voxels = result.voxels();
    std::ranges::transform(voxels, voxels.begin(),
                           [](std::int16_t mark) { return static_cast<std::int16_t>(mark != 0 ? 1 : 0); });
    const std::string path = redaction_path(plan_);
    const FileFacts facts = write_image(path, encoded(voxels, DType::int16));
    return {{"image", path}, {"sha256", facts.sha256}, {"size_bytes", facts.size_bytes}};
  }

 private:
  /// How often each stored value occurs in the whole case, and what a bin means in units.
  struct Constants {
    Histogram histogram;
    dicom::Rescale bins;
  };

  std::vector<Slab> slabs() const {
    const std::int64_t count = grid_.grid.size[grid_.slice_axis()];
    std::vector<Slab> result;
    for (std::size_t v = 0; v < plan_.stacks.size(); ++v) {
      for (std::int64_t begin = 0; begin < count; begin += budget_.slab_slices) {
        const std::int64_t end = std::min(begin + budget_.slab_slices, count);
        const auto [first, last] =
            is_whole() ? std::pair<std::int64_t, std::int64_t>{0, stack_.grid.size.z} : grid_.source_slices(begin, end);
        result.push_back({v, begin, end, {first, last}});
      }
    }
    return result;
  }

  bool is_whole() const { return budget_.slab_slices == grid_.grid.size[grid_.slice_axis()]; }

  Buffer<In> read(std::size_t volume, SliceRange range) {
    if constexpr (std::is_same_v<In, std::int16_t>) {
      if (makes_mask_) return source_.marks(volume, range);
    }
    return source_.read(volume, range);
  }

  Owned<In> on_executor(Buffer<In> host, SliceRange range) {
    return {to_executor(std::move(host), executor_), {stack_.grid.size.x, stack_.grid.size.y, range.count()}};
  }

  /// So many slices of the stack are read at a time.
  std::int64_t source_step() const {
    return is_whole() ? stack_.grid.size.z : std::max<std::int64_t>(1, slabs().front().source.count());
  }

  /// Calls `use(voxels)` for every stored voxel of the case once, in order; keeps them where the budget says so.
  template <class Use>
  void each_source(const Use& use) {
    const Size3& size = stack_.grid.size;
    const std::int64_t step = source_step();
    for (std::size_t v = 0; v < plan_.stacks.size(); ++v) {
      for (std::int64_t k = 0; k < size.z; k += step) {
        const SliceRange range{k, std::min(k + step, size.z)};
        Owned<In> voxels = kept_[v].buffer.size() > 0 ? std::move(kept_[v]) : on_executor(read(v, range), range);
        use(VolumeView<const In>(voxels.view()));
        executor_.wait();
        if (budget_.keeps_sources) kept_[v] = std::move(voxels);
      }
    }
  }

  Constants measure() {
    if constexpr (std::is_same_v<In, float>) {
      UnitBins bins;
      each_source([&](VolumeView<const In> voxels) { bins.widen(statistics(voxels, executor_)); });
      each_source([&](VolumeView<const In> voxels) { bins.add(voxels, executor_); });
      return {bins.histogram(), bins.units_of_bins()};
    } else {
      Histogram sum;
      each_source([&](VolumeView<const In> voxels) {
        const Histogram part = histogram<In>(voxels, executor_);
        if (sum.counts.empty()) sum = Histogram{part.first_value, std::vector<std::uint64_t>(part.counts.size())};
        for (std::size_t b = 0; b < part.counts.size(); ++b) sum.counts[b] += part.counts[b];
      });
      return {std::move(sum), stack_.rescale};
    }
  }

  /// Units as a value of In.
  double as_stored(double units) const {
    return plan_.recipe.restores() ? units : (units - stack_.rescale.intercept) / stack_.rescale.slope;
  }

  /// Otsu's threshold as a value of In.
  double otsu_as_stored() {
    const Constants constants = measure();
    const double threshold = otsu_threshold(constants.histogram);
    return std::is_same_v<In, float> ? constants.bins.slope * threshold + constants.bins.intercept : threshold;
  }

  /// What lies outside of a straightened slice, as a value of In.
  float padding() const { return makes_mask_ ? 0 : static_cast<float>(as_stored(stack_.padding_units)); }

  template <class Out>
  Owned<Out> make_slab(Owned<In> stored, const Slab& slab, const IntensityPlan& intensity) {
    if (!grid_.straighten) return oriented<In, Out>(std::move(stored), slab, intensity);
    const Grid& grid = grid_.straighten->grid;
    auto upright = allocate<float>({grid.size.x, grid.size.y, slab.source.count()}, executor_);
    const auto shifts =
        std::span(grid_.straighten->shifts)
            .subspan(static_cast<std::size_t>(slab.source.begin), static_cast<std::size_t>(slab.source.count()));
    straighten<In>(stored.view(), upright.view(), shifts, padding(), executor_);
    executor_.wait();
    stored = {};
    return oriented<float, Out>(std::move(upright), slab, intensity);
  }

  /// Permutes axes where the recipe's orientation needs it; flips are left to the resampling.
  template <class T, class Out>
  Owned<Out> oriented(Owned<T> source, const Slab& slab, const IntensityPlan& intensity) {
    if (grid_.orient.is_permutation()) {
      const AxisMap permutation{grid_.orient.source_axis, {false, false, false}};
      const Size3& from = source.size;
      const auto& axis = permutation.source_axis;
      auto target = allocate<T>({from[axis[0]], from[axis[1]], from[axis[2]]}, executor_);
      orient<T>(source.view(), target.view(), permutation, executor_);
      executor_.wait();
      source = std::move(target);
    }
    if (!intensity.clip_before) return resampled_part<T, Out>(std::move(source), slab, intensity);
    auto clipped = allocate<float>(source.size, executor_);
    apply_intensity<T, float>(source.view(), clipped.view(), intensity.before, executor_);
    executor_.wait();
    source = {};
    return resampled_part<float, Out>(std::move(clipped), slab, intensity);
  }

  template <class T, class Out>
  Owned<Out> resampled_part(Owned<T> source, const Slab& slab, const IntensityPlan& intensity) {
    const auto along = static_cast<std::size_t>(grid_.slice_axis());
    ResampleOptions options = grid_.resample;
    options.intensity = intensity.map;
    options.axes[along].target_begin = slab.begin;
    options.axes[along].target_count = slab.end - slab.begin;
    options.axes[along].source_begin = slab.source.begin;
    const Size3 size{options.axes[0].target_count, options.axes[1].target_count, options.axes[2].target_count};
    auto result = allocate<Out>(size, executor_);
    resample<T, Out>(source.view(), result.view(), options, executor_);
    fill_outside<Out>(result.view(), inside_of(slab), value_of_units<Out>(0, intensity.map), executor_);
    if constexpr (std::is_same_v<Out, float>) {
      if (intensity.landmarks) apply_piecewise(result.view(), result.view(), *intensity.landmarks, executor_);
    }
    executor_.wait();  // `source` is freed now
    return result;
  }

  /// Of a slab's own targets.
  std::array<InsideRange, 3> inside_of(const Slab& slab) const {
    std::array<InsideRange, 3> inside = grid_.inside;
    InsideRange& along = inside[static_cast<std::size_t>(grid_.slice_axis())];
    const std::int64_t count = slab.end - slab.begin;
    along.begin = std::clamp<std::int64_t>(along.begin - slab.begin, 0, count);
    along.end = std::clamp<std::int64_t>(along.end - slab.begin, along.begin, count);
    return inside;
  }

  /// Copies a slab to its place in the gathered result.
  template <class Out>
  void place(const Owned<Out>& slab_voxels, const Slab& slab, std::span<Out> result) const {
    const Size3 &size = grid_.grid.size, &part = slab_voxels.size;
    std::array<std::int64_t, 3> first{};
    first[static_cast<std::size_t>(grid_.slice_axis())] = slab.begin;
    const Out* from = slab_voxels.buffer.data();
    Out* const volume = result.data() + static_cast<std::int64_t>(slab.volume) * size.voxel_count();
    for (std::int64_t z = 0; z < part.z; ++z) {
      for (std::int64_t y = 0; y < part.y; ++y, from += part.x) {
        std::copy_n(from, part.x, volume + first[0] + size.x * (first[1] + y + size.y * (first[2] + z)));
      }
    }
  }

  /// The whole result: of one volume made at once as it is, else gathered in memory or in a scratch file.
  template <class Out>
  class Result {
   public:
    Result(const CaseRun& run, Executor& executor) : count_(run.voxel_count()) {
      if (!run.budget_.result_in_memory) {
        scratch_ = std::make_unique<ScratchFile>(run.out_.parent_path(), count_ * sizeof(Out));
      } else if (run.plan_.stacks.size() > 1) {
        memory_ = Buffer<Out>::on_host(count_, executor);
      }
    }
    bool is_gathered() const { return scratch_ || memory_.size() > 0; }
    void take(Buffer<Out> whole) { memory_ = std::move(whole); }
    void release_pages() const {
      if (scratch_) scratch_->release_pages();
    }
    std::span<Out> voxels() {
      if (scratch_) return {reinterpret_cast<Out*>(scratch_->bytes().data()), count_};
      return memory_.host();
    }

   private:
    std::size_t count_;
    std::unique_ptr<ScratchFile> scratch_;
    Buffer<Out> memory_;
  };

  std::size_t voxel_count() const {
    return static_cast<std::size_t>(grid_.grid.size.voxel_count()) * plan_.stacks.size();
  }

  template <class Out>
  void make_voxels(const IntensityPlan& intensity, Result<Out>& result) {
    const auto parts = slabs();
    const auto load = [&](std::size_t n) {
      const Slab& slab = parts[n];
      return kept_[slab.volume].buffer.size() > 0 ? Buffer<In>() : read(slab.volume, slab.source);
    };
    // While one slab is computed the next is read, where memory was planned for both.
    ReadAhead<Buffer<In>> ahead(parts.size(), budget_.reads_ahead, load);
    for (const Slab& slab : parts) {
      Buffer<In> host = ahead.next();
      Owned<In> stored = host.size() > 0 ? on_executor(std::move(host), slab.source) : std::move(kept_[slab.volume]);
      auto voxels = make_slab<Out>(std::move(stored), slab, intensity);
      voxels.buffer = to_host(std::move(voxels.buffer), executor_);
      if (!result.is_gathered()) return result.take(std::move(voxels.buffer));
      place(voxels, slab, result.voxels());
      result.release_pages();
    }
  }

  template <class Out>
  Statistics statistics_of(std::span<const Out> voxels) {
    const Size3& size = grid_.grid.size;
    const Size3 all{size.x, size.y, size.z * static_cast<std::int64_t>(plan_.stacks.size())};
    const VolumeView<const Out> view{voxels.data(), all};
    if constexpr (std::is_same_v<Out, float>) {
      return statistics(view, source_.reader());
    } else {
      return statistics(histogram<Out>(view, source_.reader()));
    }
  }

  template <class Out>
  EncodedVolume encoded(std::span<Out> voxels, DType dtype) const {
    EncodedVolume volume{std::as_bytes(voxels), grid_.grid, dtype};
    volume.volume_count = static_cast<std::int64_t>(plan_.stacks.size());
    if (plan_.sequence) volume.time_step = time_step_of(*plan_.sequence);
    return volume;
  }

  FileFacts write_image(const std::string& relative_path, const EncodedVolume& volume) {
    const auto path = out_ / relative_path;
    std::error_code failure;
    std::filesystem::create_directories(path.parent_path(), failure);
    if (failure) throw write_error(failure.value(), "a folder of the dataset");
    cancel_.throw_if_canceled();
    return write_nifti(path, volume, plan_.recipe.compression, executor_);
  }

  template <class Out>
  CaseRecord finish(Written written) {
    Result<Out> result(*this, executor_);
    make_voxels(written.intensity, result);
    const std::span<const Out> voxels = result.voxels();
    written.statistics = statistics_of(voxels);
    const EncodedVolume image = encoded(voxels, written.intensity.dtype);
    written.facts = write_image(image_path(plan_), image);
    CaseRecord record;
    EncodedVolume first = image;
    first.voxels = image.voxels.first(image.voxels.size() / plan_.stacks.size());
    record.preview = make_preview(first, written.statistics.min, written.statistics.max);
    record.manifest = manifest_line(plan_, stack_, written, executor_.description());
    return record;
  }

  const Scan& scan_;
  const CasePlan& plan_;
  const dicom::Stack& stack_;
  const GridPlan& grid_;
  const CaseBudget& budget_;
  const std::filesystem::path& out_;
  Executor& executor_;
  const CancelToken& cancel_;
  CaseSource<In> source_;
  bool makes_mask_ = false;      ///< read() gives marks instead of voxels
  std::vector<Owned<In>> kept_;  ///< one a volume, empty unless kept
};

}  // namespace

namespace {

bool is_blanked(const CasePlan& plan) {
  return plan.face || !std::ranges::all_of(plan.text_boxes, [](const auto& boxes) { return boxes.empty(); });
}

/// Calls `use(case_run, budget)` with the case's stored type settled. @return empty where it has no place in a file or
/// in memory
template <class Use>
auto with_case(const Scan& scan, const CasePlan& plan, const GridPlan& grid, const std::filesystem::path& out,
               Executor& executor, std::uint64_t memory_limit_bytes, const CancelToken& cancel, InputHashes& hashes,
               const Use& use) -> std::optional<decltype(use(std::declval<CaseRun<float>&>(), CaseBudget()))> {
  const dicom::Stack& stack = scan.stacks[plan.stacks.front()];
  const Size3& size = grid.grid.size;
  const auto volumes = static_cast<std::int64_t>(plan.stacks.size());
  // Sizes that fit the format cannot overflow the sum of bytes, so the format is asked first.
  if (std::max({size.x, size.y, size.z, volumes}) > kMaxNiftiSize) return std::nullopt;
  const auto budget = plan_budget(scan, plan, grid, executor, memory_limit_bytes);
  if (!budget) return std::nullopt;
  const auto with = [&]<class In>(In) {
    CaseRun<In> run(scan, plan, grid, *budget, out, executor, cancel, hashes);
    return use(run, *budget);
  };
  if (stack.dtype == DType::float32 || plan.recipe.restores()) return with(float{});
  return stack.dtype == DType::uint16 ? with(std::uint16_t{}) : with(std::int16_t{});
}

}  // namespace

CaseOutcome StudyRunner::run(const Scan& scan, const CasePlan& plan, const std::filesystem::path& out,
                             const CancelToken& cancel) {
  GridPlan grid = plan_grid(scan.stacks[plan.stacks.front()], plan.recipe);
  InputHashes hashes;
  nlohmann::ordered_json crop;
  const auto find = [&](auto& run, const CaseBudget&) {
    return run.foreground(crop_threshold(plan.recipe, plan.modality));
  };
  const auto make = [&](auto& run, const CaseBudget& budget) {
    CaseRecord record = run.run(crop);
    record.memory_bytes = budget.memory_bytes;
    if (is_blanked(plan)) {
      record.manifest["redaction"] =
          CaseRun<std::int16_t>(scan, plan, grid, budget, out, executor_, cancel, hashes).write_mask();
    }
    return record;
  };
  try {
    if (plan.recipe.crop) {
      const auto box = with_case(scan, plan, grid, out, executor_, memory_limit_bytes_, cancel, hashes, find);
      if (box && *box) {
        const GridPlan before = std::exchange(grid, cropped(grid, **box, plan.recipe.crop->margin_mm));
        crop = crop_step(before, grid, plan.recipe.crop->margin_mm, crop_threshold(plan.recipe, plan.modality));
      }
    }
    auto record = with_case(scan, plan, grid, out, executor_, memory_limit_bytes_, cancel, hashes, make);
    if (!record) return {std::nullopt, CaseFailure{Code::too_large, std::nullopt, plan.stacks.front()}, {}};
    return {std::move(record), std::nullopt, std::move(hashes)};
  } catch (const Failed& failed) {
    return {std::nullopt, failed.failure, std::move(hashes)};
  }
}

CaseLandmarks StudyRunner::landmarks(const Scan& scan, const CasePlan& plan, const CancelToken& cancel) {
  InputHashes hashes;
  const GridPlan grid = plan_grid(scan.stacks[plan.stacks.front()], plan.recipe);
  const auto learn = [](auto& run, const CaseBudget&) { return run.landmarks(); };
  try {
    const auto landmarks = with_case(scan, plan, grid, {}, executor_, memory_limit_bytes_, cancel, hashes, learn);
    return {landmarks, std::move(hashes)};
  } catch (const Failed&) {
    return {std::nullopt, std::move(hashes)};
  }
}

}  // namespace naru
