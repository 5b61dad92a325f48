/// The segments of an RLE frame, read without expanding them: whether they hold what they should, asked before a
/// decoder is let loose on it (DCMTK's fills what a segment lacks with its last value), and where each has given the
/// picture. Source: PS3.5 Annex G.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "dicom/element_walk.h"
#include "dicom/instance.h"

namespace naru::dicom {

inline constexpr std::size_t kRleHeaderBytes = 64;

/// How many segments a frame has, and how many bytes each of them gives.
struct RleShape {
  std::size_t segments = 0, segment_bytes = 0;
};
RleShape rle_shape(const PixelFormat& format);

/// Where each segment begins, and behind them where the last one ends. Empty where the frame has another number of
/// them, or where they do not lie in it in their order.
std::optional<std::vector<std::size_t>> rle_places(Bytes frame, std::size_t segments);

/// The first runs of a segment (PackBits) that give `wanted` bytes, or all that there are.
struct RleRuns {
  std::size_t end = 0;  ///< behind them; behind the segment where the last literal run is cut short
  std::size_t given = 0;
  bool ends_in_literals = false;
};
RleRuns rle_runs(Bytes frame, std::size_t begin, std::size_t end, std::size_t wanted);

/// True where a frame has the segments of `shape`, each of which gives its bytes or more.
bool has_whole_rle_segments(Bytes frame, const RleShape& shape);

}  // namespace naru::dicom
