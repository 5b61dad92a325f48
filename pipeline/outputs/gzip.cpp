#include "pipeline/outputs/gzip.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <algorithm>
#include <cstring>
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

}  // namespace

void GzipWriter::Member::compress(std::span<const std::byte> piece) {
  const Span span(Stage::encode, "gzip", {{}, piece.size()});
  // Both are cleared each time: what stood there before can change what ISA-L makes, though not what it means.
  if (!work) work = std::make_unique_for_overwrite<std::byte[]>(kLevelBytes);
  std::memset(work.get(), 0, kLevelBytes);
  const auto cleared = std::make_unique<isal_zstream>();
  isal_zstream& stream = *cleared;
  const std::size_t needed = most_bytes(piece.size());
  if (room_bytes < needed) {
    room = std::make_unique_for_overwrite<std::byte[]>(needed);
    room_bytes = needed;
  }
  isal_deflate_stateless_init(&stream);
  stream.level = kLevel;
  stream.level_buf = reinterpret_cast<std::uint8_t*>(work.get());
  stream.level_buf_size = kLevelBytes;
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(piece.data()));  // which is only read
  stream.avail_in = static_cast<std::uint32_t>(piece.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(room.get());
  stream.avail_out = static_cast<std::uint32_t>(room_bytes);
  if (isal_deflate_stateless(&stream) != COMP_OK) throw Error(ErrorCode::internal, "gzip compression failed");
  size_bytes = stream.total_out;
}

void GzipWriter::append(std::span<const std::byte> bytes) {
  const std::size_t missing = rest_.empty() ? 0 : std::min(bytes.size(), kGzipMemberBytes - rest_.size());
  rest_.insert(rest_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(missing));
  bytes = bytes.subspan(missing);
  std::vector<std::span<const std::byte>> pieces;
  if (rest_.size() == kGzipMemberBytes) pieces.emplace_back(rest_);
  for (; bytes.size() >= kGzipMemberBytes; bytes = bytes.subspan(kGzipMemberBytes)) {
    pieces.push_back(bytes.first(kGzipMemberBytes));
  }
  compress(pieces);
  if (rest_.size() == kGzipMemberBytes) rest_.clear();
  rest_.insert(rest_.end(), bytes.begin(), bytes.end());
}

void GzipWriter::end_member() {
  if (rest_.empty()) return;
  const std::array<std::span<const std::byte>, 1> piece = {rest_};
  compress(piece);
  rest_.clear();
}

void GzipWriter::finish() {
  end_member();
  if (writing_.valid()) writing_.get();
}

void GzipWriter::compress(Pieces pieces) {
  const auto batch_size = static_cast<std::size_t>(executor_.thread_count() * kMembersPerThread);
  for (; !pieces.empty(); pieces = pieces.subspan(std::min(batch_size, pieces.size()))) {
    compress_batch(pieces.first(std::min(batch_size, pieces.size())));
  }
}

void GzipWriter::compress_batch(Pieces batch) {
  const TraceContext context = trace_context();
  std::vector<Member>& members = batches_[batch_count_++ % 2];
  members.resize(std::max(members.size(), batch.size()));
  executor_.parallel_for(static_cast<std::int64_t>(batch.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    const TraceScope scope(context, "worker");
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      members[i].compress(batch[i]);
  });
  if (writing_.valid()) writing_.get();
  writing_ =
      std::async(std::launch::async, [this, context, made = std::span<const Member>(members).first(batch.size())] {
        const TraceScope scope(context, "writer");
        for (const Member& member : made) file_.append({member.room.get(), member.size_bytes});
      });
}

void append_gzip(FileWriter& writer, std::span<const std::span<const std::byte>> parts, Executor& executor) {
  GzipWriter gzip(writer, executor);
  for (const auto part : parts) {
    gzip.append(part);
    gzip.end_member();
  }
  gzip.finish();
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
