#include "pipeline/content.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <optional>
#include <vector>

#include "core/digest.h"
#include "dicom/pixels.h"
#include "pipeline/archive.h"
#include "pipeline/files.h"

namespace naru {

namespace {

constexpr std::int64_t kFilesAtOnce = 16;
constexpr std::size_t kPieceBytes = std::size_t{1} << 18;
/// A longer member is not held in memory for a comparison: it counts as a picture of its own.
constexpr std::uint64_t kMaxComparedBytes = std::uint64_t{1} << 30;

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
  Counter(std::size_t total, const OnProgress& on_progress)
      : progress_{"checking sums", 0, total, "files", 0}, on_progress_(on_progress) {}
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

std::optional<std::string> values_sha256(const std::filesystem::path& path, const dicom::Instance& instance,
                                         std::vector<std::uint16_t>& values) {
  values.resize(static_cast<std::size_t>(instance.columns * instance.rows));
  if (dicom::read_pixels(path, instance, values)) return std::nullopt;
  return sha256_hex(std::as_bytes(std::span(values)));
}

}  // namespace

void hash_inputs(Scan& scan, std::span<const std::size_t> inputs, Executor& executor, const CancelToken& cancel,
                 const OnProgress& on_progress) {
  std::vector<std::size_t> files;
  std::map<std::filesystem::path, Members> archives;
  for (const std::size_t index : inputs) {
    const InputRecord& record = scan.inputs[index];
    const bool is_readable = record.reason != Code::unreadable && record.reason != Code::encrypted;
    if (!record.sha256.empty() || !is_readable) continue;
    if (record.place) {
      archives[record.place->archive][record.place->member] = index;
    } else {
      files.push_back(index);
    }
  }
  Counter counter(files.size() + archives.size(), on_progress);
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

bool PixelComparison::same(std::size_t a, std::size_t b) {
  if (input(a).place || input(b).place) {
    const std::string first = sha256(a);
    return !first.empty() && first == sha256(b);
  }
  const auto read = [&](std::size_t candidate, std::vector<std::uint16_t>& values) {
    const dicom::Instance& instance = scan_.candidates[candidate].instance;
    values.resize(static_cast<std::size_t>(instance.columns * instance.rows));
    return !dicom::read_pixels(input(candidate).path, instance, values);
  };
  std::vector<std::uint16_t> first, second;
  return read(a, first) && read(b, second) && first == second;
}

std::string PixelComparison::sha256(std::size_t candidate) {
  std::vector<std::uint16_t> values;
  const auto& place = input(candidate).place;
  if (!place) return values_sha256(input(candidate).path, scan_.candidates[candidate].instance, values).value_or("");
  if (archives_read_.insert(place->archive).second) read_archive(place->archive);
  const auto found = of_members_.find(candidate);
  return found == of_members_.end() ? "" : found->second;
}

void PixelComparison::read_archive(const std::filesystem::path& archive) {
  std::map<std::size_t, std::vector<std::size_t>> planes;  // of each member
  for (std::size_t c = 0; c < scan_.candidates.size(); ++c) {
    const auto& place = input(c).place;
    if (place && place->archive == archive) planes[place->member].push_back(c);
  }
  ArchiveReader reader(archive);
  std::vector<std::byte> bytes;
  std::vector<std::uint16_t> values;
  while (const auto member = reader.next(cancel_)) {
    const auto found = planes.find(member->index);
    if (found == planes.end() || input(found->second.front()).size_bytes > kMaxComparedBytes) continue;
    bytes.resize(static_cast<std::size_t>(input(found->second.front()).size_bytes));
    if (reader.read(bytes) != bytes.size()) continue;
    const MemoryFile file(bytes);
    for (const std::size_t candidate : found->second) {
      const auto hash = values_sha256(file.path(), scan_.candidates[candidate].instance, values);
      if (hash) of_members_[candidate] = *hash;
    }
  }
}

}  // namespace naru
