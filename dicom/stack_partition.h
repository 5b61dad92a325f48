/// Images of one draft parted into volumes along an axis, and what speaks against a partition.
#pragma once

#include <functional>
#include <optional>

#include "dicom/stack_axes.h"

namespace naru::dicom {

struct AxisVolume {
  AxisKey key;
  std::vector<Member> members;
  std::vector<double> along_mm;  ///< of the place of each member, rising
};

struct AxisPartition {
  std::vector<AxisVolume> volumes;  ///< by rising key
  std::size_t whole_count = 0;      ///< of volumes that have each place once
};

/// Volumes by key; empty where a key is missing, all are equal, or two members of a volume share a place.
std::optional<AxisPartition> partition_by(std::span<const Place> places,
                                          const std::function<AxisKey(const Member&)>& key_of_member);

/// True where a volume by the order of numbers is put together of what another axis tells apart as far as it tells
/// volumes apart: the arterial upper half and the venous lower half. Some volume is whole along that axis, or made of
/// turns of a scan that follow each other much faster than those.
bool joins_others(const AxisPartition& by_order, std::span<const Place> places, const AxisKeys& keys);

/// True where all slices of one volume are copies of another's: the series was sent twice, and its numbers went on.
/// @param has_key volumes have a key before their rank; else the second half would repeat the first
bool has_copied_volume(std::span<const Candidate> candidates, const SamePixels& same_pixels,
                       const AxisPartition& partition, bool has_key);

/// Slices that are stated to be as thick as this part of their distance leave no room for others between them.
inline constexpr double kFilledPart = 2.0 / 3;

/// A run of fewer images says nothing: numbers without any order have such.
inline constexpr std::size_t kShortestRun = 3;

/// Images, by candidate, in the order of their Instance Numbers, cut where one does not lie further along the places in
/// the direction of its run. Empty where a number is missing.
std::vector<std::vector<std::size_t>> numbered_runs(std::span<const Candidate> candidates,
                                                    std::span<const Place> places);

/// True where images are numbered volume by volume, as runs along the places tell, and some run is of several volumes:
/// times that were cut to whole seconds give late slices to the volume that follows. Empty where numbers run otherwise.
std::optional<bool> tears_runs(std::span<const Candidate> candidates, std::span<const Place> places,
                               const AxisPartition& partition);

/// True where the first and the last volume lack slices and share hardly any: what times that were cut leave at both
/// ends, of one volume each.
bool ends_in_parts(const AxisPartition& partition);

}  // namespace naru::dicom
