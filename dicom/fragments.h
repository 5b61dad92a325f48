/// The fragments of encapsulated Pixel Data (PS3.5 A.4): an offset table, then the pieces of one compressed frame.
#pragma once

#include <vector>

#include "dicom/element_walk.h"

namespace naru::dicom {

struct Frame {
  WalkEnd end = WalkEnd::complete;  ///< cut_short and malformed: the fragments end too early, or are none
  std::vector<std::byte> bytes;     ///< the fragments joined
};

/// How the fragments that start at `value` end; nothing is copied.
WalkEnd check_fragments(Bytes value);

/// Joins the fragments of a single-frame object.
Frame join_fragments(Bytes value);

}  // namespace naru::dicom
