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

/// What to do with missing slices.
enum class GapPolicy {
  reject,
  interpolate,       ///< fill them linearly between their neighbours; recorded
  keep_longest_run,  ///< keep the longest run of slices without a gap; the others are excluded
};

struct StackOptions {
  GapPolicy gap = GapPolicy::reject;
  bool uses_philips_precise = false;  ///< Philips MR: precise values in place of display values
  bool needs_hounsfield = false;      ///< CT: what is done with the values supposes that they are HU
  bool keeps_tilt = false;            ///< a sheared stack is delivered as it is, not straightened; said in its finding
  bool takes_volumes_only = false;    ///< the volumes of a 4-D image become cases of their own; said in their findings
};

/// units = slope * stored + intercept
struct Rescale {
  double slope = 1, intercept = 0;
  bool operator==(const Rescale&) const = default;
};

/// A run of slices that share orientation, matrix, spacing, image type and echo, ordered by position: one 3-D volume.
struct Stack {
  std::string study_uid, series_uid;
  int index = 0;                       ///< 0-based within the series, by lowest Instance Number, then SOP Instance UID
  std::vector<std::size_t> instances;  ///< indices into the input, in the order of k; usable slices only
  /// Empty: instance n is slice n. Else the slice k of each instance, rising; the slices between them are missing and
  /// are interpolated linearly along k (GapPolicy::interpolate). First is 0, last is grid.size.z - 1.
  std::vector<std::int64_t> k_of_instance;
  Grid grid;  ///< of the stored voxels, sheared where the gantry was tilted; meaningful unless rejected
  DType dtype = DType::int16;  ///< int16, uint16; float32 where each slice is brought to units when it is read
  Rescale rescale;             ///< of the first slice; with stored_offsets of all; identity where dtype is float32
  bool has_rescale = false;
  std::string_view rescale_source = "header";  ///< or, for Philips MR, "philips_display" or "philips_precise"
  std::string units;                           ///< "HU", "BQML", ...: a term of units_term, or empty
  /// Empty, or one whole number a slice: added to its stored values they all have the one rescale (per_slice_rescale).
  std::vector<std::int32_t> stored_offsets;
  std::vector<Rescale> slice_rescales;  ///< one an instance where dtype is float32, else empty
  bool is_tilted = false;               ///< the grid is sheared beyond tolerance (gantry_tilt)
  double padding_units = 0;             ///< what lies outside the slices when a tilt is straightened, in units
  Verdict verdict = Verdict::accept;
  std::vector<Finding> findings;
};

/// Stacks of one series at the same positions that differ along one axis: together one 4-D image.
struct StackSequence {
  std::vector<std::size_t> stacks;        ///< indices into Sorted::stacks, in order of the axis
  std::string_view axis;                  ///< "b_value", "trigger_time", "temporal_position", "acquisition_time", ...
  std::string_view unit;                  ///< "s/mm2", "ms", "s" or ""
  std::vector<double> values;             ///< one a stack
  std::vector<Vec3> gradient_directions;  ///< for b_value where known: one a stack, patient frame (LPS); zero for b = 0
  struct Values {
    std::string_view axis, unit;
    std::vector<double> values;  ///< one a stack
  };
  /// Of a pair of axes the second one; "asl_context" (0 M0, 1 control, 2 label) where known.
  std::vector<Values> others{};
};

/// What became of one given instance.
struct Placement {
  Disposition disposition = Disposition::used;
  std::optional<Code> reason;  ///< empty when used; the first rejecting finding for a good slice of a rejected stack
  std::optional<std::size_t> stack;  ///< index into Sorted::stacks; empty for localizers and exact duplicates
};

struct Sorted {
  std::vector<Stack> stacks;             ///< in order of study UID, series UID, index
  std::vector<Placement> placements;     ///< one per input, same order
  std::vector<StackSequence> sequences;  ///< a stack is in one at most
};

/// One input of `build_stacks`.
struct Candidate {
  Instance instance;
  std::optional<Code> broken;  ///< set where the header says that a slice is here but its pixels cannot be had
  /// Tells the same file twice from two files with one SOP Instance UID; may be empty where no other candidate has this
  /// SOP Instance UID and plane.
  std::string file_sha256;
};

/// Answers whether two candidates (by index) hold the same stored pixels. Asked only for slices at one position and for
/// files with one SOP Instance UID.
using SamePixels = std::function<bool(std::size_t, std::size_t)>;

/// Sorts candidates into stacks. Order comes from the position projected on the slice normal (the cross product of the
/// row and column directions), never from Instance Number, Slice Location or file name; k increases along the normal,
/// so (i, j, k) is right-handed. A pure function of its arguments: the same candidates in any order give the same
/// stacks. Findings and verdicts: docs/conventions.md. Source: PS3.3 C.7.6.2.1.1.
Sorted build_stacks(std::span<const Candidate> candidates, const SamePixels& same_pixels,
                    const StackOptions& options = {});

}  // namespace naru::dicom
