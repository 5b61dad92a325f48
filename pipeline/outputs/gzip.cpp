#include "pipeline/outputs/gzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/error.h"

namespace naru {

namespace {

// Level 1 of libdeflate is as small as zlib's 6 on CT and several times as fast (benchmarks/results).
constexpr int kLevel = 1;
constexpr std::int64_t kMembersPerThread = 4;

struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};
struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};
using Compressor = std::unique_ptr<libdeflate_compressor, FreeCompressor>;
using Decompressor = std::unique_ptr<libdeflate_decompressor, FreeDecompressor>;

std::vector<std::byte> compress_member(libdeflate_compressor* compressor, std::span<const std::byte> piece) {
  std::vector<std::byte> member(libdeflate_gzip_compress_bound(compressor, piece.size()));
  const std::size_t size =
      libdeflate_gzip_compress(compressor, piece.data(), piece.size(), member.data(), member.size());
  if (size == 0) throw Error(ErrorCode::internal, "gzip compression failed");
  member.resize(size);
  return member;
}

/// The pieces that become members: parts are cut, never joined, so no byte is copied.
std::vector<std::span<const std::byte>> cut(std::span<const std::span<const std::byte>> parts) {
  std::vector<std::span<const std::byte>> pieces;
  for (std::span<const std::byte> part : parts) {
    for (; !part.empty(); part = part.subspan(std::min(part.size(), kGzipMemberBytes))) {
      pieces.push_back(part.first(std::min(part.size(), kGzipMemberBytes)));
    }
  }
  return pieces;
}

}  // namespace

void append_gzip(FileWriter& writer, std::span<const std::span<const std::byte>> parts, Executor& executor) {
  const auto pieces = cut(parts);
  const std::size_t batch = static_cast<std::size_t>(executor.thread_count() * kMembersPerThread);
  for (std::size_t first = 0; first < pieces.size(); first += batch) {
    const std::size_t count = std::min(batch, pieces.size() - first);
    std::vector<std::vector<std::byte>> members(count);
    executor.parallel_for(static_cast<std::int64_t>(count), 1, [&](std::int64_t begin, std::int64_t end) {
      const Compressor compressor(libdeflate_alloc_compressor(kLevel));
      if (!compressor) throw Error(ErrorCode::memory_exceeded, "no memory for gzip compression");
      for (std::int64_t i = begin; i < end; ++i) {
        const auto index = static_cast<std::size_t>(i);
        members[index] = compress_member(compressor.get(), pieces[first + index]);
      }
    });
    for (const auto& member : members) writer.append(member);
  }
}

std::optional<std::vector<std::byte>> gunzip(std::span<const std::byte> compressed, std::size_t limit_bytes) {
  const Decompressor decompressor(libdeflate_alloc_decompressor());
  if (!decompressor || compressed.empty()) return std::nullopt;
  std::vector<std::byte> plain;
  std::size_t room = kGzipMemberBytes;
  while (!compressed.empty()) {
    const std::size_t filled = plain.size();
    if (filled + room > limit_bytes) room = limit_bytes - filled;
    plain.resize(filled + room);
    std::size_t used = 0, made = 0;
    const auto result = libdeflate_gzip_decompress_ex(decompressor.get(), compressed.data(), compressed.size(),
                                                      plain.data() + filled, room, &used, &made);
    plain.resize(filled + (result == LIBDEFLATE_SUCCESS ? made : 0));
    if (result == LIBDEFLATE_SUCCESS) {
      compressed = compressed.subspan(used);
    } else if (result == LIBDEFLATE_INSUFFICIENT_SPACE && filled + room < limit_bytes) {
      room *= 4;
    } else {
      return std::nullopt;
    }
  }
  return plain;
}

}  // namespace naru
