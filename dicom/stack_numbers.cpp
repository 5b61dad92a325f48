#include "dicom/stack_numbers.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <ranges>
#include <set>
#include <string>

#include "dicom/stack_partition.h"

namespace naru::dicom {

ImageNumber image_number(const Instance& image) { return {image.instance_number.value_or(0), image.plane}; }

std::vector<ImageNumber> sorted_numbers(std::span<const Candidate> candidates, std::span<const Place> places) {
  std::vector<ImageNumber> numbers;
  for (const Place& place : places) {
    for (const Member& member : place.members) numbers.push_back(image_number(candidates[member.candidate].instance));
  }
  std::ranges::sort(numbers);
  return numbers;
}

bool are_numbers_whole(std::span<const Candidate> candidates, std::span<const Place> places) {
  const std::vector<ImageNumber> with_frames = sorted_numbers(candidates, places);
  if (std::ranges::adjacent_find(with_frames) != with_frames.end()) return false;
  std::vector<std::int64_t> own;
  std::ranges::unique_copy(with_frames | std::views::keys, std::back_inserter(own));
  std::set<std::size_t> members;
  for (const Place& place : places) {
    for (const Member& member : place.members) members.insert(member.candidate);
  }
  const std::string& series = candidates[places.front().first().candidate].instance.series_uid;
  std::set<std::int64_t> others;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    const Instance& other = candidates[c].instance;
    const auto number = other.instance_number;
    if (members.contains(c) || other.series_uid != series || !number) continue;
    if (std::ranges::binary_search(own, *number)) {  // each stack has numbers of its own
      others.clear();
      break;
    }
    if (*number > own.front() && *number < own.back()) others.insert(*number);
  }
  return own.back() - own.front() == static_cast<std::int64_t>(own.size() + others.size()) - 1;
}

bool ImageNumbers::are_steady(bool are_repeats) const {
  if (places_.size() < 2) return false;  // at one place any order is steady
  const std::size_t count = places_.front().members.size();
  std::vector<std::int64_t> low(count, std::numeric_limits<std::int64_t>::max()), high(count, -low.front());
  bool are_interleaved = true;
  // Numbers between may be those of other stacks: magnitude and phase in turn.
  const std::vector<ImageNumber> all = sorted_numbers(candidates_, places_);
  for (const Place& place : places_) {
    if (place.members.size() != count) return false;
    std::vector<std::int64_t> numbers;
    for (const Member& member : place.members) {
      numbers.push_back(std::ranges::lower_bound(all, image_number(instance(member))) - all.begin());
    }
    std::ranges::sort(numbers);
    if (numbers.back() - numbers.front() != static_cast<std::int64_t>(count) - 1) are_interleaved = false;
    for (std::size_t t = 0; t < count; ++t) {
      low[t] = std::min(low[t], numbers[t]);
      high[t] = std::max(high[t], numbers[t]);
    }
  }
  bool are_in_blocks = true;
  for (std::size_t t = 1; t < count; ++t) are_in_blocks = are_in_blocks && high[t - 1] < low[t];
  if (are_in_blocks || !are_interleaved) return are_in_blocks;
  return (are_repeats || are_of_one_object() || rise_with_a_value()) && !tear_volumes();
}

bool ImageNumbers::turn_the_cycle() const {
  constexpr std::size_t kFewest = 3;  // of two any order is a turn
  return std::ranges::any_of(kAxes | std::views::filter(is_of_a_cycle), [&](const Axis& axis) {
    std::set<std::ptrdiff_t> begins;  // of the cycle, by rank
    for (const Place& place : places_) {
      std::vector<std::pair<AxisKey, AxisKey>> images;
      for (const Member& member : place.members) {
        images.emplace_back(keys_.of(kAxes[kInstanceOrderAxis], member), keys_.of(axis, member));
      }
      std::ranges::sort(images);
      std::vector<AxisKey> times;
      for (const auto& [rank, time] : images) {
        if (!rank.empty() && !time.empty()) times.push_back(time);
      }
      if (times.size() < kFewest || times.size() != images.size()) return false;
      const auto begin = std::ranges::min_element(times);
      begins.insert(begin - times.begin());
      std::ranges::rotate(times, begin);
      if (std::ranges::adjacent_find(times, std::ranges::greater_equal{}) != times.end()) return false;
    }
    return begins.size() > 1;
  });
}

bool ImageNumbers::are_of_one_object() const {
  const Instance& one = instance(places_.front().first());
  return one.source == PlaneSource::multi_frame && std::ranges::all_of(places_, [&](const Place& place) {
           return std::ranges::all_of(
               place.members, [&](const Member& member) { return object_of(instance(member)) == object_of(one); });
         });
}

/// True where along some axis each image of a place lies beyond the one numbered before it, at all places, or each
/// before it. Dimension indices tell no more than the order of frames does.
bool ImageNumbers::rise_with_a_value() const {
  return std::ranges::any_of(kAxes, [&](const Axis& axis) {
    if (axis.key == nullptr || &axis == &kAxes[kDimensionAxis]) return false;
    bool rises = true, falls = true;
    for (const Place& place : places_) {
      std::vector<std::pair<ImageNumber, AxisKey>> images;
      for (const Member& member : place.members) {
        images.emplace_back(image_number(instance(member)), keys_.of(axis, member));
      }
      std::ranges::sort(images);
      const auto keys = images | std::views::values;
      if (std::ranges::any_of(keys, &AxisKey::empty)) return false;
      rises = rises && std::ranges::adjacent_find(keys, std::ranges::greater_equal{}) == keys.end();
      falls = falls && std::ranges::adjacent_find(keys, std::ranges::less_equal{}) == keys.end();
    }
    return rises || falls;
  });
}

/// True where some axis gives a whole volume whose images have several ranks within their places.
bool ImageNumbers::tear_volumes() const {
  const auto rank = [&](const Member& member) { return keys_.of(kAxes[kInstanceOrderAxis], member); };
  const auto is_torn = [&](const AxisVolume& volume) {
    return volume.members.size() == places_.size() &&
           std::ranges::adjacent_find(volume.members, std::ranges::not_equal_to{}, rank) != volume.members.end();
  };
  return std::ranges::any_of(kAxes, [&](const Axis& axis) {
    if (axis.key == nullptr) return false;
    const auto told = partition_by(places_, [&](const Member& member) { return keys_.of(axis, member); });
    return told && std::ranges::any_of(told->volumes, is_torn);
  });
}

}  // namespace naru::dicom
