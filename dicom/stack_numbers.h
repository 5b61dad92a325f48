/// Whether the order of Instance Numbers may part images of one place into volumes.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "dicom/stack_axes.h"
#include "dicom/stack_places.h"

namespace naru::dicom {

/// Frames of one file share its Instance Number and follow each other in it.
using ImageNumber = std::pair<std::int64_t, std::size_t>;
ImageNumber image_number(const Instance& image);
std::vector<ImageNumber> sorted_numbers(std::span<const Candidate> candidates, std::span<const Place> places);

/// True where each Instance Number from the first to the last is there once, here or in other stacks of the series:
/// nothing was lost between them.
bool are_numbers_whole(std::span<const Candidate> candidates, std::span<const Place> places);

/// The numbers of one draft's images.
class ImageNumbers {
 public:
  /// All must outlive this.
  ImageNumbers(std::span<const Candidate> candidates, const std::vector<Place>& places, const AxisKeys& keys)
      : candidates_(candidates), places_(places), keys_(keys) {}

  /// True for numbers that run through all places of one volume before the next; or through all images of one place
  /// before the next, if something shows that they do so alike at all places: the frames are those of one object, a
  /// value rises with the numbers, or they only tell repeats apart, which are images of one kind; and if no volume that
  /// an axis tells is torn. Any other order says nothing: label and control may change places.
  bool are_steady(bool are_repeats) const;

  /// True where images of each place are numbered in the order of their times in the heart's cycle, but from another
  /// one on at some places than at others: it is not told whether those of one time or of one rank are a volume.
  bool turn_the_cycle() const;

 private:
  const Instance& instance(const Member& member) const { return candidates_[member.candidate].instance; }
  bool are_of_one_object() const;
  bool rise_with_a_value() const;
  bool tear_volumes() const;

  std::span<const Candidate> candidates_;
  const std::vector<Place>& places_;
  const AxisKeys& keys_;
};

}  // namespace naru::dicom
