#include "pipeline/prefix.h"

#include "dicom/instance.h"

namespace naru {

std::optional<std::uint64_t> measure_member(ArchiveReader& reader, Prefix& prefix) {
  prefix.clear();
  const auto read = [&](std::size_t, std::span<std::byte> bytes) { return reader.read(bytes); };
  for (std::size_t size = kFirstPrefixBytes; size <= dicom::kHeaderPrefixBytes; size *= kPrefixGrowth) {
    if (!prefix.grow(size, read)) return std::nullopt;
    if (prefix.bytes().size() < size) return prefix.bytes().size();
  }
  std::vector<std::byte> piece(kFirstPrefixBytes);
  std::uint64_t total = prefix.bytes().size();
  for (std::optional<std::size_t> count; (count = reader.read(piece)); total += *count) {
    if (*count == 0) return total;
  }
  return std::nullopt;
}

std::size_t reader_count(int thread_count) {
  constexpr std::size_t kReadersPerThread = 8, kMaxReaders = 32;
  return std::min(kReadersPerThread * static_cast<std::size_t>(thread_count), kMaxReaders);
}

}  // namespace naru
