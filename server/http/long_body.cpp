#include "server/http/long_body.h"

#include <algorithm>

namespace naru::server {

namespace {
constexpr std::uint64_t kMaxPieceBytes = 1 << 20;

std::uint64_t size_of(const Segment& segment) {
  return segment.file.empty() ? segment.bytes.size() : segment.size_bytes;
}
}  // namespace

LongBodyReader::LongBodyReader(LongBody body) : body_(std::move(body)), left_bytes_(body_.size_bytes) {
  std::uint64_t available = 0;
  if (body_.segments) {
    for (const Segment& segment : *body_.segments) available += size_of(segment);
  }
  is_short_ = body_.first > available || body_.size_bytes > available - body_.first;
  offset_ = body_.first;
  if (!is_short_) skip_passed_segments();
}

void LongBodyReader::skip_passed_segments() {
  while (left_bytes_ > 0 && offset_ >= size_of((*body_.segments)[segment_])) {
    offset_ -= size_of((*body_.segments)[segment_++]);
  }
}

LongBodyReader::Piece LongBodyReader::piece() const {
  const Segment& segment = (*body_.segments)[segment_];
  Piece piece;
  piece.offset = offset_;
  piece.size_bytes = std::min({left_bytes_, size_of(segment) - offset_, kMaxPieceBytes});
  piece.is_last = piece.size_bytes == left_bytes_;
  if (segment.file.empty()) {
    piece.bytes = std::string_view(segment.bytes).substr(offset_, piece.size_bytes);
  } else {
    piece.file = &segment.file;
    piece.opened = segment.opened;
  }
  return piece;
}

void LongBodyReader::pass(std::uint64_t bytes) {
  offset_ += bytes;
  left_bytes_ -= bytes;
  skip_passed_segments();
}

}  // namespace naru::server
