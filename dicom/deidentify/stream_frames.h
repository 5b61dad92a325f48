/// The frames of encapsulated Pixel Data in memory (PS3.5 A.4). For files see FrameIndex.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dicom/element_walk.h"

namespace naru::dicom {

/// The value of one fragment, within the fragments' bytes.
struct StreamPart {
  std::size_t offset = 0, size = 0;
};
using StreamFrame = std::vector<StreamPart>;

/// The fragments of each frame: one each where the counts agree, all where there is one frame, else by the Basic Offset
/// Table. Without a usable table each frame begins at a fragment that begins like a stream (JPEG, JPEG 2000).
/// @param fragments from the Basic Offset Table's item on
/// @return empty where the items are not sound or do not give `frame_count` frames
std::optional<std::vector<StreamFrame>> frames_of_stream(Bytes fragments, std::int64_t frame_count);

/// True where Extended Offset Table and Extended Offset Table Lengths (PS3.3 C.7.6.3.1.8) say of each fragment where it
/// begins and how long it is, but for a byte of padding, and there is no Basic Offset Table.
bool is_extended_offset_table(Bytes offsets, Bytes lengths, Bytes fragments);

/// True where Encapsulated Pixel Data Value Total Length is the length of all fragments, without their padding or with
/// their marks.
bool is_total_length(Bytes value, Bytes fragments);

/// A frame's bytes in one piece.
std::vector<std::byte> joined(const StreamFrame& frame, Bytes fragments);

}  // namespace naru::dicom
