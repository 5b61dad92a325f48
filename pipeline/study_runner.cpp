#include "pipeline/study_runner.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/orient.h"
#include "kernels/patient_grid.h"
#include "kernels/resample.h"
#include "kernels/statistics.h"
#include "pipeline/case_budget.h"
#include "pipeline/grid_plan.h"
#include "pipeline/intensity_plan.h"
#include "pipeline/manifest.h"
#include "pipeline/outputs/layout.h"
#include "pipeline/pixels/case_text.h"
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

/// What a stack's slices are read as: the bits of stored values, or units.
template <class In>
using ReadAs = std::conditional_t<std::is_same_v<In, float>, float, std::uint16_t>;

/// A part of one volume of the case.
struct Slab {
  std::size_t volume = 0;
  std::int64_t begin = 0, end = 0;  ///< of the result, along GridPlan::slice_axis()
  SliceRange source;                ///< slices of the stack that it is made of
};

/// A failure that ends the case, carried through the steps.
struct Failed {
  CaseFailure failure;
};

/// One case whose stored type is settled.
template <class In>
class CaseRun {
 public:
  /// How a blanked voxel of the source is marked: so high that the least share of it in a resampled one rounds to more
  /// than 0.
  static constexpr std::int16_t kMark = 10'000;

  CaseRun(const Scan& scan, const CasePlan& plan, const GridPlan& grid, const CaseBudget& budget,
          const std::filesystem::path& out, Executor& executor, const CancelToken& cancel, InputHashes& hashes)
      : scan_(scan),
        plan_(plan),
        stack_(scan.stacks[plan.stacks.front()]),
        grid_(grid),
        budget_(budget),
        out_(out),
        executor_(executor),
        reader_(Executor::cpu(executor.thread_count())),
        cancel_(cancel),
        hashes_(hashes),
        kept_(plan.stacks.size()) {}

  CaseRecord run() {
    const Constants constants = needs_histogram(plan_.recipe) ? measure() : Constants{{}, stack_.rescale};
    IntensityPlan intensity = plan_intensity(plan_.recipe, stack_, constants.histogram, constants.bins);
    if (clips_to_source(plan_.recipe)) clip_to_source(intensity, constants.histogram, constants.bins);
    Written written{grid_, intensity, {}, {}};
    return intensity.dtype == DType::int16 ? finish<std::int16_t>(std::move(written))
                                           : finish<float>(std::move(written));
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

  /// Slices of one volume as they are stored, in host memory (pinned for a GPU).
  Buffer<In> read(std::size_t volume, SliceRange range) {
    cancel_.throw_if_canceled();
    const Size3& size = stack_.grid.size;
    auto host = Buffer<In>::on_host(static_cast<std::size_t>(size.x * size.y * range.count()), executor_);
    if constexpr (std::is_same_v<In, std::int16_t>) {
      if (makes_mask_) return mark(volume, range, host.host()), std::move(host);
    }
    const std::span<ReadAs<In>> values(reinterpret_cast<ReadAs<In>*>(host.data()), host.size());
    const auto failure = read_slices(scan_, plan_.stacks[volume], range, values, reader_, cancel_, hashes_);
    if (failure) throw Failed{*failure};
    if (volume < plan_.text_boxes.size()) {
      blank_text(host.host(), scan_, scan_.stacks[plan_.stacks[volume]], range, plan_.text_boxes[volume]);
    }
    if (plan_.face) remove_face(host.host(), stack_.grid, range, *plan_.face, reader_);
    return host;
  }

  void mark(std::size_t volume, SliceRange range, std::span<std::int16_t> marks) {
    const Size3& size = stack_.grid.size;
    std::ranges::fill(marks, std::int16_t{0});
    if (volume < plan_.text_boxes.size()) mark_text(marks, size, range, plan_.text_boxes[volume], kMark);
    if (!plan_.face) return;
    replace_in_cells(VolumeView<std::int16_t>{marks.data(), {size.x, size.y, range.count()}}, stack_.grid, range.begin,
                     plan_.face->grid, plan_.face->cells.view(), kMark, reader_);
  }

  Owned<In> on_executor(Buffer<In> host, SliceRange range) {
    return {to_executor(std::move(host), executor_), {stack_.grid.size.x, stack_.grid.size.y, range.count()}};
  }

  /// Calls `use(voxels)` for every stored voxel of the case once, in order; keeps them where the budget says so.
  template <class Use>
  void each_source(const Use& use) {
    const Size3& size = stack_.grid.size;
    const std::int64_t step = is_whole() ? size.z : std::max<std::int64_t>(1, slabs().front().source.count());
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

  /// What lies outside of a straightened slice, as a value of In.
  float padding() const {
    if (makes_mask_) return 0;
    return static_cast<float>((stack_.padding_units - stack_.rescale.intercept) / stack_.rescale.slope);
  }

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
      return statistics(view, reader_);
    } else {
      return statistics(histogram<Out>(view, reader_));
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
  Executor reader_;  ///< reads and decodes beside the executor's work
  const CancelToken& cancel_;
  InputHashes& hashes_;          ///< one slab is read at a time
  bool makes_mask_ = false;      ///< read() gives marks instead of voxels
  std::vector<Owned<In>> kept_;  ///< one a volume, empty unless kept
};

}  // namespace

namespace {

bool is_blanked(const CasePlan& plan) {
  return plan.face || !std::ranges::all_of(plan.text_boxes, [](const auto& boxes) { return boxes.empty(); });
}

}  // namespace

CaseOutcome StudyRunner::run(const Scan& scan, const CasePlan& plan, const std::filesystem::path& out,
                             const CancelToken& cancel) {
  const dicom::Stack& stack = scan.stacks[plan.stacks.front()];
  const auto too_large = [&] {
    return CaseOutcome{std::nullopt, CaseFailure{Code::too_large, std::nullopt, plan.stacks.front()}, {}};
  };
  const GridPlan grid = plan_grid(stack, plan.recipe);
  const Size3& size = grid.grid.size;
  const auto volumes = static_cast<std::int64_t>(plan.stacks.size());
  // Sizes that fit the format cannot overflow the sum of bytes, so the format is asked first.
  if (std::max({size.x, size.y, size.z, volumes}) > kMaxNiftiSize) return too_large();
  const auto budget = plan_budget(scan, plan, grid, executor_, memory_limit_bytes_);
  if (!budget) return too_large();
  InputHashes hashes;
  const auto make = [&]<class In>(In) {
    return CaseRun<In>(scan, plan, grid, *budget, out, executor_, cancel, hashes).run();
  };
  try {
    CaseRecord record = stack.dtype == DType::float32  ? make(float{})
                        : stack.dtype == DType::uint16 ? make(std::uint16_t{})
                                                       : make(std::int16_t{});
    record.memory_bytes = budget->memory_bytes;
    if (is_blanked(plan)) {
      record.manifest["redaction"] =
          CaseRun<std::int16_t>(scan, plan, grid, *budget, out, executor_, cancel, hashes).write_mask();
    }
    return {std::move(record), std::nullopt, std::move(hashes)};
  } catch (const Failed& failed) {
    return {std::nullopt, failed.failure, std::move(hashes)};
  }
}

}  // namespace naru
