/// The deflate stream of "Deflated Explicit VR Little Endian" (PS3.5 A.5: RFC 1951 without a zlib header).
#pragma once

#include <zlib.h>

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// Inflates a stream from front to back, as far as it is asked to. Holds nothing but zlib's window (kInflateBytes).
class Inflater {
 public:
  /// Gives the next compressed bytes, which stay valid until it is called again; none at the end.
  using NextPiece = std::function<Bytes()>;

  explicit Inflater(NextPiece next_piece);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Fills `out` with what follows. @return the count of bytes: fewer where the stream ends, is cut or is damaged
  std::size_t read(std::span<std::byte> out);

  /// Whether the stream's own end was reached, not only the end of what there is of it.
  bool has_ended() const { return status_ == Z_STREAM_END; }

 private:
  void refill();

  NextPiece next_piece_;
  Bytes piece_;  ///< what zlib was not given yet
  z_stream stream_{};
  int status_;
};

/// What zlib allocates for one stream: a window of 32 KiB and its tables (zconf.h: about 7 KiB).
inline constexpr std::size_t kInflateBytes = std::size_t{48} << 10;

/// The first `max_bytes` that a stream expands to; fewer where it ends, is cut or is damaged.
/// The bound keeps a small file from filling the memory.
std::vector<std::byte> inflate_prefix(Inflater& inflater, std::size_t max_bytes);
std::vector<std::byte> inflate_prefix(Bytes deflated, std::size_t max_bytes);

}  // namespace naru::dicom
