#include "dicom/deidentify/stream_frames.h"

#include <algorithm>

namespace naru::dicom {

namespace {

constexpr Encoding kMarks{false, false};
constexpr std::size_t kMarkBytes = 8;

struct Fragments {
  StreamPart table;
  std::vector<StreamPart> parts;
};

std::optional<Fragments> read_fragments(Bytes bytes) {
  Fragments found;
  for (std::size_t at = 0, n = 0; at < bytes.size(); ++n) {
    const auto item = read_element_header(bytes, at, kMarks);
    if (!item || (item->tag != kItem && item->tag != kSequenceEnd)) return std::nullopt;
    if (item->tag == kSequenceEnd) break;
    if (item->length > bytes.size() - item->value_offset) return std::nullopt;
    const StreamPart part{item->value_offset, item->length};
    if (n == 0) {
      found.table = part;
    } else {
      found.parts.push_back(part);
    }
    at = part.offset + part.size;
  }
  return found;
}

/// Frames that begin at these fragments.
std::vector<StreamFrame> split_at(const std::vector<StreamPart>& parts, const std::vector<std::size_t>& begins) {
  std::vector<StreamFrame> frames;
  for (std::size_t f = 0; f < begins.size(); ++f) {
    const std::size_t end = f + 1 < begins.size() ? begins[f + 1] : parts.size();
    frames.emplace_back(parts.begin() + static_cast<std::ptrdiff_t>(begins[f]),
                        parts.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return frames;
}

std::vector<std::size_t> begins_by_table(const Fragments& found, Bytes bytes) {
  std::vector<std::size_t> begins;
  const std::size_t first_item = found.table.offset + found.table.size;
  for (std::size_t at = 0; at + 4 <= found.table.size; at += 4) {
    const std::size_t value = first_item + kMarkBytes + read_u32(bytes, found.table.offset + at, false);
    const auto part = std::ranges::lower_bound(found.parts, value, {}, &StreamPart::offset);
    const auto index = static_cast<std::size_t>(part - found.parts.begin());
    if (part == found.parts.end() || part->offset != value || (!begins.empty() && index <= begins.back())) return {};
    begins.push_back(index);
  }
  return begins.empty() || begins.front() != 0 ? std::vector<std::size_t>() : begins;
}

/// True for an empty table, and for one whose entries are places of fragments: other bytes could say anything.
bool is_offset_table(const Fragments& found, Bytes bytes) {
  if (found.table.size % 4 != 0) return false;
  const std::size_t first_item = found.table.offset + found.table.size;
  for (std::size_t at = 0; at < found.table.size; at += 4) {
    const std::size_t value = first_item + kMarkBytes + read_u32(bytes, found.table.offset + at, false);
    const auto part = std::ranges::lower_bound(found.parts, value, {}, &StreamPart::offset);
    if (part == found.parts.end() || part->offset != value) return false;
  }
  return true;
}

std::uint64_t read_u64(Bytes bytes, std::size_t offset) {
  return std::uint64_t{read_u32(bytes, offset + 4, false)} << 32 | read_u32(bytes, offset, false);
}

/// JPEG's SOI, JPEG 2000's SOC and SIZ, or a JP2 signature box.
bool begins_a_stream(Bytes part) {
  const auto is = [&](std::initializer_list<unsigned> wanted) {
    return part.size() >= wanted.size() &&
           std::ranges::equal(part.first(wanted.size()), wanted,
                              [](std::byte a, unsigned b) { return std::to_integer<unsigned>(a) == b; });
  };
  return is({0xFF, 0xD8, 0xFF}) || is({0xFF, 0x4F, 0xFF, 0x51}) || is({0, 0, 0, 12, 'j', 'P'});
}

}  // namespace

std::optional<std::vector<StreamFrame>> frames_of_stream(Bytes fragments, std::int64_t frame_count) {
  auto found = read_fragments(fragments);
  if (!found || frame_count < 1 || !is_offset_table(*found, fragments)) return std::nullopt;
  const auto count = static_cast<std::size_t>(frame_count);
  if (count == 1) return std::vector<StreamFrame>{found->parts};
  std::erase_if(found->parts, [](const StreamPart& part) { return part.size == 0; });
  std::vector<std::size_t> begins;
  if (found->parts.size() == count) {
    for (std::size_t n = 0; n < count; ++n) begins.push_back(n);
  } else {
    begins = begins_by_table(*found, fragments);
  }
  if (begins.size() != count) {
    begins.clear();
    for (std::size_t n = 0; n < found->parts.size(); ++n) {
      if (begins_a_stream(fragments.subspan(found->parts[n].offset, found->parts[n].size))) begins.push_back(n);
    }
  }
  if (begins.size() != count || begins.front() != 0) return std::nullopt;
  return split_at(found->parts, begins);
}

bool is_extended_offset_table(Bytes offsets, Bytes lengths, Bytes fragments) {
  constexpr std::size_t kEntryBytes = 8;
  const auto found = read_fragments(fragments);
  if (!found || found->table.size != 0) return false;
  const std::size_t size = found->parts.size() * kEntryBytes;
  if (size == 0 || offsets.size() != size || lengths.size() != size) return false;
  const std::size_t first_value = found->parts.front().offset;
  for (std::size_t n = 0; n < found->parts.size(); ++n) {
    const StreamPart& part = found->parts[n];
    const std::uint64_t length = read_u64(lengths, n * kEntryBytes);
    const bool is_padded = length + 1 == part.size;
    if (read_u64(offsets, n * kEntryBytes) != part.offset - first_value) return false;
    if (length != part.size && !is_padded) return false;
  }
  return true;
}

bool is_total_length(Bytes value, Bytes fragments) {
  const auto found = read_fragments(fragments);
  if (!found || value.size() != 8) return false;
  std::uint64_t most = 0;
  for (const StreamPart& part : found->parts) most += part.size;
  const std::uint64_t total = read_u64(value, 0), padding = found->parts.size();
  return total + padding >= most && total <= fragments.size();
}

std::vector<std::byte> joined(const StreamFrame& frame, Bytes fragments) {
  std::vector<std::byte> bytes;
  for (const StreamPart& part : frame) {
    const Bytes piece = fragments.subspan(part.offset, part.size);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  return bytes;
}

}  // namespace naru::dicom
