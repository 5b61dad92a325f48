#include "pipeline/case_stream.h"

#include <algorithm>
#include <future>
#include <memory>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>

#include "core/error.h"
#include "core/trace.h"
#include "kernels/statistics.h"
#include "kernels/whole_statistics.h"
#include "pipeline/buffer_pool.h"
#include "pipeline/case_source.h"
#include "pipeline/case_values.h"
#include "pipeline/outputs/gzip.h"
#include "pipeline/outputs/nifti.h"
#include "pipeline/slab_maker.h"
#include "pipeline/stream_order.h"

namespace naru {

namespace {

SliceRange part_before(const SliceRange& all, const SliceRange& taken) {
  return {all.begin, std::clamp(taken.begin, all.begin, all.end)};
}
SliceRange part_behind(const SliceRange& all, const SliceRange& taken) {
  return {std::clamp(taken.end, all.begin, all.end), all.end};
}

/// The slices of a slab that the one before it does not have. Slabs go up or down the stack.
SliceRange own_slices(const std::vector<Slab>& slabs, std::size_t n) {
  const SliceRange& all = slabs[n].source;
  if (n == 0) return all;
  const SliceRange& before = slabs[n - 1].source;
  return all.begin < before.begin ? part_before(all, before) : part_behind(all, before);
}

/// The slices that a slab has in common with the one before it.
SliceRange shared_slices(const std::vector<Slab>& slabs, std::size_t n) {
  if (n == 0) return {};
  const SliceRange& all = slabs[n].source;
  const SliceRange& before = slabs[n - 1].source;
  const std::int64_t begin = std::max(all.begin, before.begin);
  return {begin, std::max(begin, std::min(all.end, before.end))};
}

bool is_archived(const CaseParts& parts, const dicom::Stack& stack) {
  return std::ranges::any_of(stack.instances, [&](std::size_t candidate) {
    return parts.scan.inputs[parts.scan.input_of_candidate[candidate]].place.has_value();
  });
}

/// Makes the sources begin and end in the order of the slabs, up or down the stack. A place on a slice takes that slice
/// alone, however far an interpolation reaches, so the sources of a thin slab may lie within those of its neighbours:
/// it would not hand on what the next one needs.
void put_in_order(std::vector<Slab>& slabs) {
  const bool goes_up =
      slabs.back().source.begin + slabs.back().source.end >= slabs.front().source.begin + slabs.front().source.end;
  if (!goes_up) std::ranges::reverse(slabs);
  for (std::size_t n = 1; n < slabs.size(); ++n) {
    slabs[n].source.end = std::max(slabs[n].source.end, slabs[n - 1].source.end);
  }
  for (std::size_t n = slabs.size() - 1; n > 0; --n) {
    slabs[n - 1].source.begin = std::min(slabs[n - 1].source.begin, slabs[n].source.begin);
  }
  if (!goes_up) std::ranges::reverse(slabs);
}

std::vector<Slab> slabs_of(const GridPlan& grid, std::int64_t step) {
  std::vector<Slab> slabs;
  const std::int64_t count = grid.grid.size.z;
  for (std::int64_t begin = 0; begin < count; begin += step) {
    const std::int64_t end = std::min(begin + step, count);
    const auto [first, last] = grid.source_slices(begin, end);
    slabs.push_back({0, begin, end, {first, last}});
  }
  put_in_order(slabs);
  return slabs;
}

/// How often a slice of the stack is a source, on average.
double times_used(const std::vector<Slab>& slabs) {
  std::int64_t all = 0, own = 0;
  for (std::size_t n = 0; n < slabs.size(); ++n) {
    all += slabs[n].source.count();
    own += own_slices(slabs, n).count();
  }
  return static_cast<double>(all) / static_cast<double>(std::max<std::int64_t>(own, 1));
}

/// What one slot holds, in bytes.
struct SlotSizes {
  std::size_t source = 0;
  std::size_t begun = 0;  ///< room for a member of gzip that was begun
  std::size_t result = 0;
  std::size_t packed = 0;  ///< room for members
  std::size_t all() const { return source + begun + result + packed; }
};

/// Room for any of the slabs. @param is_kept their sources are in memory already
SlotSizes slot_sizes(const CaseParts& parts, const IntensityPlan& intensity, const std::vector<Slab>& slabs,
                     bool is_kept) {
  constexpr std::size_t kAlignment = 4096;
  const auto room = [](const Size3& size, std::int64_t slices, std::size_t voxel_bytes) {
    const std::size_t bytes = static_cast<std::size_t>(size.x * size.y * slices) * voxel_bytes;
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  };
  const dicom::Stack& stack = parts.scan.stacks[parts.plan.stacks.front()];
  std::int64_t sources = 0, results = 0;
  for (const Slab& slab : slabs) {
    sources = std::max(sources, slab.source.count());
    results = std::max(results, slab.end - slab.begin);
  }
  SlotSizes sizes;
  if (!is_kept) sizes.source = room(stack.grid.size, sources, size_bytes(stack.dtype));
  sizes.result = room(parts.grid.grid.size, results, size_bytes(intensity.dtype));
  const Compression compression = parts.plan.recipe.compression;
  if (compression == Compression::none) return sizes;
  sizes.begun = kGzipMemberBytes;
  sizes.packed = room({1, 1, 1}, static_cast<std::int64_t>(sizes.result / kGzipMemberBytes + 2),
                      gzip_room_bytes(effort_of(compression)));
  return sizes;
}

/// Sets a promise that may have been set before.
template <class T>
void fail(std::promise<T>& promise, const std::exception_ptr& failure) {
  try {
    promise.set_exception(failure);
  } catch (const std::future_error&) {  // it was kept
  }
}

/// One image on its way. Slab n lies in slot n modulo their count.
template <class In, class Out>
class Stream {
 public:
  explicit Stream(const StreamJob<In>& job)
      : job_(job),
        stack_(job.parts.scan.stacks[job.parts.plan.stacks.front()]),
        slabs_(job.slabs),
        shape_{{}, job.parts.grid.grid, job.intensity.dtype},
        compression_(job.parts.plan.recipe.compression),
        executor_(Executor::cpu(1)),
        preview_(shape_),
        slots_(job.slot_count),
        order_(slabs_.size(), slots_.size()),
        carried_slices_(slabs_.size()),
        carried_bytes_(slabs_.size()),
        slice_pool_(executor_),
        byte_pool_(executor_) {
    allocate_slots();
  }

  std::optional<StreamedImage> run() {
    FileWriter file(job_.path);
    write_header(file);
    work_with(file);
    if (job_.is_hopeful && !is_fulfilled(job_.parts.plan, stack_, stored_.finish())) return std::nullopt;
    StreamedImage image;
    image.statistics = std::is_same_v<Out, float> ? sums_.finish() : whole_.finish();
    image.facts = file.finish();
    image.preview = preview_.finish(image.statistics.min, image.statistics.max);
    return image;
  }

 private:
  using Stored = std::conditional_t<std::is_same_v<In, float>, std::int16_t, In>;  // float: never hopeful

  struct Slot {
    std::span<In> source;
    std::byte* result = nullptr;  ///< before it there is room for a member of gzip that was begun
    std::span<std::byte> packed;  ///< room for members
    std::vector<std::span<const std::byte>> members;
  };

  /// What one thread works with.
  struct Worker {
    explicit Worker(const StreamJob<In>& job)
        : hashes(job.parts.hashes),
          executor(Executor::cpu(1)),
          source(job.parts.scan, job.parts.plan, executor, job.parts.cancel, hashes, job.parts.bias_field),
          maker(job.parts.grid, executor) {}

    InputHashes hashes;
    Executor executor;
    CaseSource<In> source;
    SlabMaker<In> maker;
    GzipCompressor compressor;
    WholeStatistics<Stored> stored;       ///< of a hopeful plan
    WholeStatistics<std::int16_t> whole;  ///< of an int16 result
  };

  /// All slabs, by as many threads as the job has, this one among them.
  void work_with(FileWriter& file) {
    std::vector<std::unique_ptr<Worker>> workers;
    for (int n = 0; n < job_.thread_count; ++n) workers.push_back(std::make_unique<Worker>(job_));
    {
      std::vector<std::jthread> threads;
      for (std::size_t n = 1; n < workers.size(); ++n) {
        threads.emplace_back([&, n, context = trace_context()] {
          const TraceScope scope(context, "worker");
          work(*workers[n], file);
        });
      }
      work(*workers.front(), file);
    }
    for (const auto& worker : workers) take(*worker);
    order_.throw_if_failed();
  }

  /// @pre its thread has ended
  void take(Worker& worker) {
    job_.parts.hashes.merge(worker.hashes);
    stored_.add(worker.stored);
    whole_.add(worker.whole);
  }

  bool is_kept() const { return job_.kept.data != nullptr; }
  bool is_compressed() const { return compression_ != Compression::none; }
  std::size_t packed_bytes() const { return is_compressed() ? gzip_room_bytes(effort_of(compression_)) : 0; }
  std::size_t source_voxels(std::int64_t slices) const {
    return static_cast<std::size_t>(stack_.grid.size.x * stack_.grid.size.y * slices);
  }
  std::size_t result_bytes(std::int64_t slices) const {
    return static_cast<std::size_t>(shape_.grid.size.x * shape_.grid.size.y * slices) * sizeof(Out);
  }

  /// One block for all slots: it lies on huge pages.
  void allocate_slots() {
    const SlotSizes sizes = slot_sizes(job_.parts, job_.intensity, slabs_, is_kept());
    memory_ = Buffer<std::byte>::on_host(slots_.size() * sizes.all(), executor_);
    std::byte* at = memory_.data();
    for (Slot& slot : slots_) {
      slot.source = {reinterpret_cast<In*>(at), sizes.source / sizeof(In)};
      slot.result = at + sizes.source + sizes.begun;
      slot.packed = {slot.result + sizes.result, sizes.packed};
      at += sizes.all();
    }
  }

  Slot& slot_of(std::size_t n) { return slots_[n % slots_.size()]; }

  std::span<Out> voxels_of(std::size_t n) {
    const std::size_t bytes = result_bytes(slabs_[n].end - slabs_[n].begin);
    return {reinterpret_cast<Out*>(slot_of(n).result), bytes / sizeof(Out)};
  }

  void work(Worker& worker, FileWriter& file) {
    using Work = StreamOrder::Work;
    for (auto task = order_.next(); task.work != Work::end; task = order_.next()) {
      try {
        if (task.work == Work::make) make(task.slab, worker);
        if (task.work == Work::write) write(task.slab, file);
        if (task.work == Work::complete) preview_.draw();
        order_.finish(task);
      } catch (...) {
        if (task.work == Work::make) {  // the slab behind may wait for this one
          fail(carried_slices_[task.slab], std::current_exception());
          fail(carried_bytes_[task.slab], std::current_exception());
        }
        order_.fail(task);
      }
    }
  }

  void make(std::size_t n, Worker& worker) {
    const Slab& slab = slabs_[n];
    job_.parts.cancel.throw_if_canceled();
    const auto source = is_kept() ? job_.kept : load(n, worker);
    const std::span<Out> voxels = voxels_of(n);
    const Size3 size{shape_.grid.size.x, shape_.grid.size.y, slab.end - slab.begin};
    worker.maker.template resample_slab<In, Out>({source}, is_kept() ? 0 : slab.source.begin, slab, job_.intensity,
                                                 {{voxels.data(), size}});
    preview_.add(slab.begin, std::as_bytes(voxels));
    if constexpr (std::is_same_v<Out, std::int16_t>) {
      const Span span(Stage::compute, "statistics", {slab.begin, {}});
      worker.whole.add(voxels);
    }
    if (is_compressed()) compress(n, worker.compressor);
  }

  /// Reads what the slab before does not have, takes the rest from there, and hands on what the next one needs.
  VolumeView<const In> load(std::size_t n, Worker& worker) {
    const SliceRange all = slabs_[n].source, own = own_slices(slabs_, n), shared = shared_slices(slabs_, n);
    // Checked in every build: what nobody fills is other memory.
    if (own.count() + shared.count() != all.count()) {
      throw Error(ErrorCode::internal, "a slab lacks source slices that its voxels are made of");
    }
    const std::span<In> voxels = slot_of(n).source;
    const auto slices = [&](const SliceRange& range) {
      return voxels.subspan(source_voxels(range.begin - all.begin), source_voxels(range.count()));
    };
    if (own.count() > 0) {
      worker.source.read_into(slices(own), 0, own);
      if constexpr (std::is_same_v<In, Stored>) {
        if (job_.is_hopeful) worker.stored.add(slices(own));
      }
    }
    if (shared.count() > 0) {
      Buffer<In> carried = carried_slices_[n - 1].get_future().get();
      std::ranges::copy(carried.host().first(source_voxels(shared.count())), slices(shared).begin());
      slice_pool_.give_back(std::move(carried));
    }
    const SliceRange next = n + 1 < slabs_.size() ? shared_slices(slabs_, n + 1) : SliceRange{};
    if (next.count() > 0) {
      Buffer<In> carried = slice_pool_.take(source_voxels(next.count()));
      std::ranges::copy(slices(next), carried.host().begin());
      carried_slices_[n].set_value(std::move(carried));
    }
    return {voxels.data(), {stack_.grid.size.x, stack_.grid.size.y, all.count()}};
  }

  /// Makes the members that end in this slab; the first of them may have begun in the slab before.
  void compress(std::size_t n, GzipCompressor& compressor) {
    Slot& slot = slot_of(n);
    const bool is_last = n + 1 == slabs_.size();
    const std::size_t begun = result_bytes(slabs_[n].begin) % kGzipMemberBytes;
    std::byte* const first = slot.result - begun;
    if (begun > 0) {
      Buffer<std::byte> carried = carried_bytes_[n - 1].get_future().get();
      std::copy_n(carried.data(), begun, first);
      byte_pool_.give_back(std::move(carried));
    }
    std::span<const std::byte> bytes(first, begun + voxels_of(n).size_bytes());
    const std::size_t rest = is_last ? 0 : bytes.size() % kGzipMemberBytes;
    if (rest > 0) {
      Buffer<std::byte> carried = byte_pool_.take(kGzipMemberBytes);
      std::ranges::copy(bytes.last(rest), carried.data());
      carried_bytes_[n].set_value(std::move(carried));
    }
    bytes = bytes.first(bytes.size() - rest);
    slot.members.clear();
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), kGzipMemberBytes))) {
      const auto room = slot.packed.subspan(slot.members.size() * packed_bytes(), packed_bytes());
      const auto piece = bytes.first(std::min(bytes.size(), kGzipMemberBytes));
      slot.members.push_back(compressor.compress(piece, effort_of(compression_), room));
    }
  }

  void write(std::size_t n, FileWriter& file) {
    if constexpr (std::is_same_v<Out, float>) {
      const Span span(Stage::compute, "statistics", {slabs_[n].begin, {}});
      sums_.add(voxels_of(n), executor_);
    }
    if (!is_compressed()) return file.append(std::as_bytes(voxels_of(n)));
    for (const auto& member : slot_of(n).members) file.append(member);
  }

  void write_header(FileWriter& file) const {
    const auto header = nifti_header(shape_);
    if (!is_compressed()) return file.append(header);
    std::vector<std::byte> room(packed_bytes());
    file.append(GzipCompressor().compress(header, effort_of(compression_), room));
  }

  const StreamJob<In>& job_;
  const dicom::Stack& stack_;
  const std::vector<Slab>& slabs_;
  const EncodedVolume shape_;
  const Compression compression_;
  Executor executor_;  ///< of the thread that writes
  PreviewMaker preview_;
  std::vector<Slot> slots_;
  Buffer<std::byte> memory_;  ///< of the slots
  StreamOrder order_;
  // By slab: what it hands on to the next.
  std::vector<std::promise<Buffer<In>>> carried_slices_;
  std::vector<std::promise<Buffer<std::byte>>> carried_bytes_;
  BufferPool<In> slice_pool_;
  BufferPool<std::byte> byte_pool_;
  StatisticsInParts sums_;  ///< of a float result
  WholeStatistics<Stored> stored_;
  WholeStatistics<std::int16_t> whole_;
};

}  // namespace

std::vector<Slab> stream_slabs(const CaseParts& parts, const IntensityPlan& intensity, int thread_count) {
  // So thin that what a thread works on stays in its cache, and that threads end together.
  constexpr std::int64_t kSlabBytes = std::int64_t{2} << 20, kSlabsOfThread = 8;
  // So thick that few slices are sources of two slabs, which an interpolation that reaches far would take twice.
  constexpr double kMostTimesUsed = 1.5;
  const GridPlan& grid = parts.grid;
  const dicom::Stack& stack = parts.scan.stacks[parts.plan.stacks.front()];
  if (parts.plan.stacks.size() > 1 || grid.straighten || grid.orient.is_permutation() || grid.slice_axis() != 2 ||
      intensity.maps_before || parts.plan.recipe.restores() || is_archived(parts, stack)) {
    return {};
  }
  const Size3& size = grid.grid.size;
  const std::int64_t fits = kSlabBytes / (size.x * size.y * static_cast<std::int64_t>(size_bytes(intensity.dtype)));
  std::int64_t step = std::clamp<std::int64_t>(fits, 1, size.z / (kSlabsOfThread * thread_count) + 1);
  while (step < size.z && times_used(slabs_of(grid, step)) > kMostTimesUsed) step *= 2;
  return step < size.z ? slabs_of(grid, step) : std::vector<Slab>();
}

std::size_t stream_slots(const CaseParts& parts, const IntensityPlan& intensity, const std::vector<Slab>& slabs,
                         bool is_kept, const Executor& executor, std::uint64_t memory_bytes) {
  // So many slabs of a thread are on their way: one that it makes, and some that wait for their turn to be written.
  constexpr std::size_t kSlabsPerThread = 3;
  const dicom::Stack& stack = parts.scan.stacks[parts.plan.stacks.front()];
  const auto threads = static_cast<std::size_t>(executor.thread_count());
  const Size3& size = stack.grid.size;
  std::uint64_t working = 0;
  std::int64_t handed_on = 0;
  for (std::size_t n = 0; n < slabs.size(); ++n) {
    const Slab& slab = slabs[n];
    working = std::max(
        working, resample_working_bytes({size.x, size.y, slab.source.count()},
                                        parts.grid.resample_part(slab.begin, slab.end, slab.source.begin), executor));
    handed_on = std::max(handed_on, shared_slices(slabs, n).count());
  }
  const std::uint64_t slice = static_cast<std::uint64_t>(size.x * size.y) * size_bytes(stack.dtype);
  if (!is_kept) {
    working += slice_buffer_bytes(parts.scan, stack, executor.thread_count()) +
               (threads + 1) * static_cast<std::uint64_t>(handed_on) * slice;
  } else {
    working += static_cast<std::uint64_t>(size.z) * slice;
  }
  const SlotSizes sizes = slot_sizes(parts, intensity, slabs, is_kept);
  working += (threads + 1) * sizes.begun;
  const std::uint64_t room = memory_bytes > working ? (memory_bytes - working) / sizes.all() : 0;
  const std::size_t slots = std::min<std::uint64_t>({room, slabs.size(), kSlabsPerThread * threads});
  return slots < std::min(slabs.size(), threads) ? 0 : slots;
}

template <class In, class Out>
std::optional<StreamedImage> stream_case(const StreamJob<In>& job) {
  return Stream<In, Out>(job).run();
}

template std::optional<StreamedImage> stream_case<std::int16_t, std::int16_t>(const StreamJob<std::int16_t>&);
template std::optional<StreamedImage> stream_case<std::int16_t, float>(const StreamJob<std::int16_t>&);
template std::optional<StreamedImage> stream_case<std::uint16_t, std::int16_t>(const StreamJob<std::uint16_t>&);
template std::optional<StreamedImage> stream_case<std::uint16_t, float>(const StreamJob<std::uint16_t>&);
template std::optional<StreamedImage> stream_case<float, std::int16_t>(const StreamJob<float>&);
template std::optional<StreamedImage> stream_case<float, float>(const StreamJob<float>&);

}  // namespace naru
