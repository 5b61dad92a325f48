#include "pipeline/outputs/gzip.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <future>
#include <memory>

#include "core/error.h"
#include "core/trace.h"

namespace naru {

namespace {

// ISA-L's level 2 is twice as fast as libdeflate's 1 on CT and 3 % larger (docs/decisions/0004). Its levels up to 2
// give the same bytes on every CPU; level 3 does not.
constexpr std::uint32_t kLevel = 2;
constexpr std::uint32_t kLevelBytes = ISAL_DEF_LVL2_DEFAULT;
constexpr std::int64_t kMembersPerThread = 4;

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};
using Decompressor = std::unique_ptr<libdeflate_decompressor, FreeDecompressor>;

/// What a member of incompressible bytes takes at most: stored blocks of 65,535 bytes with 5 more each, a header, a
/// trailer, and what ISA-L asks for.
constexpr std::size_t most_bytes(std::size_t size_bytes) { return size_bytes + 5 * (size_bytes / 65535 + 1) + 1024; }

/// One member in the making. Its rooms serve one batch after the other: fresh memory would cost more than the
/// compression of what goes into it.
struct Member {
  std::unique_ptr<std::byte[]> room, work;
  std::size_t room_bytes = 0, size_bytes = 0;

  std::span<const std::byte> bytes() const { return {room.get(), size_bytes}; }
};

void compress(std::span<const std::byte> piece, Member& member) {
  const Span span(Stage::encode, "gzip", {{}, piece.size()});
  if (!member.work) member.work = std::make_unique_for_overwrite<std::byte[]>(kLevelBytes);
  const std::size_t needed = most_bytes(piece.size());
  if (member.room_bytes < needed) {
    member.room = std::make_unique_for_overwrite<std::byte[]>(needed);
    member.room_bytes = needed;
  }
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.level = kLevel;
  stream.level_buf = reinterpret_cast<std::uint8_t*>(member.work.get());
  stream.level_buf_size = kLevelBytes;
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(piece.data()));  // which is only read
  stream.avail_in = static_cast<std::uint32_t>(piece.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(member.room.get());
  stream.avail_out = static_cast<std::uint32_t>(member.room_bytes);
  if (isal_deflate_stateless(&stream) != COMP_OK) throw Error(ErrorCode::internal, "gzip compression failed");
  member.size_bytes = stream.total_out;
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
  const TraceContext context = trace_context();
  const auto batch_size = static_cast<std::size_t>(executor.thread_count() * kMembersPerThread);
  // While one batch is compressed the one before it is written.
  std::array<std::vector<Member>, 2> batches;
  std::future<void> writing;
  for (std::size_t first = 0; first < pieces.size(); first += batch_size) {
    const auto batch = std::span(pieces).subspan(first).first(std::min(batch_size, pieces.size() - first));
    auto& members = batches[first / batch_size % 2];
    members.resize(std::max(members.size(), batch.size()));
    executor.parallel_for(static_cast<std::int64_t>(batch.size()), 1, [&](std::int64_t begin, std::int64_t end) {
      const TraceScope scope(context, "worker");
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        compress(batch[i], members[i]);
      }
    });
    if (writing.valid()) writing.get();
    writing = std::async(std::launch::async, [&, made = std::span<const Member>(members).first(batch.size())] {
      const TraceScope scope(context, "writer");
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
