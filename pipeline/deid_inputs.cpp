#include "pipeline/deid_inputs.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "dicom/deidentify/deidentify.h"
#include "dicom/file_layout.h"
#include "dicom/inflate.h"
#include "dicom/transfer_syntax.h"
#include "pipeline/archive.h"
#include "pipeline/memory_budget.h"
#include "pipeline/open_file.h"
#include "pipeline/study_tally.h"

namespace naru {

namespace {

/// The bytes of one file, in memory that is not cleared before it is read into.
struct WholeFile {
  std::unique_ptr<std::byte[]> data;
  std::size_t size = 0, capacity = 0;
  dicom::Bytes bytes() const { return {data.get(), size}; }
};

WholeFile room_for(std::uint64_t size_bytes) {
  const auto size = static_cast<std::size_t>(size_bytes);
  return {std::make_unique_for_overwrite<std::byte[]>(size), size, size};
}

/// Memory that is used for one file after the other: fresh pages cost as much as reading into them.
class BufferPool {
 public:
  /// Room for `size` bytes until the pointer goes.
  auto take(std::size_t size) {
    WholeFile file;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        file = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (file.capacity < size) file = room_for(size);
    file.size = size;
    const auto give_back = [this](WholeFile* used) {
      const std::unique_ptr<WholeFile> owner(used);
      if (used->capacity > kLargestKept) return;
      const std::lock_guard lock(mutex_);
      free_.push_back(std::move(*used));
    };
    return std::unique_ptr<WholeFile, decltype(give_back)>(new WholeFile(std::move(file)), give_back);
  }

 private:
  static constexpr std::size_t kLargestKept = std::size_t{16} << 20;
  std::mutex mutex_;
  std::vector<WholeFile> free_;
};

bool is_deflated(const DeidScan& scan, std::size_t input) {
  const dicom::SyntaxInfo* const syntax = dicom::find_syntax(scan.sources[input].transfer_syntax_uid);
  return syntax != nullptr && syntax->is_deflated;
}

/// What a deflated data set expands to, which may be a thousand times its size; no more than the engine follows it.
/// @param read gives what stands in the file from an offset on: none at its end
template <class Read>
std::uint64_t inflated_size_bytes(Read read) {
  constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
  const auto layout = dicom::read_layout(read(0));
  if (!layout || layout->is_cut) return dicom::kMaxInflatedBytes;
  std::uint64_t at = layout->data_set_offset, size_bytes = 0;
  dicom::Inflater inflater([&] {
    const dicom::Bytes next = read(at);
    at += next.size();
    return next;
  });
  std::vector<std::byte> piece(kPieceBytes);
  while (size_bytes <= dicom::kMaxInflatedBytes) {
    const std::size_t count = inflater.read(piece);
    if (count == 0) break;
    size_bytes += count;
  }
  return size_bytes;
}

std::uint64_t inflated_size_bytes(const OpenFile& file) {
  constexpr std::size_t kReadBytes = std::size_t{1} << 20;
  std::vector<std::byte> bytes(kReadBytes);
  return inflated_size_bytes(
      [&](std::uint64_t offset) { return dicom::Bytes(bytes).first(file.read_at(offset, bytes).value_or(0)); });
}

std::uint64_t inflated_size_bytes(dicom::Bytes file) {
  return inflated_size_bytes([&](std::uint64_t offset) { return file.subspan(offset); });
}

/// What work on a file takes.
std::uint64_t plain_cost_bytes(std::uint64_t size_bytes) { return size_bytes * kBytesPerFileByte; }
std::uint64_t deflated_cost_bytes(std::uint64_t size_bytes, std::uint64_t inflated_size_bytes) {
  return size_bytes + plain_cost_bytes(inflated_size_bytes);
}

/// What it takes beside the file. Frames that expand are there once more where the result is looked at.
std::uint64_t work_bytes(const DeidScan& scan, std::size_t input, const DeidMemory& memory) {
  constexpr std::uint64_t kExpandedCopies = 2;
  const bool is_expanded = memory.is_expanded && memory.is_expanded(input);
  return memory.work_bytes + (is_expanded ? kExpandedCopies * scan.sources[input].expanded_bytes : 0);
}

/// The wanted members of one archive, handed out in the archive's order to whoever asks next: one thread inflates while
/// the others work on what they were given.
class ArchiveSource {
 public:
  ArchiveSource(std::filesystem::path path, MemoryBudget& budget, const DeidMemory& memory)
      : path_(std::move(path)), budget_(budget), memory_(memory) {}

  void want(std::size_t member, std::size_t input) { wanted_[member] = input; }

  /// One member, with its share of the memory; `file` is empty where it cannot be read.
  struct Member {
    std::size_t input = 0;
    std::unique_ptr<MemoryBudget::Share> share;
    std::optional<WholeFile> file;
    Code problem = Code::corrupt;
  };

  /// @pre called at most once for each `want`
  Member next(const DeidScan& scan, const CancelToken& cancel) {
    const std::lock_guard lock(mutex_);
    if (!reader_) reader_ = std::make_unique<ArchiveReader>(path_);
    while (const auto found = reader_->next(cancel)) {
      const auto row = wanted_.find(found->index);
      if (row == wanted_.end()) continue;
      const std::size_t input = row->second;
      wanted_.erase(row);
      return read({input, scan.files.inputs[input].size_bytes, work_bytes(scan, input, memory_)},
                  is_deflated(scan, input));
    }
    // The archive changed since it was scanned: what is still wanted is not in it any more.
    const auto lost = wanted_.begin();
    Member member{lost->second, nullptr, std::nullopt, Code::unreadable};
    wanted_.erase(lost);
    return member;
  }

 private:
  struct Wanted {
    std::size_t input = 0;
    std::uint64_t size_bytes = 0, work_bytes = 0;
  };
  Member read(const Wanted& wanted, bool is_deflated) {
    const auto& [input, size_bytes, work_bytes] = wanted;
    const std::uint64_t cost = plain_cost_bytes(size_bytes) + work_bytes;
    if (!budget_.can_ever_hold(cost)) return {input, nullptr, std::nullopt, Code::too_large};
    Member member{input, std::make_unique<MemoryBudget::Share>(budget_, cost), room_for(size_bytes), Code::corrupt};
    if (reader_->read({member.file->data.get(), member.file->size}) != member.file->size) member.file.reset();
    if (is_deflated && member.file) take_room_to_inflate(member, work_bytes);
    return member;
  }

  /// For its share another one, of what it needs.
  void take_room_to_inflate(Member& member, std::uint64_t work_bytes) {
    const dicom::Bytes file = member.file->bytes();
    const std::uint64_t cost = deflated_cost_bytes(file.size(), inflated_size_bytes(file)) + work_bytes;
    member.share.reset();
    if (budget_.can_ever_hold(cost)) {
      member.share = std::make_unique<MemoryBudget::Share>(budget_, cost);
    } else {
      member.file.reset();
      member.problem = Code::too_large;
    }
  }

  std::filesystem::path path_;
  MemoryBudget& budget_;
  const DeidMemory& memory_;
  std::mutex mutex_;
  std::unique_ptr<ArchiveReader> reader_;
  std::map<std::size_t, std::size_t> wanted_;  ///< member, input
};

class Inputs {
 public:
  Inputs(DeidScan& scan, std::span<const std::size_t> inputs, const DeidMemory& memory, const CancelToken& cancel,
         Progress progress, const OnProgress& on_progress)
      : scan_(scan),
        inputs_(inputs),
        memory_(memory),
        budget_(memory.limit_bytes),
        cancel_(cancel),
        on_progress_(on_progress),
        progress_(std::move(progress)) {
    for (const std::size_t i : inputs) {
      studies_.expect(scan.sources[i].study_uid);
      const auto& place = scan.files.inputs[i].place;
      if (!place) continue;
      archives_.try_emplace(place->archive, place->archive, budget_, memory_).first->second.want(place->member, i);
    }
    progress_.studies = studies_.total();
  }

  /// One file. An input that lies in an archive stands for the archive's next wanted member.
  void run(std::size_t n, const OnInputBytes& use) {
    cancel_.throw_if_canceled();
    const InputRecord& asked = scan_.files.inputs[inputs_[n]];
    const std::size_t done =
        asked.place ? run_member(archives_.at(asked.place->archive), use) : run_plain_file(inputs_[n], use);
    const std::lock_guard lock(progress_mutex_);
    ++progress_.done;
    progress_.bytes += scan_.files.inputs[done].size_bytes;
    studies_.finish(scan_.sources[done].study_uid);
    progress_.studies_done = studies_.done();
    on_progress_(progress_);
  }

 private:
  std::size_t run_member(ArchiveSource& archive, const OnInputBytes& use) {
    const ArchiveSource::Member member = archive.next(scan_, cancel_);
    if (member.file) {
      use(member.input, member.file->bytes());
    } else {
      hold_back(scan_.files.inputs[member.input], member.problem);
    }
    return member.input;
  }

  std::size_t run_plain_file(std::size_t index, const OnInputBytes& use) {
    InputRecord& input = scan_.files.inputs[index];
    const OpenFile open(input.path);
    const std::uint64_t cost =
        work_bytes(scan_, index, memory_) + (is_deflated(scan_, index)
                                                 ? deflated_cost_bytes(input.size_bytes, inflated_size_bytes(open))
                                                 : plain_cost_bytes(input.size_bytes));
    if (!open.is_open() || !budget_.can_ever_hold(cost)) {
      hold_back(input, open.is_open() ? Code::too_large : Code::unreadable);
      return index;
    }
    const MemoryBudget::Share share(budget_, cost);
    const auto buffer = buffers_.take(static_cast<std::size_t>(input.size_bytes));
    const WholeFile& file = *buffer;
    const auto count = open.read_at(0, {file.data.get(), file.size});
    if (count == file.size && open.size_bytes() == input.size_bytes) {
      use(index, file.bytes());
    } else {
      hold_back(input, count ? Code::truncated : Code::unreadable);
    }
    return index;
  }

  DeidScan& scan_;
  std::span<const std::size_t> inputs_;
  const DeidMemory& memory_;
  MemoryBudget budget_;
  BufferPool buffers_;
  std::map<std::filesystem::path, ArchiveSource> archives_;
  const CancelToken& cancel_;
  const OnProgress& on_progress_;
  std::mutex progress_mutex_;
  Progress progress_;
  StudyTally studies_;
};

}  // namespace

void for_each_input(DeidScan& scan, std::span<const std::size_t> inputs, const DeidMemory& memory,
                    std::string_view activity, Executor& executor, const CancelToken& cancel,
                    const OnProgress& on_progress, const OnInputBytes& use) {
  Inputs reading(scan, inputs, memory, cancel, {activity, 0, inputs.size(), "files", 0}, on_progress);
  executor.parallel_for(static_cast<std::int64_t>(inputs.size()), 1,
                        [&](std::int64_t begin, std::int64_t) { reading.run(static_cast<std::size_t>(begin), use); });
}

}  // namespace naru
