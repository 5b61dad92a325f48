#include "dicom/fragments.h"

#include <algorithm>
#include <array>

namespace naru::dicom {

namespace {

/// RLE's header says first how many segments there are, of 15 at most, then where the first one is: behind the header.
constexpr std::uint32_t kMaxRleSegments = 15, kRleHeaderBytes = 64;

/// True where the bytes begin as a JPEG or JPEG-LS stream (SOI), a JPEG 2000 codestream (SOC, SIZ), a JP2 file or an
/// RLE frame does.
bool is_start_of_frame(Bytes bytes) {
  if (bytes.size() < kItemHeaderBytes) return false;
  const std::uint32_t first = read_u32(bytes, 0, true), second = read_u32(bytes, 4, true);
  const bool is_jpeg = first >> 8 == 0xFFD8FF;
  const bool is_codestream = first == 0xFF4FFF51;
  const bool is_jp2 = first == 12 && second == 0x6A502020;
  const std::uint32_t segments = read_u32(bytes, 0, false);
  const bool is_rle = segments >= 1 && segments <= kMaxRleSegments && read_u32(bytes, 4, false) == kRleHeaderBytes;
  return is_jpeg || is_codestream || is_jp2 || is_rle;
}

}  // namespace

FragmentsEnd check_fragments(Bytes value) {
  std::size_t offset = 0;
  for (std::size_t count = 0; count < kMaxFragments; ++count) {
    if (offset == value.size() && count > 1) return {WalkEnd::complete, false};
    const auto header = read_element_header(value, offset, kEncapsulated);
    if (!header) return {WalkEnd::cut_short};
    if (header->tag == kSequenceEnd) return {count > 1 ? WalkEnd::complete : WalkEnd::malformed};
    if (header->tag != kItem || header->length == kUndefinedLength) return {WalkEnd::malformed};
    if (header->length > value.size() - header->value_offset) return {WalkEnd::cut_short};
    offset = header->value_offset + header->length;
  }
  return {WalkEnd::malformed};
}

FrameIndex::FrameIndex(const FileReader& file, std::uint64_t offset, std::int64_t frame_count)
    : frame_count_(frame_count) {
  read_fragments(file, offset);
  if (problem_) return;
  const auto wanted = static_cast<std::size_t>(frame_count);
  if (wanted == 1) {
    first_fragment_ = {0, fragments_.size()};
    return;
  }
  // Where the file ends early the count may agree by chance.
  const bool is_found =
      is_cut_ ? take_table() || take_starts(file) || take_counts() : take_counts() || take_table() || take_starts(file);
  if (!is_found) problem_ = is_cut_ ? Code::truncated : Code::corrupt;
}

bool FrameIndex::take_counts() {
  const auto wanted = static_cast<std::size_t>(frame_count_);
  if (fragments_.size() != wanted) {
    auto filled = fragments_;
    std::erase_if(filled, [](const Fragment& fragment) { return fragment.length_bytes == 0; });
    if (filled.size() != wanted) return false;
    fragments_ = std::move(filled);
  }
  for (std::size_t n = 0; n <= wanted; ++n) first_fragment_.push_back(n);
  return true;
}

/// Stops at the end mark, at the end of the file and at whatever is no item.
void FrameIndex::read_fragments(const FileReader& file, std::uint64_t offset) {
  std::array<std::byte, kItemHeaderBytes> bytes;
  for (bool is_table = true; fragments_.size() < kMaxFragments; is_table = false) {
    const std::size_t count = file.read_at(offset, bytes);
    const auto header = count == bytes.size() ? read_element_header(bytes, 0, kEncapsulated) : std::nullopt;
    if (header && header->tag == kSequenceEnd) return;
    const bool is_item = header && header->tag == kItem && header->length != kUndefinedLength;
    if (!is_item) {
      is_cut_ = count < bytes.size();
      if (fragments_.empty()) problem_ = is_cut_ ? Code::truncated : Code::corrupt;
      return;
    }
    offset += kItemHeaderBytes;
    if (!is_table) fragments_.push_back({offset, header->length});
    if (header->length > file.size_bytes() - offset) {
      is_cut_ = true;
      if (is_table) problem_ = Code::truncated;
      return;
    }
    if (is_table && header->length / sizeof(std::uint32_t) == static_cast<std::size_t>(frame_count_)) {
      std::vector<std::byte> table(header->length);
      file.read_at(offset, table);
      for (std::size_t n = 0; n + 4 <= table.size(); n += 4) table_.push_back(read_u32(table, n, false));
    }
    offset += header->length;
    if (is_table) first_item_ = offset;
  }
  problem_ = Code::too_large;
}

/// Offsets of frames behind the end of a cut file are left out.
bool FrameIndex::take_table() {
  if (table_.size() != static_cast<std::size_t>(frame_count_) || table_.front() != 0) return false;
  std::vector<std::size_t> first;
  for (const std::uint32_t offset : table_) {
    const std::uint64_t value = first_item_ + offset + kItemHeaderBytes;
    const auto found = std::ranges::lower_bound(fragments_, value, {}, &Fragment::offset_bytes);
    if (found == fragments_.end() && is_cut_) break;
    if (found == fragments_.end() || found->offset_bytes != value) return false;
    const auto n = static_cast<std::size_t>(found - fragments_.begin());
    if (!first.empty() && n <= first.back()) return false;
    first.push_back(n);
  }
  first.push_back(fragments_.size());
  first_fragment_ = std::move(first);
  return true;
}

bool FrameIndex::take_starts(const FileReader& file) {
  std::vector<std::size_t> first;
  std::array<std::byte, kItemHeaderBytes> bytes;
  for (std::size_t n = 0; n < fragments_.size(); ++n) {
    if (fragments_[n].length_bytes < bytes.size()) continue;
    const std::size_t count = file.read_at(fragments_[n].offset_bytes, bytes);
    if (is_start_of_frame(Bytes(bytes).first(count))) first.push_back(n);
  }
  const auto wanted = static_cast<std::size_t>(frame_count_);
  const bool is_whole = first.size() == wanted || (is_cut_ && first.size() < wanted);
  if (!is_whole || first.empty() || first.front() != 0) return false;
  first.push_back(fragments_.size());
  first_fragment_ = std::move(first);
  return true;
}

std::span<const Fragment> FrameIndex::frame(std::int64_t frame) const {
  const auto n = static_cast<std::size_t>(frame);
  if (frame < 0 || n + 1 >= first_fragment_.size()) return {};
  return std::span(fragments_).subspan(first_fragment_[n], first_fragment_[n + 1] - first_fragment_[n]);
}

}  // namespace naru::dicom
