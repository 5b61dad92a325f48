/// How images of one series differ, and which of its parts are one stack all the same.
#pragma once

#include <span>
#include <vector>

#include "dicom/stack_split.h"

namespace naru::dicom {

/// For two instances of one series.
bool same_orientation(const Instance& a, const Instance& b);
bool same_stack(const Instance& a, const Instance& b);

/// The first instance of a draft, which stands for all of them.
const Instance& reference_of(std::span<const Candidate> candidates, const StackDraft& draft);

/// Joins drafts that are parts of one stack. Those of one normal, up to its sign, and one modality are looked at:
/// - where three or more images of one kind have a frame of reference each, the frames say nothing;
/// - parts that share no place and lie on one even grid are one where they differ in the type of their stored values
///   alone, or in that one of them names no frame of reference;
/// - if they differ in more, and slices of one lie between those of the other, or if all parts have one slice only,
///   none of them is a whole volume: they are rejected with `gap`. Parts that are turned against each other and lie
///   beside each other are whole where they leave no room for slices between their own.
/// @param of_series indices of the drafts of one series; one that was joined to another leaves it and has no members
void join_parts(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts,
                std::vector<std::size_t>& of_series);

/// Says in each of the drafts of one series what parts it from another.
void note_splits(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts,
                 std::span<const std::size_t> of_series);

}  // namespace naru::dicom
