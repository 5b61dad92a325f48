#include "pipeline/outputs/gzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <future>
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

/// One member in the making. Room and compressor serve one batch after the other: fresh memory would cost more than the
/// compression of what goes into it.
struct Member {
  Compressor compressor;
  std::unique_ptr<std::byte[]> room;
  std::size_t room_bytes = 0, size_bytes = 0;

  std::span<const std::byte> bytes() const { return {room.get(), size_bytes}; }
};

void compress(std::span<const std::byte> piece, Member& member) {
  if (!member.compressor) member.compressor.reset(libdeflate_alloc_compressor(kLevel));
  if (!member.compressor) throw Error(ErrorCode::memory_exceeded, "no memory for gzip compression");
  const std::size_t needed = libdeflate_gzip_compress_bound(member.compressor.get(), piece.size());
  if (member.room_bytes < needed) {
    member.room = std::make_unique_for_overwrite<std::byte[]>(needed);
    member.room_bytes = needed;
  }
  member.size_bytes = libdeflate_gzip_compress(member.compressor.get(), piece.data(), piece.size(), member.room.get(),
                                               member.room_bytes);
  if (member.size_bytes == 0) throw Error(ErrorCode::internal, "gzip compression failed");
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
  const auto batch_size = static_cast<std::size_t>(executor.thread_count() * kMembersPerThread);
  // While one batch is compressed the one before it is written.
  std::array<std::vector<Member>, 2> batches;
  std::future<void> writing;
  for (std::size_t first = 0; first < pieces.size(); first += batch_size) {
    const auto batch = std::span(pieces).subspan(first).first(std::min(batch_size, pieces.size() - first));
    auto& members = batches[first / batch_size % 2];
    members.resize(std::max(members.size(), batch.size()));
    executor.parallel_for(static_cast<std::int64_t>(batch.size()), 1, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        compress(batch[i], members[i]);
      }
    });
    if (writing.valid()) writing.get();
    writing = std::async(std::launch::async, [&writer, made = std::span<const Member>(members).first(batch.size())] {
      for (const Member& member : made) writer.append(member.bytes());
    });
  }
  if (writing.valid()) writing.get();
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
