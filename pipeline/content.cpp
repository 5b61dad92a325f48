#include "pipeline/content.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <optional>
#include <vector>

#include "core/digest.h"
#include "dicom/colour.h"
#include "dicom/pixels.h"
#include "pipeline/archive.h"
#include "pipeline/files.h"
#include "pipeline/memory_budget.h"

namespace naru {

namespace {

constexpr std::int64_t kFilesAtOnce = 16;
constexpr std::size_t kPieceBytes = std::size_t{1} << 18;
/// A longer member is not taken into memory here: its pictures count as unreadable.
constexpr std::uint64_t kMaxMemberBytes = std::uint64_t{2} << 30;

/// Members by index, with their inputs.
using Members = std::map<std::size_t, std::size_t>;

void hash_members(Scan& scan, const std::filesystem::path& archive, Members wanted, const CancelToken& cancel) {
  ArchiveReader reader(archive);
  std::vector<std::byte> piece(kPieceBytes);
  while (!wanted.empty()) {
    const auto member = reader.next(cancel);
    if (!member) return;
    const auto found = wanted.find(member->index);
    if (found == wanted.end()) continue;
    Sha256 hash;
    std::optional<std::size_t> count;
    while ((count = reader.read(piece)) && *count > 0) hash.update(std::span(piece).first(*count));
    if (count) scan.inputs[found->second].sha256 = hash.finish();
    wanted.erase(found);
  }
}

/// Counts finished files and tells of them, from any thread.
class Counter {
 public:
  Counter(std::string_view stage, std::size_t total, const OnProgress& on_progress)
      : progress_{stage, 0, total, "files", 0}, on_progress_(on_progress) {}
  void add(std::uint64_t files, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    progress_.done += files;
    progress_.bytes += bytes;
    on_progress_(progress_);
  }

 private:
  std::mutex mutex_;
  Progress progress_;
  const OnProgress& on_progress_;
};

using Values = std::vector<std::uint16_t>;

/// What reading one plane takes.
std::uint64_t plane_bytes(const dicom::Instance& instance) {
  const auto values = static_cast<std::uint64_t>(instance.columns * instance.rows * instance.pixels.samples_per_pixel);
  return values * sizeof(Values::value_type) + dicom::decode_buffer_bytes(instance);
}

std::uint64_t frame_bytes(const dicom::PixelFormat& format) {
  dicom::Instance whole;
  whole.pixels = format;
  whole.columns = format.columns;
  whole.rows = format.rows;
  return plane_bytes(whole);
}

std::optional<Code> read_values(const std::filesystem::path& path, const dicom::Instance& instance, Values& values) {
  values.resize(static_cast<std::size_t>(instance.columns * instance.rows));
  return dicom::read_pixels(path, instance, values);
}

std::string values_sha256(const std::filesystem::path& path, const dicom::Instance& instance, Values& values) {
  return read_values(path, instance, values) ? "" : sha256_hex(std::as_bytes(std::span(values)));
}

/// What `read` finds, once there is room for it.
template <class Read>
std::optional<Code> read_within(MemoryBudget& budget, std::uint64_t bytes, Read read) {
  if (!budget.can_ever_hold(bytes)) return Code::too_large;
  const MemoryBudget::Share share(budget, bytes);
  return read();
}

/// Candidates by member of one archive.
using Planes = std::map<std::size_t, std::vector<std::size_t>>;

std::map<std::filesystem::path, Planes> planes_of_archives(const Scan& scan) {
  std::map<std::filesystem::path, Planes> archives;
  for (std::size_t c = 0; c < scan.candidates.size(); ++c) {
    const auto& place = scan.inputs[scan.input_of_candidate[c]].place;
    if (place) archives[place->archive][place->member].push_back(c);
  }
  return archives;
}

/// Reads an archive once, and calls `visit(candidate, path)` for each plane in it whose member can be read.
/// @param memory_bytes for the member and for its copy that has a path
template <class Visit>
void for_each_plane(const Scan& scan, const std::filesystem::path& archive, const Planes& planes,
                    std::uint64_t memory_bytes, const CancelToken& cancel, Visit visit) {
  ArchiveReader reader(archive);
  std::vector<std::byte> bytes;
  while (const auto member = reader.next(cancel)) {
    const auto found = planes.find(member->index);
    if (found == planes.end()) continue;
    const std::uint64_t size_bytes = scan.inputs[scan.input_of_candidate[found->second.front()]].size_bytes;
    if (size_bytes > kMaxMemberBytes || size_bytes > memory_bytes / 2) continue;
    bytes.resize(static_cast<std::size_t>(size_bytes));
    if (reader.read(bytes) != bytes.size()) continue;
    const MemoryFile file(bytes);
    for (const std::size_t candidate : found->second) visit(candidate, file.path());
  }
}

void decode_archives(Scan& scan, std::uint64_t memory_bytes, const CancelToken& cancel, Counter& counter) {
  for (const auto& [archive, planes] : planes_of_archives(scan)) {
    std::map<std::size_t, std::optional<Code>> found;
    const auto member_bytes = [&](std::size_t c) { return 2 * scan.inputs[scan.input_of_candidate[c]].size_bytes; };
    for_each_plane(scan, archive, planes, memory_bytes, cancel, [&](std::size_t c, const std::filesystem::path& path) {
      const dicom::Instance& instance = scan.candidates[c].instance;
      const bool fits = plane_bytes(instance) <= memory_bytes - member_bytes(c);
      Values values;
      found[c] = fits ? read_values(path, instance, values) : Code::too_large;
      counter.add(1, 0);
    });
    for (const auto& [member, candidates] : planes) {
      for (const std::size_t c : candidates) {
        auto& broken = scan.candidates[c].broken;
        const Code missed = member_bytes(c) > memory_bytes ? Code::too_large : Code::unreadable;
        if (!broken) broken = found.contains(c) ? found[c] : missed;
      }
    }
  }
}

}  // namespace

void hash_inputs(Scan& scan, std::span<const std::size_t> inputs, Executor& executor, const CancelToken& cancel,
                 const OnProgress& on_progress) {
  std::vector<std::size_t> files;
  std::map<std::filesystem::path, Members> archives;
  for (const std::size_t index : inputs) {
    const InputRecord& record = scan.inputs[index];
    const bool is_readable = record.reason != Code::unreadable && !(record.place && record.reason == Code::encrypted);
    if (!record.sha256.empty() || !is_readable) continue;
    if (record.place) {
      archives[record.place->archive][record.place->member] = index;
    } else {
      files.push_back(index);
    }
  }
  Counter counter("checking sums", files.size() + archives.size(), on_progress);
  const std::vector<std::pair<std::filesystem::path, Members>> list(archives.begin(), archives.end());
  executor.parallel_for(static_cast<std::int64_t>(list.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto& [archive, members] = list[static_cast<std::size_t>(i)];
      hash_members(scan, archive, members, cancel);
      counter.add(1, 0);
    }
  });
  executor.parallel_for(static_cast<std::int64_t>(files.size()), kFilesAtOnce,
                        [&](std::int64_t begin, std::int64_t end) {
                          std::uint64_t bytes = 0;
                          for (std::int64_t i = begin; i < end; ++i) {
                            cancel.throw_if_canceled();
                            InputRecord& record = scan.inputs[files[static_cast<std::size_t>(i)]];
                            const auto facts = hash_file(record.path);
                            if (facts) record.sha256 = facts->sha256;
                            bytes += record.size_bytes;
                          }
                          counter.add(static_cast<std::uint64_t>(end - begin), bytes);
                        });
}

void complete_hashes(Scan& scan, Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) {
  std::vector<std::size_t> all(scan.inputs.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  hash_inputs(scan, all, executor, cancel, on_progress);
}

void decode_candidates(Scan& scan, std::uint64_t memory_bytes, Executor& executor, const CancelToken& cancel,
                       const OnProgress& on_progress) {
  MemoryBudget budget(memory_bytes);
  Counter counter("decoding", scan.candidates.size(), on_progress);
  executor.parallel_for(
      static_cast<std::int64_t>(scan.candidates.size()), kFilesAtOnce, [&](std::int64_t begin, std::int64_t end) {
        for (auto c = static_cast<std::size_t>(begin); c < static_cast<std::size_t>(end); ++c) {
          cancel.throw_if_canceled();
          const InputRecord& input = scan.inputs[scan.input_of_candidate[c]];
          dicom::Candidate& candidate = scan.candidates[c];
          if (input.place) continue;
          Values values;
          if (!candidate.broken) {
            candidate.broken = read_within(budget, plane_bytes(candidate.instance),
                                           [&] { return read_values(input.path, candidate.instance, values); });
          }
          counter.add(1, values.size() * sizeof(Values::value_type));
        }
      });
  decode_archives(scan, memory_bytes, cancel, counter);
  executor.parallel_for(static_cast<std::int64_t>(scan.others.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      cancel.throw_if_canceled();
      const OtherImage& other = scan.others[i];
      InputRecord& input = scan.inputs[other.input];
      if (input.place) continue;  // screenshots in archives are not decoded
      const auto problem = read_within(budget, frame_bytes(other.format), [&] {
        return dicom::check_pixels(input.path, other.format, other.palette ? &*other.palette : nullptr);
      });
      if (problem) input.reason = problem;
    }
  });
}

bool PixelComparison::same(std::size_t a, std::size_t b) {
  if (input(a).place || input(b).place) {
    const std::string first = sha256(a);
    return !first.empty() && first == sha256(b);
  }
  Values first, second;
  return !read_values(input(a).path, scan_.candidates[a].instance, first) &&
         !read_values(input(b).path, scan_.candidates[b].instance, second) && first == second;
}

std::string PixelComparison::sha256(std::size_t candidate) {
  Values values;
  const auto& place = input(candidate).place;
  if (!place) return values_sha256(input(candidate).path, scan_.candidates[candidate].instance, values);
  if (archives_read_.insert(place->archive).second) read_archive(place->archive);
  const auto found = of_members_.find(candidate);
  return found == of_members_.end() ? "" : found->second;
}

void PixelComparison::read_archive(const std::filesystem::path& archive) {
  Values values;
  for_each_plane(scan_, archive, planes_of_archives(scan_).at(archive), 2 * kMaxMemberBytes, cancel_,
                 [&](std::size_t candidate, const std::filesystem::path& path) {
                   of_members_[candidate] = values_sha256(path, scan_.candidates[candidate].instance, values);
                 });
}

}  // namespace naru
