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

constexpr int kSmallLevel = 1;  // of libdeflate: higher ones make CT hardly smaller
constexpr std::int64_t kMembersPerThread = 4;
// So much of a member decides how its bytes are coded, in parts taken from all over it.
constexpr std::size_t kSampleBytes = std::size_t{128} << 10, kSampleParts = 4;

struct Free {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};
using Compressor = std::unique_ptr<libdeflate_compressor, Free>;
using Decompressor = std::unique_ptr<libdeflate_decompressor, Free>;

/// What ISA-L works with.
struct IsalWork {
  isal_zstream stream;
  isal_hufftables codes;
  isal_huff_histogram counts;
};

/// What a member of incompressible bytes takes at most: stored blocks of 65,535 bytes with 5 more each, a header, a
/// trailer, and what ISA-L asks for.
constexpr std::size_t most_bytes(std::size_t size_bytes) { return size_bytes + 5 * (size_bytes / 65535 + 1) + 1024; }

std::uint8_t* isal_bytes(std::span<const std::byte> bytes) {
  return reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(bytes.data()));  // which are only read
}

/// The Huffman codes of a piece, from a sample of it.
void choose_codes(std::span<const std::byte> piece, IsalWork& work) {
  const bool is_small = piece.size() <= kSampleBytes;
  const std::size_t parts = is_small ? 1 : kSampleParts, part_bytes = is_small ? piece.size() : kSampleBytes / parts;
  for (std::size_t n = 0; n < parts; ++n) {
    const auto part = piece.subspan(n * (piece.size() / parts), part_bytes);
    isal_update_histogram(isal_bytes(part), static_cast<int>(part.size()), &work.counts);
  }
  if (isal_create_hufftables(&work.codes, &work.counts) != 0) throw Error(ErrorCode::internal, "gzip has no codes");
}

/// @return the size of the member in `room`
std::size_t compress_fast(std::span<const std::byte> piece, std::span<std::byte> room, IsalWork& work) {
  // Cleared each time: what stood there before can change what ISA-L makes, though not what it means.
  std::memset(&work, 0, sizeof work);
  choose_codes(piece, work);
  isal_zstream& stream = work.stream;
  isal_deflate_stateless_init(&stream);
  stream.level = 0;  // those above look at addresses: docs/decisions/0004
  stream.hufftables = &work.codes;
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.next_in = isal_bytes(piece);
  stream.avail_in = static_cast<std::uint32_t>(piece.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(room.data());
  stream.avail_out = static_cast<std::uint32_t>(room.size());
  return isal_deflate_stateless(&stream) == COMP_OK ? stream.total_out : 0;
}

}  // namespace

std::size_t gzip_room_bytes(GzipEffort effort) {
  return effort == GzipEffort::fast ? most_bytes(kGzipMemberBytes)
                                    : libdeflate_gzip_compress_bound(nullptr, kGzipMemberBytes);
}

struct GzipCompressor::Work {
  std::unique_ptr<IsalWork> fast;
  Compressor small;
};

GzipCompressor::GzipCompressor() : work_(std::make_unique<Work>()) {}
GzipCompressor::~GzipCompressor() = default;
GzipCompressor::GzipCompressor(GzipCompressor&&) noexcept = default;

std::span<const std::byte> GzipCompressor::compress(std::span<const std::byte> piece, GzipEffort effort,
                                                    std::span<std::byte> room) {
  const Span span(Stage::encode, "gzip", {{}, piece.size()});
  std::size_t size_bytes = 0;
  if (effort == GzipEffort::fast) {
    if (!work_->fast) work_->fast = std::make_unique<IsalWork>();
    size_bytes = compress_fast(piece, room, *work_->fast);
  } else {
    if (!work_->small) work_->small.reset(libdeflate_alloc_compressor(kSmallLevel));
    if (!work_->small) throw Error(ErrorCode::memory_exceeded, "no memory for gzip compression");
    size_bytes = libdeflate_gzip_compress(work_->small.get(), piece.data(), piece.size(), room.data(), room.size());
  }
  if (size_bytes == 0) throw Error(ErrorCode::internal, "gzip compression failed");
  return room.first(size_bytes);
}

/// One member in the making. Its memory serves one batch after the other: fresh memory would cost more than the
/// compression of what goes into it.
struct GzipWriter::Member {
  GzipCompressor compressor;
  std::vector<std::byte> room;
  std::span<const std::byte> bytes;

  void compress(std::span<const std::byte> piece, GzipEffort effort) {
    room.resize(gzip_room_bytes(effort));
    bytes = compressor.compress(piece, effort, room);
  }
};

GzipWriter::GzipWriter(FileWriter& file, Executor& executor, GzipEffort effort)
    : file_(file), executor_(executor), effort_(effort) {}

GzipWriter::~GzipWriter() = default;

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
      members[i].compress(batch[i], effort_);
  });
  if (writing_.valid()) writing_.get();
  writing_ =
      std::async(std::launch::async, [this, context, made = std::span<const Member>(members).first(batch.size())] {
        const TraceScope scope(context, "writer");
        for (const Member& member : made) file_.append(member.bytes);
      });
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
