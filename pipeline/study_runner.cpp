#include "pipeline/study_runner.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <limits>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/log.h"
#include "core/trace.h"
#include "kernels/buffer.h"
#include "kernels/foreground_box.h"
#include "kernels/orient.h"
#include "kernels/piecewise.h"
#include "kernels/resample.h"
#include "kernels/statistics.h"
#include "pipeline/buffer_pool.h"
#include "pipeline/case_budget.h"
#include "pipeline/case_source.h"
#include "pipeline/crop.h"
#include "pipeline/grid_plan.h"
#include "pipeline/intensity_plan.h"
#include "pipeline/less_memory.h"
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

/// A part of one volume of the case.
struct Slab {
  std::size_t volume = 0;
  std::int64_t begin = 0, end = 0;  ///< of the result, along GridPlan::slice_axis()
  SliceRange source;                ///< slices of the stack that it is made of
};

/// The box around two.
VoxelBox joined(const VoxelBox& a, const VoxelBox& b) {
  VoxelBox all = a;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    all.first[axis] = std::min(a.first[axis], b.first[axis]);
    all.last[axis] = std::max(a.last[axis], b.last[axis]);
  }
  return all;
}

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
    if (const auto hopeful = hopeful_plan(); hopeful && can_stream(*hopeful)) {
      if (auto record = stream<std::int16_t>({grid_, *hopeful, crop, {}, {}}, true)) return std::move(*record);
    }
    source_.learn_field(source_step());
    const IntensityPlan intensity =
        plan_values(needs_histogram(plan_.recipe) ? measure() : Constants{{}, stack_.rescale});
    Written written{grid_, intensity, std::move(crop), {}, {}};
    return intensity.dtype == DType::int16 ? make<std::int16_t>(std::move(written)) : make<float>(std::move(written));
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

  std::size_t source_voxels(SliceRange range) const {
    return static_cast<std::size_t>(stack_.grid.size.x * stack_.grid.size.y * range.count());
  }

  Buffer<In> read(std::size_t volume, SliceRange range) {
    if constexpr (std::is_same_v<In, std::int16_t>) {
      if (makes_mask_) return source_.marks(volume, range);
    }
    return source_.read(volume, range);
  }

  /// Null where the buffer stays where it is.
  template <class T>
  std::unique_ptr<Span> copy_span(std::string_view name, const Buffer<T>& buffer) const {
    if (!executor_.is_cuda()) return nullptr;
    return std::make_unique<Span>(Stage::copy, name, SpanFacts{{}, buffer.size() * sizeof(T)});
  }

  Owned<In> on_executor(Buffer<In> host, SliceRange range) {
    const auto span = copy_span("to device", host);
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
        const Span span(Stage::compute, "histogram");
        use(VolumeView<const In>(voxels.view()));
        executor_.wait();
        if (budget_.keeps_sources) kept_[v] = std::move(voxels);
      }
    }
  }

  IntensityPlan plan_values(const Constants& constants) const {
    IntensityPlan plan = plan_intensity(plan_.recipe, stack_, constants.histogram, constants.bins, plan_.nyul_standard);
    if (clips_to_source(plan_.recipe)) clip_to_source(plan, constants.histogram, constants.bins);
    return plan;
  }

  /// Where only the range of values decides between int16 and float: the plan if int16 holds them all, which nearly
  /// always it does. So they need not be read before the work begins, and are looked at on the way. Empty where that
  /// cannot be, or where not all slices are on the way.
  std::optional<IntensityPlan> hopeful_plan() const {
    const Recipe& recipe = plan_.recipe;
    if (std::is_same_v<In, float> || recipe.dtype || normalizes_by_histogram(recipe)) return std::nullopt;
    if (recipe.spacing_mm || recipe.crop) return std::nullopt;
    IntensityPlan plan = plan_values({Histogram{0, {1}}, stack_.rescale});
    return plan.dtype == DType::int16 ? std::optional(std::move(plan)) : std::nullopt;
  }

  Constants measure() {
    if constexpr (std::is_same_v<In, float>) {
      UnitBins bins;
      each_source([&](VolumeView<const In> voxels) { bins.widen(statistics(voxels, executor_)); });
      each_source([&](VolumeView<const In> voxels) { bins.add(voxels, executor_); });
      return {bins.histogram(), bins.units_of_bins()};
    } else {
      Histogram sum;
      each_source([&](VolumeView<const In> voxels) { add(sum, histogram<In>(voxels, executor_)); });
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

  /// Runs a kernel and waits for it.
  template <class Work>
  void compute(std::string_view name, const Slab& slab, const Work& work) {
    const Span span(Stage::compute, name, {slab.begin, {}});
    work();
    executor_.wait();
  }

  template <class Out>
  Owned<Out> make_slab(Owned<In> stored, const Slab& slab, const IntensityPlan& intensity) {
    if (!grid_.straighten) return oriented<In, Out>(std::move(stored), slab, intensity);
    const Grid& grid = grid_.straighten->grid;
    auto upright = allocate<float>({grid.size.x, grid.size.y, slab.source.count()}, executor_);
    const auto shifts =
        std::span(grid_.straighten->shifts)
            .subspan(static_cast<std::size_t>(slab.source.begin), static_cast<std::size_t>(slab.source.count()));
    compute("straighten", slab, [&] { straighten<In>(stored.view(), upright.view(), shifts, padding(), executor_); });
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
      compute("orient", slab, [&] { orient<T>(source.view(), target.view(), permutation, executor_); });
      source = std::move(target);
    }
    if (!intensity.clip_before) return resampled_part<T, Out>(std::move(source), slab, intensity);
    auto clipped = allocate<float>(source.size, executor_);
    compute("clip", slab,
            [&] { apply_intensity<T, float>(source.view(), clipped.view(), intensity.before, executor_); });
    source = {};
    return resampled_part<float, Out>(std::move(clipped), slab, intensity);
  }

  template <class T, class Out>
  Owned<Out> resampled_part(Owned<T> source, const Slab& slab, const IntensityPlan& intensity) {
    Size3 size = grid_.grid.size;
    (grid_.slice_axis() == 0 ? size.x : grid_.slice_axis() == 1 ? size.y : size.z) = slab.end - slab.begin;
    auto result = allocate<Out>(size, executor_);
    resample_slab<T, Out>(source.view(), slab.source.begin, slab, intensity, result.view());
    return result;  // `source` is freed now
  }

  /// @param first_slice of the stack that `source` begins with
  template <class T, class Out>
  void resample_slab(VolumeView<const T> source, std::int64_t first_slice, const Slab& slab,
                     const IntensityPlan& intensity, VolumeView<Out> out) {
    const auto along = static_cast<std::size_t>(grid_.slice_axis());
    const std::int64_t count = slab.end - slab.begin;
    ResampleOptions options = grid_.resample;
    options.intensity = intensity.map;
    options.axes[along].target_begin = slab.begin;
    options.axes[along].target_count = count;
    options.axes[along].source_begin = first_slice;
    auto inside = grid_.inside;
    inside[along] = part_of(inside[along], slab.begin, count);
    compute("resample", slab, [&] {
      resample<T, Out>(source, out, options, executor_);
      fill_outside<Out>(out, inside, value_of_units<Out>(0, intensity.map), executor_);
      if constexpr (std::is_same_v<Out, float>) {
        if (intensity.landmarks) apply_piecewise(out, out, *intensity.landmarks, executor_);
      }
    });
  }

  /// Copies a slab to its place in the gathered result.
  template <class Out>
  void place(const Owned<Out>& slab_voxels, const Slab& slab, std::span<Out> result) const {
    const Span span(Stage::copy, "gather", {slab.begin, slab_voxels.buffer.size() * sizeof(Out)});
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
    ReadAhead<Buffer<In>> ahead(parts.size(), budget_.reads_ahead ? 1 : 0, load);
    for (const Slab& slab : parts) {
      Buffer<In> host = ahead.next();
      Owned<In> stored = host.size() > 0 ? on_executor(std::move(host), slab.source) : std::move(kept_[slab.volume]);
      auto voxels = make_slab<Out>(std::move(stored), slab, intensity);
      {
        const auto span = copy_span("to host", voxels.buffer);
        voxels.buffer = to_host(std::move(voxels.buffer), executor_);
      }
      if (!result.is_gathered()) return result.take(std::move(voxels.buffer));
      place(voxels, slab, result.voxels());
      result.release_pages();
    }
  }

  template <class Out>
  Statistics statistics_of(std::span<const Out> voxels) {
    const Span span(Stage::compute, "statistics");
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

  /// Where a file goes; its folder is there then.
  std::filesystem::path place_for(const std::string& relative_path) const {
    auto path = out_ / relative_path;
    std::error_code failure;
    std::filesystem::create_directories(path.parent_path(), failure);
    if (failure) throw write_error(failure.value(), "a folder of the dataset");
    return path;
  }

  FileFacts write_image(const std::string& relative_path, const EncodedVolume& volume) {
    const auto path = place_for(relative_path);
    cancel_.throw_if_canceled();
    return write_nifti(path, volume, plan_.recipe.compression, executor_);
  }

  /// One volume whose slabs follow each other in the file, and are resampled and no more. A device is fed whole
  /// volumes.
  bool can_stream(const IntensityPlan& intensity) const {
    return !executor_.is_cuda() && is_whole() && plan_.stacks.size() == 1 && !grid_.straighten &&
           !grid_.orient.is_permutation() && grid_.slice_axis() == 2 && !intensity.clip_before &&
           !plan_.recipe.restores();
  }

  /// So thin that what is read, computed and written stays in memory that is used again and again, and so thick that
  /// each thread has a member of gzip to make.
  template <class Out>
  std::vector<Slab> stream_slabs() const {
    constexpr std::int64_t kBytesPerThread = std::int64_t{4} << 20, kLeastBytes = std::int64_t{16} << 20;
    const Size3& size = grid_.grid.size;
    const std::int64_t slice_bytes = size.x * size.y * static_cast<std::int64_t>(sizeof(Out));
    const std::int64_t step = std::max(kLeastBytes, kBytesPerThread * executor_.thread_count()) / slice_bytes + 1;
    std::vector<Slab> result;
    for (std::int64_t begin = 0; begin < size.z; begin += step) {
      const std::int64_t end = std::min(begin + step, size.z);
      const auto [first, last] = grid_.source_slices(begin, end);
      result.push_back({0, begin, end, {first, last}});
    }
    return result;
  }

  /// Resamples one slab, from the whole volume where that is in memory.
  template <class Out>
  void stream_slab(const Buffer<In>& source, const Slab& slab, const IntensityPlan& intensity, VolumeView<Out> out) {
    const Size3 size{stack_.grid.size.x, stack_.grid.size.y, slab.source.count()};
    const bool is_kept = kept_[0].buffer.size() > 0;
    resample_slab<In, Out>(is_kept ? kept_[0].view() : VolumeView<const In>{source.data(), size},
                           is_kept ? 0 : slab.source.begin, slab, intensity, out);
  }

  /// Memory of slabs on their way from input to file.
  template <class Out>
  struct StreamMemory {
    explicit StreamMemory(Executor& executor) : sources(executor), results(executor) {}
    BufferPool<In> sources;
    BufferPool<Out> results;
  };

  /// Empty where the whole volume is in memory.
  Buffer<In> load_slab(const Slab& slab, BufferPool<In>& sources) {
    if (kept_[0].buffer.size() > 0) return {};
    const std::size_t count = source_voxels(slab.source);
    Buffer<In> source = sources.take(count);
    source_.read_into(source.host().first(count), 0, slab.source);
    return source;
  }

  /// Statistics of a result that comes in parts: the same as of the whole.
  class Made {
   public:
    void add(std::span<const std::int16_t> part, Executor& executor) {
      naru::add(counts_,
                histogram<std::int16_t>({part.data(), {static_cast<std::int64_t>(part.size()), 1, 1}}, executor));
    }
    void add(std::span<const float> part, Executor& executor) { sums_.add(part, executor); }
    Statistics finish(std::int16_t) { return statistics(counts_); }
    Statistics finish(float) { return sums_.finish(); }

   private:
    Histogram counts_;
    StatisticsInParts sums_;
  };

  /// While one slab is computed the next is read and the one before is written.
  /// @return empty where a plan that was hopeful proved wrong: nothing is left of the file then
  template <class Out>
  std::optional<CaseRecord> stream(Written written, bool is_hopeful) {
    const std::vector<Slab> parts = stream_slabs<Out>();
    const EncodedVolume shape{{}, grid_.grid, written.intensity.dtype};
    Executor encoder = Executor::cpu(executor_.thread_count());
    NiftiWriter file(place_for(image_path(plan_)), shape, plan_.recipe.compression, encoder);
    PreviewMaker preview(shape);
    Histogram stored;
    Made made;
    SliceRange counted;
    StreamMemory<Out> memory(executor_);
    ReadAhead<Buffer<In>> ahead(parts.size(), 1, [&](std::size_t n) { return load_slab(parts[n], memory.sources); });
    std::future<void> writing;
    for (const Slab& slab : parts) {
      Buffer<In> source = ahead.next();
      if (is_hopeful) add_stored(stored, counted, source, slab);
      const Size3 size{grid_.grid.size.x, grid_.grid.size.y, slab.end - slab.begin};
      Buffer<Out> result = memory.results.take(static_cast<std::size_t>(size.voxel_count()));
      const std::span<Out> voxels = result.host().first(static_cast<std::size_t>(size.voxel_count()));
      stream_slab<Out>(source, slab, written.intensity, {voxels.data(), size});
      memory.sources.give_back(std::move(source));
      if (!is_hopeful) compute("statistics", slab, [&] { made.add(voxels, executor_); });
      preview.add(slab.begin, std::as_bytes(voxels));
      if (writing.valid()) writing.get();
      writing = std::async(std::launch::async, [&, voxels, at = trace_context(), result = std::move(result)]() mutable {
        const TraceScope scope(at, "writer");
        file.append(std::as_bytes(voxels));
        memory.results.give_back(std::move(result));
      });
    }
    writing.get();
    if (is_hopeful && plan_values({stored, stack_.rescale}).dtype != DType::int16) return std::nullopt;
    written.facts = file.finish();
    // Without resampling every stored value is there once in the result, as a whole number.
    written.statistics = is_hopeful ? statistics(mapped(stored)) : made.finish(Out{});
    return record_of(written, preview.finish(written.statistics.min, written.statistics.max));
  }

  /// How often each value occurs in the result. @pre units of stored values are whole, and int16 holds them
  Histogram mapped(const Histogram& stored) const {
    constexpr std::int32_t kLeast = std::numeric_limits<std::int16_t>::min();
    Histogram result{kLeast, std::vector<std::uint64_t>(std::size_t{1} << 16)};
    const auto& clip = plan_.recipe.clip;
    for (std::size_t bin = 0; bin < stored.counts.size(); ++bin) {
      if (stored.counts[bin] == 0) continue;
      const double value = static_cast<double>(stored.first_value) + static_cast<double>(bin);
      double units = stack_.rescale.slope * value + stack_.rescale.intercept;
      if (clip) units = std::clamp(units, clip->low, clip->high);
      result.counts[static_cast<std::size_t>(static_cast<std::int32_t>(units) - kLeast)] += stored.counts[bin];
    }
    return result;
  }

  /// Of the slices that no slab before had: slabs overlap, and go up or down the stack.
  void add_stored(Histogram& sum, SliceRange& counted, Buffer<In>& source, const Slab& slab) {
    if constexpr (!std::is_same_v<In, float>) {
      const SliceRange& all = slab.source;
      SliceRange fresh = all;
      if (counted.count() > 0) {
        fresh = all.begin < counted.begin ? SliceRange{all.begin, counted.begin} : SliceRange{counted.end, all.end};
      }
      counted =
          counted.count() > 0 ? SliceRange{std::min(counted.begin, all.begin), std::max(counted.end, all.end)} : all;
      if (fresh.count() <= 0) return;
      const Size3 size{stack_.grid.size.x, stack_.grid.size.y, fresh.count()};
      const In* const first = source.data() + size.x * size.y * (fresh.begin - all.begin);
      compute("histogram", slab, [&] { add(sum, histogram<In>({first, size}, executor_)); });
    }
  }

  CaseRecord record_of(const Written& written, Preview preview) const {
    CaseRecord record;
    record.preview = std::move(preview);
    record.manifest = manifest_line(plan_, stack_, written, executor_.description());
    return record;
  }

  template <class Out>
  CaseRecord make(Written written) {
    if (can_stream(written.intensity)) return *stream<Out>(std::move(written), false);
    return finish<Out>(std::move(written));
  }

  template <class Out>
  CaseRecord finish(Written written) {
    Result<Out> result(*this, executor_);
    make_voxels(written.intensity, result);
    const std::span<const Out> voxels = result.voxels();
    written.statistics = statistics_of(voxels);
    const EncodedVolume image = encoded(voxels, written.intensity.dtype);
    written.facts = write_image(image_path(plan_), image);
    EncodedVolume first = image;
    first.voxels = image.voxels.first(image.voxels.size() / plan_.stacks.size());
    return record_of(written, make_preview(first, written.statistics.min, written.statistics.max));
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

bool is_blanked(const CasePlan& plan) {
  return plan.face || !std::ranges::all_of(plan.text_boxes, [](const auto& boxes) { return boxes.empty(); });
}

/// What a case is made of, however it is made.
struct CaseParts {
  const Scan& scan;
  const CasePlan& plan;
  const GridPlan& grid;
  const std::filesystem::path& out;
  const CancelToken& cancel;
  InputHashes& hashes;
};

/// Calls `use(case_run)` with the case's stored type settled.
template <class Use>
auto with_run(const CaseParts& parts, const CaseBudget& budget, Executor& executor, const Use& use) {
  const auto& [scan, plan, grid, out, cancel, hashes] = parts;
  const auto with = [&]<class In>(In) {
    CaseRun<In> run(scan, plan, grid, budget, out, executor, cancel, hashes);
    return use(run);
  };
  const DType dtype = scan.stacks[plan.stacks.front()].dtype;
  if (dtype == DType::float32 || plan.recipe.restores()) return with(float{});
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

/// What `work(budget, executor)` returns. Where a device has too little memory it is done slab by slab there, in the
/// end on the CPU.
template <class Work>
auto on_executor(const CasePlan& plan, const CaseBudget& planned, Executor& executor, const Work& work) {
  if (!executor.is_cuda()) return work(planned, executor);
  const auto make = [&](const Attempt& attempt) {
    if (attempt.slab_slices == planned.slab_slices && !attempt.on_cpu) return work(planned, executor);
    Executor cpu = Executor::cpu(executor.thread_count());
    if (attempt.on_cpu) return work(planned, cpu);
    return work(CaseBudget{attempt.slab_slices, false, false, false, planned.memory_bytes}, executor);
  };
  return with_less_memory(planned.slab_slices, make, [&](const Attempt& next) {
    if (next.on_cpu) {
      log::info("{}: the device has too little memory: made on the CPU", Public{plan.case_id});
    } else {
      log::info("{}: the device has too little memory: made in slabs of {} slices", Public{plan.case_id},
                next.slab_slices);
    }
  });
}

/// What `use(case_run)` returns, within the memory that there is. Empty where the case has no place.
template <class Use>
auto within_memory(const CaseParts& parts, Executor& executor, MemoryBudget& memory, const Use& use)
    -> std::optional<decltype(use(std::declval<CaseRun<float>&>()))> {
  const auto budget = budget_of(parts, executor, memory.limit_bytes());
  if (!budget) return std::nullopt;
  const MemoryBudget::Share share(memory, budget->memory_bytes);
  parts.cancel.throw_if_canceled();
  return on_executor(parts.plan, *budget, executor,
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
  CaseRecord record = with_run(parts, budget, executor, [&](auto& run) { return run.run(crop); });
  record.memory_bytes = budget.memory_bytes;
  if (is_blanked(parts.plan)) {
    CaseRun<std::int16_t> marks(parts.scan, parts.plan, parts.grid, budget, parts.out, executor, parts.cancel,
                                parts.hashes);
    record.manifest["redaction"] = marks.write_mask();
  }
  return record;
}

}  // namespace

CaseOutcome StudyRunner::run(const Scan& scan, const CasePlan& plan, const std::filesystem::path& out,
                             const CancelToken& cancel, InputHashes known) {
  const GridPlan whole = plan_grid(scan.stacks[plan.stacks.front()], plan.recipe);
  try {
    CroppedGrid cut{whole, nullptr};
    if (plan.recipe.crop) cut = crop_case({scan, plan, whole, out, cancel, known}, executor_, memory_);
    const CaseParts parts{scan, plan, cut.grid, out, cancel, known};
    const auto budget = budget_of(parts, executor_, memory_.limit_bytes());
    if (!budget) return {std::nullopt, CaseFailure{Code::too_large, std::nullopt, plan.stacks.front()}, {}};
    const MemoryBudget::Share share(memory_, budget->memory_bytes);
    cancel.throw_if_canceled();
    CaseRecord record = on_executor(plan, *budget, executor_, [&](const CaseBudget& within, Executor& there) {
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
  try {
    const auto landmarks = within_memory({scan, plan, grid, nowhere, cancel, hashes}, executor_, memory_,
                                         [](auto& run) { return run.landmarks(); });
    return {landmarks, std::move(hashes)};
  } catch (const Failed&) {
    return {std::nullopt, std::move(hashes)};
  }
}

}  // namespace naru
