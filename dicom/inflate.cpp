#include "dicom/inflate.h"

#include <algorithm>
#include <utility>

namespace naru::dicom {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20;  // zlib counts in 32 bits

}  // namespace

Inflater::Inflater(NextPiece next_piece)
    : next_piece_(std::move(next_piece)), status_(inflateInit2(&stream_, -MAX_WBITS)) {}

Inflater::~Inflater() { inflateEnd(&stream_); }

void Inflater::refill() {
  if (piece_.empty()) piece_ = next_piece_();
  const Bytes given = piece_.first(std::min(piece_.size(), kChunkBytes));
  piece_ = piece_.subspan(given.size());
  stream_.next_in = reinterpret_cast<z_const Bytef*>(const_cast<std::byte*>(given.data()));  // zlib only reads it
  stream_.avail_in = static_cast<uInt>(given.size());
}

std::size_t Inflater::read(std::span<std::byte> out) {
  std::size_t filled = 0;
  while (status_ == Z_OK && filled < out.size()) {
    if (stream_.avail_in == 0) refill();
    const std::size_t room = std::min(kChunkBytes, out.size() - filled);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    stream_.avail_out = static_cast<uInt>(room);
    status_ = inflate(&stream_, Z_NO_FLUSH);  // Z_BUF_ERROR, and so the end, where the input has ended
    filled += room - stream_.avail_out;
  }
  return filled;
}

std::vector<std::byte> inflate_prefix(Bytes deflated, std::size_t max_bytes) {
  Inflater inflater([&] { return std::exchange(deflated, {}); });
  return inflate_prefix(inflater, max_bytes);
}

std::vector<std::byte> inflate_prefix(Inflater& inflater, std::size_t max_bytes) {
  std::vector<std::byte> bytes;
  while (bytes.size() < max_bytes) {
    const std::size_t filled = bytes.size(), room = std::min(kChunkBytes, max_bytes - filled);
    bytes.resize(filled + room);
    const std::size_t count = inflater.read(std::span(bytes).subspan(filled));
    bytes.resize(filled + count);
    if (count < room) break;
  }
  return bytes;
}

}  // namespace naru::dicom
