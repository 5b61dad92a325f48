#include "pipeline/slices.h"

#include <algorithm>
#include <map>

#include "dicom/pixels.h"
#include "pipeline/archive.h"

namespace naru {

namespace {

constexpr std::int64_t kSlicesAtOnce = 4;

/// The slices of one stack on their way into memory.
class SliceReader {
 public:
  SliceReader(const Scan& scan, const dicom::Stack& stack, std::span<std::uint16_t> voxels)
      : scan_(scan), stack_(stack), voxels_(voxels), problems_(stack.instances.size()) {}

  std::size_t size() const { return problems_.size(); }

  void read_plain(std::size_t slice) {
    if (!input(slice).place) read_from(slice, input(slice).path);
  }

  /// Archives are read once each, from front to back, whatever the order of the slices.
  void read_archived(const CancelToken& cancel) {
    std::map<std::filesystem::path, std::map<std::size_t, std::size_t>> wanted;  // archive, member, slice
    for (std::size_t slice = 0; slice < problems_.size(); ++slice) {
      if (const auto& place = input(slice).place) wanted[place->archive][place->member] = slice;
    }
    for (auto& [archive, slices] : wanted) read_members(archive, slices, cancel);
  }

  /// The first slice that could not be read.
  std::optional<CaseFailure> failure() const {
    const auto bad = std::ranges::find_if(problems_, [](const auto& p) { return p.has_value(); });
    if (bad == problems_.end()) return std::nullopt;
    return CaseFailure{**bad, static_cast<std::size_t>(bad - problems_.begin())};
  }

 private:
  const InputRecord& input(std::size_t slice) const {
    return scan_.inputs[scan_.input_of_candidate[stack_.instances[slice]]];
  }

  void read_from(std::size_t slice, const std::filesystem::path& path) {
    const std::size_t slice_voxels = static_cast<std::size_t>(stack_.grid.size.x * stack_.grid.size.y);
    const auto values = voxels_.subspan(slice * slice_voxels, slice_voxels);
    problems_[slice] = dicom::read_pixels(path, scan_.candidates[stack_.instances[slice]].instance, values);
    if (stack_.stored_offsets.empty()) return;
    const auto offset = static_cast<std::uint16_t>(stack_.stored_offsets[slice]);  // modulo 2^16: right for int16 too
    for (std::uint16_t& value : values) value = static_cast<std::uint16_t>(value + offset);
  }

  void read_members(const std::filesystem::path& archive, std::map<std::size_t, std::size_t>& slices,
                    const CancelToken& cancel) {
    for (const auto& [member, slice] : slices) problems_[slice] = Code::unreadable;  // until it is read
    ArchiveReader reader(archive);
    std::vector<std::byte> bytes;
    for (std::size_t left = slices.size(); left > 0;) {
      const auto member = reader.next(cancel);
      if (!member) return;
      const auto found = slices.find(member->index);
      if (found == slices.end()) continue;
      --left;
      bytes.resize(static_cast<std::size_t>(input(found->second).size_bytes));
      if (reader.read(bytes) == bytes.size()) read_from(found->second, MemoryFile(bytes).path());
    }
  }

  const Scan& scan_;
  const dicom::Stack& stack_;
  std::span<std::uint16_t> voxels_;
  std::vector<std::optional<Code>> problems_;  ///< one per slice
};

}  // namespace

std::optional<CaseFailure> read_slices(const Scan& scan, const dicom::Stack& stack, std::span<std::uint16_t> voxels,
                                       Executor& executor, const CancelToken& cancel) {
  SliceReader reader(scan, stack, voxels);
  const auto count = static_cast<std::int64_t>(reader.size());
  executor.parallel_for(count, kSlicesAtOnce, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) {
      cancel.throw_if_canceled();
      reader.read_plain(static_cast<std::size_t>(k));
    }
  });
  reader.read_archived(cancel);
  return reader.failure();
}

std::uint64_t slice_buffer_bytes(const Scan& scan, const dicom::Stack& stack, int thread_count) {
  std::uint64_t member = 0, decoding = 0;
  for (const std::size_t candidate : stack.instances) {
    const InputRecord& input = scan.inputs[scan.input_of_candidate[candidate]];
    if (input.place) member = std::max(member, 2 * input.size_bytes);  // the member, and its file in memory
    decoding = std::max(decoding, dicom::decode_buffer_bytes(scan.candidates[candidate].instance));
  }
  return member + decoding * static_cast<std::uint64_t>(thread_count);
}

}  // namespace naru
