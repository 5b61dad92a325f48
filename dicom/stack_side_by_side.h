/// Several stacks of one orientation in one series: both ears, both knees, several discs of a spine.
#pragma once

#include <span>
#include <vector>

#include "dicom/stack_split.h"

namespace naru::dicom {

/// Parts each draft of one series that holds several stacks, each with a finding `mixed_acquisition` that says how many
/// `stacks` there are and which of them it is (`index`, by lowest Instance Number). They are told, in turn,
/// - by Stack ID (0020,9056), where every image states one. Where most IDs have one place only they are no stacks, and
///   IDs that share most of their places are one: volumes of a 4-D image, of which some may lack slices.
///   IDs of one even row are believed all the same: no scanner is known to count anything else with them;
/// - in the plane: stacks of three places and more, each straight but for a tilt that all share, that lie apart by a
///   quarter of the field of view, unless the slices of two lie evenly between each other and leave room for that;
/// - along the normal: even stacks of three places and more that lie two spacings and more apart, while no Instance
///   Number is missing between them. Where all lie on one even grid they are slices that a gap parts, unless more lack
///   than any recipe may make up.
/// What is not told for sure stays one draft, which is judged as it is.
/// @param of_series indices of the drafts of one series; those of new drafts are added
void part_stacks(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts,
                 std::vector<std::size_t>& of_series);

}  // namespace naru::dicom
