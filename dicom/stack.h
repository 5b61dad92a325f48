/// From instances to stacks: which slices form one volume, in which order, on which grid, and what was found on the
/// way.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/code.h"
#include "core/geometry.h"
#include "core/volume.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// A run of slices that share orientation, matrix, spacing, image type and echo, ordered by position.
struct Stack {
  std::string study_uid, series_uid;
  int index = 0;                       ///< 0-based within the series, by lowest Instance Number, then SOP Instance UID
  std::vector<std::size_t> instances;  ///< indices into the input, in the order of k; usable slices only
  Grid grid;                           ///< of the stored voxels; meaningful unless verdict is reject
  DType dtype = DType::int16;          ///< int16 or uint16
  double rescale_slope = 1, rescale_intercept = 0;  ///< of the first slice; with stored_offsets of all
  bool has_rescale = false;
  /// Empty, or one whole number a slice: added to its stored values they all have the one rescale (per_slice_rescale).
  std::vector<std::int32_t> stored_offsets;
  Verdict verdict = Verdict::accept;
  std::vector<Finding> findings;
};

/// What became of one given instance.
struct Placement {
  Disposition disposition = Disposition::used;
  std::optional<Code> reason;  ///< empty when used; the first rejecting finding for a good slice of a rejected stack
  std::optional<std::size_t> stack;  ///< index into Sorted::stacks; empty for localizers and exact duplicates
};

struct Sorted {
  std::vector<Stack> stacks;          ///< in order of study UID, series UID, index
  std::vector<Placement> placements;  ///< one per input, same order
};

/// One input of `build_stacks`.
struct Candidate {
  Instance instance;
  std::optional<Code> broken;  ///< set where the header says that a slice is here but its pixels cannot be had
  std::string file_sha256;     ///< tells the same file twice from two files with one SOP Instance UID
};

/// Answers whether two candidates (by index) hold the same stored pixels. Asked only for slices at one position and for
/// files with one SOP Instance UID.
using SamePixels = std::function<bool(std::size_t, std::size_t)>;

/// Sorts candidates into stacks. Order comes from the position projected on the slice normal (the cross product of the
/// row and column directions), never from Instance Number, Slice Location or file name; k increases along the normal,
/// so (i, j, k) is right-handed. A pure function of its arguments: the same candidates in any order give the same
/// stacks. Findings and verdicts: docs/conventions.md. Source: PS3.3 C.7.6.2.1.1.
Sorted build_stacks(std::span<const Candidate> candidates, const SamePixels& same_pixels);

}  // namespace naru::dicom
