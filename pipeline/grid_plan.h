/// The way of a stack's voxels onto the grid of the dataset.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/geometry.h"
#include "dicom/stack.h"
#include "kernels/resample.h"
#include "kernels/straighten.h"
#include "pipeline/recipe.h"

namespace naru {

/// How a sheared stack becomes upright: each slice moves within its plane.
struct Straightening {
  Grid grid;                       ///< i and j as in the stack, k along their normal; covers every slice
  std::vector<SliceShift> shifts;  ///< one a slice
  double degrees = 0;              ///< between the stack and its normal
};

struct GridPlan {
  std::optional<Straightening> straighten;  ///< first, where the stack is tilted and the recipe does not keep that
  AxisMap orient;                           ///< from the (straightened) stack's axes to the recipe's
  Grid grid;                                ///< of the result
  ResampleOptions resample;                 ///< of the permuted (not flipped) voxels: flips are negative steps
  std::array<InsideRange, 3> inside;        ///< of the result: what lies beside it is 0 in units
  Vec3 source_spacing_mm{};                 ///< along the result's axes

  /// The axis of the result along which the stack's slices lie.
  int slice_axis() const;
  /// The slices of the stack that slices [begin, end) of the result along slice_axis() are made of.
  std::pair<std::int64_t, std::int64_t> source_slices(std::int64_t begin, std::int64_t end) const;
  /// The resampling of those slices alone, from a volume whose first slice is `source_begin` of the stack.
  ResampleOptions resample_part(std::int64_t begin, std::int64_t end, std::int64_t source_begin) const;
};

/// Straightening, orientation, then resampling in the recipe's convention. Without a spacing no voxel centre moves.
/// True where the slices are moved along their rows and columns until they lie behind each other.
bool is_straightened(const dicom::Stack& stack, const Recipe& recipe);

/// What each convention adds to the grids of core/geometry.h, as its tool does it:
///   boundary       of bspline: the outer value in naru, nnunet and monai, mirrored in the others; else the outer value
///   lanczos        3 values a side, normalised, in naru; 3 in itk and 5 in torchio as ITK has it: not normalised
///   halves         of nearest: to within 1e-9 of a voxel; in nnunet and totalsegmentator what scipy's rounding leaves
///   separate axis  nnunet, where a spacing is more than 3 times another (nnunetv2 determine_do_sep_z_and_axis)
///   antialias      naru: sigma^2 = (step^2 - 1) / (8 ln 2) along axes that become coarser (Cardoso et al., MICCAI
///   2015)
GridPlan plan_grid(const dicom::Stack& stack, const Recipe& recipe);

/// Whether the weights of `lanczos` add up to 1 in a convention.
bool normalizes_sinc(GridConvention convention);

/// What of `inside` lies in the targets [begin, begin + count), counted from `begin`.
InsideRange part_of(const InsideRange& inside, std::int64_t begin, std::int64_t count);

/// The upright grid of a sheared one. The bounding box of all slices, its voxels those of slice 0 continued.
Straightening plan_straightening(const Grid& sheared);

}  // namespace naru
