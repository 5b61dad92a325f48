#include "pipeline/outputs/gzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "core/error.h"
#include "core/trace.h"

namespace naru {

namespace {

// Level 1 of libdeflate is as small as zlib's 6 on CT and several times as fast (docs/decisions/0004).
constexpr int kLevel = 1;
constexpr std::int64_t kMembersPerThread = 4;

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};
using Decompressor = std::unique_ptr<libdeflate_decompressor, FreeDecompressor>;

}  // namespace

void GzipWriter::FreeCompressor::operator()(libdeflate_compressor* compressor) const {
  libdeflate_free_compressor(compressor);
}

void GzipWriter::Member::compress(std::span<const std::byte> piece) {
  const Span span(Stage::encode, "gzip", {{}, piece.size()});
  if (!compressor) compressor.reset(libdeflate_alloc_compressor(kLevel));
  if (!compressor) throw Error(ErrorCode::memory_exceeded, "no memory for gzip compression");
  const std::size_t needed = libdeflate_gzip_compress_bound(compressor.get(), piece.size());
  if (room_bytes < needed) {
    room = std::make_unique_for_overwrite<std::byte[]>(needed);
    room_bytes = needed;
  }
  size_bytes = libdeflate_gzip_compress(compressor.get(), piece.data(), piece.size(), room.get(), room_bytes);
  if (size_bytes == 0) throw Error(ErrorCode::internal, "gzip compression failed");
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
