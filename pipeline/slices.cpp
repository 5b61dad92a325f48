#include "pipeline/slices.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <map>
#include <type_traits>
#include <vector>

#include "core/trace.h"
#include "dicom/pixels.h"
#include "pipeline/archive.h"

namespace naru {

namespace {

constexpr std::int64_t kSlicesAtOnce = 4;

/// Some slices of one stack on their way into memory.
template <class T>
class SliceReader {
 public:
  SliceReader(const Scan& scan, std::size_t stack, SliceRange range, std::span<T> voxels, const InputHashes& known)
      : scan_(scan),
        stack_index_(stack),
        stack_(scan.stacks[stack]),
        range_(range),
        voxels_(voxels),
        slice_voxels_(static_cast<std::size_t>(stack_.grid.size.x * stack_.grid.size.y)) {
    for (std::size_t n = 0; n < stack_.instances.size(); ++n) {
      const std::int64_t k = k_of(n);
      if (k >= range.begin && k < range.end) jobs_.push_back({n, slab_slice(k)});
    }
    if (!stack_.k_of_instance.empty()) {
      assert((std::is_same_v<T, float>));  // what lies between two stored values is none
      plan_missing();
    }
    for (Job& job : jobs_) {
      const std::size_t index = input_index(job);
      job.is_hashed = scan.inputs[index].sha256.empty() && !scan.inputs[index].place && !known.contains(index) &&
                      instance(job).pixels.frame_count == 1 && instance(job).source != dicom::PlaneSource::mosaic;
    }
  }

  std::size_t size() const { return jobs_.size(); }

  void read_plain(std::size_t job) {
    if (!input(jobs_[job]).place) read_from(jobs_[job], input(jobs_[job]).path);
  }

  /// Archives are read once each, from front to back, whatever the order of the slices.
  void read_archived(const CancelToken& cancel) {
    std::map<std::filesystem::path, std::multimap<std::size_t, Job*>> wanted;  // archive, member
    for (Job& job : jobs_) {
      if (const auto& place = input(job).place) wanted[place->archive].emplace(place->member, &job);
    }
    for (auto& [archive, jobs] : wanted) read_members(archive, jobs, cancel);
  }

  /// The first slice that could not be read.
  std::optional<CaseFailure> failure() const {
    const auto bad = std::ranges::find_if(jobs_, [](const Job& job) { return job.problem.has_value(); });
    if (bad == jobs_.end()) return std::nullopt;
    // Bits Stored was written once for all: no slice of the stack is believed.
    const bool is_of_all = bad->problem == Code::unused_bits_set;
    return CaseFailure{*bad->problem, is_of_all ? std::nullopt : std::optional(bad->instance), stack_index_};
  }

  void collect_hashes(InputHashes& hashes) const {
    for (const Job& job : jobs_) {
      if (!job.sha256.empty()) hashes[input_index(job)] = job.sha256;
    }
  }

  void fill_missing() const {
    for (const Missing& missing : missing_) {
      for (std::size_t v = 0; v < slice_voxels_; ++v) {
        const auto before = static_cast<double>(missing.before[v]), after = static_cast<double>(missing.after[v]);
        missing.out[v] = static_cast<T>(before + missing.weight * (after - before));
      }
    }
  }

 private:
  struct Job {
    std::size_t instance;  ///< index into Stack::instances
    std::span<T> out;
    std::optional<Code> problem = {};
    bool is_hashed = false;
    std::string sha256 = {};  ///< of the whole file, where is_hashed
  };
  struct Missing {
    std::span<T> out;
    std::span<const T> before, after;
    double weight;  ///< of `after`
  };

  std::int64_t k_of(std::size_t n) const {
    return stack_.k_of_instance.empty() ? static_cast<std::int64_t>(n) : stack_.k_of_instance[n];
  }

  std::span<T> slab_slice(std::int64_t k) const {
    return voxels_.subspan(static_cast<std::size_t>(k - range_.begin) * slice_voxels_, slice_voxels_);
  }

  const dicom::Instance& instance(const Job& job) const {
    return scan_.candidates[stack_.instances[job.instance]].instance;
  }

  std::size_t input_index(const Job& job) const { return scan_.input_of_candidate[stack_.instances[job.instance]]; }
  const InputRecord& input(const Job& job) const { return scan_.inputs[input_index(job)]; }

  /// The neighbours of missing slices, which may lie outside of the range.
  void plan_missing() {
    std::map<std::size_t, std::span<T>> at;  // instance
    for (const Job& job : jobs_) at[job.instance] = job.out;
    const auto slice_of = [&](std::size_t n) {
      if (!at.contains(n)) {
        at[n] = outside_.emplace_back(slice_voxels_);
        jobs_.push_back({n, at[n]});
      }
      return at[n];
    };
    const auto& ks = stack_.k_of_instance;
    for (std::int64_t k = range_.begin; k < range_.end; ++k) {
      const auto after = std::ranges::lower_bound(ks, k);
      if (after == ks.end() || *after == k || after == ks.begin()) continue;
      const auto n = static_cast<std::size_t>(after - ks.begin());
      const double weight = static_cast<double>(k - ks[n - 1]) / static_cast<double>(ks[n] - ks[n - 1]);
      missing_.push_back({slab_slice(k), slice_of(n - 1), slice_of(n), weight});
    }
  }

  void read_from(Job& job, const std::filesystem::path& path) const {
    const dicom::Instance& slice = instance(job);
    const Span span(Stage::read, "slice", {{}, input(job).size_bytes});
    std::string* const sha256 = job.is_hashed ? &job.sha256 : nullptr;
    if constexpr (std::is_same_v<T, float>) {
      std::vector<std::uint16_t> stored(slice_voxels_);
      job.problem = dicom::read_pixels(path, slice, stored, sha256);
      const dicom::Rescale& rescale = stack_.slice_rescales[job.instance];
      const bool is_unsigned = dicom::is_uint16(slice.pixels);
      std::ranges::transform(stored, job.out.begin(), [&](std::uint16_t bits) {
        const double number = dicom::stored_number(bits, is_unsigned);
        return static_cast<float>(rescale.slope * number + rescale.intercept);
      });
    } else {
      job.problem = dicom::read_pixels(path, slice, job.out, sha256);
      if (stack_.stored_offsets.empty()) return;
      const auto offset = static_cast<std::uint16_t>(stack_.stored_offsets[job.instance]);  // modulo 2^16
      for (std::uint16_t& bits : job.out) bits = static_cast<std::uint16_t>(bits + offset);
    }
  }

  void read_members(const std::filesystem::path& archive, std::multimap<std::size_t, Job*>& jobs,
                    const CancelToken& cancel) {
    for (const auto& [member, job] : jobs) job->problem = Code::unreadable;  // until it is read
    ArchiveReader reader(archive);
    std::vector<std::byte> bytes;
    for (std::size_t left = jobs.size(); left > 0;) {
      const auto member = reader.next(cancel);
      if (!member) return;
      const auto [begin, end] = jobs.equal_range(member->index);
      if (begin == end) continue;
      left -= static_cast<std::size_t>(std::distance(begin, end));
      bytes.resize(static_cast<std::size_t>(input(*begin->second).size_bytes));
      if (reader.read(bytes) != bytes.size()) {
        for (auto planes = begin; planes != end; ++planes) planes->second->problem = Code::corrupt;
        continue;
      }
      const MemoryFile file(bytes);
      for (auto planes = begin; planes != end; ++planes) read_from(*planes->second, file.path());
    }
  }

  const Scan& scan_;
  std::size_t stack_index_;
  const dicom::Stack& stack_;
  SliceRange range_;
  std::span<T> voxels_;
  std::size_t slice_voxels_;
  std::vector<Job> jobs_;
  std::deque<std::vector<T>> outside_;  ///< neighbours of missing slices beyond the range; a deque keeps them in place
  std::vector<Missing> missing_;
};

}  // namespace

template <class T>
std::optional<CaseFailure> read_slices(const Scan& scan, std::size_t stack, SliceRange range, std::span<T> voxels,
                                       Executor& executor, const CancelToken& cancel, InputHashes& hashes) {
  SliceReader<T> reader(scan, stack, range, voxels, hashes);
  const auto count = static_cast<std::int64_t>(reader.size());
  executor.parallel_for(count, kSlicesAtOnce, [&, context = trace_context()](std::int64_t begin, std::int64_t end) {
    const TraceScope scope(context, "worker");
    for (std::int64_t job = begin; job < end; ++job) {
      cancel.throw_if_canceled();
      reader.read_plain(static_cast<std::size_t>(job));
    }
  });
  reader.read_archived(cancel);
  reader.collect_hashes(hashes);
  if (const auto failure = reader.failure()) return failure;
  reader.fill_missing();
  return std::nullopt;
}

template std::optional<CaseFailure> read_slices(const Scan&, std::size_t, SliceRange, std::span<std::uint16_t>,
                                                Executor&, const CancelToken&, InputHashes&);
template std::optional<CaseFailure> read_slices(const Scan&, std::size_t, SliceRange, std::span<float>, Executor&,
                                                const CancelToken&, InputHashes&);

std::uint64_t slice_buffer_bytes(const Scan& scan, const dicom::Stack& stack, int thread_count) {
  std::uint64_t member = 0, decoding = 0;
  const auto slice_voxels = static_cast<std::uint64_t>(stack.grid.size.x * stack.grid.size.y);
  for (const std::size_t candidate : stack.instances) {
    const InputRecord& input = scan.inputs[scan.input_of_candidate[candidate]];
    if (input.place) member = std::max(member, 2 * input.size_bytes);  // the member, and its file in memory
    decoding = std::max(decoding, dicom::decode_buffer_bytes(scan.candidates[candidate].instance));
  }
  const bool is_float = stack.dtype == DType::float32;
  const std::uint64_t neighbours = stack.k_of_instance.empty() ? 0 : 2 * slice_voxels * (is_float ? 4 : 2);
  const std::uint64_t stored = is_float ? 2 * slice_voxels : 0;
  return member + neighbours + (decoding + stored) * static_cast<std::uint64_t>(thread_count);
}

}  // namespace naru
