#include "dicom/stack_partition.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <ranges>
#include <set>

namespace naru::dicom {

std::optional<AxisPartition> partition_by(std::span<const Place> places,
                                          const std::function<AxisKey(const Member&)>& key_of_member) {
  std::map<AxisKey, AxisVolume> by_key;
  for (const Place& place : places) {
    std::set<AxisKey> seen;
    for (const Member& member : place.members) {
      const AxisKey own = key_of_member(member);
      if (own.empty() || !seen.insert(own).second) return std::nullopt;
      by_key[own].members.push_back(member);
      by_key[own].along_mm.push_back(place.along_mm);
    }
  }
  if (by_key.size() < 2) return std::nullopt;
  AxisPartition partition;
  for (auto& [own, volume] : by_key) {
    if (volume.members.size() == places.size()) ++partition.whole_count;
    volume.key = own;
    partition.volumes.push_back(std::move(volume));
  }
  return partition;
}

bool joins_others(const AxisPartition& by_order, std::span<const Place> places, const AxisKeys& keys) {
  std::map<std::size_t, const AxisVolume*> volume_of;
  for (const AxisVolume& volume : by_order.volumes) {
    for (const Member& member : volume.members) volume_of[member.candidate] = &volume;
  }
  const auto lies_in = [&](const AxisVolume& part) -> const AxisVolume* {
    const AxisVolume* const first = volume_of.at(part.members.front().candidate);
    const bool is_one = std::ranges::all_of(
        part.members, [&](const Member& member) { return volume_of.at(member.candidate) == first; });
    return is_one && part.members.size() > 1 ? first : nullptr;
  };
  return std::ranges::any_of(kAxes, [&](const Axis& axis) {
    if (axis.key == nullptr) return false;
    const auto other = partition_by(places, [&](const Member& m) { return keys.of(axis, m); });
    if (!other) return false;
    double joined = -1, apart = std::numeric_limits<double>::infinity();
    std::map<const AxisVolume*, double> widest;  // of the steps within each volume
    for (std::size_t v = 1; v < other->volumes.size(); ++v) {
      const AxisVolume &before = other->volumes[v - 1], &own = other->volumes[v];
      const double distance = own.key.front() - before.key.front();
      const AxisVolume* const place = lies_in(own);
      if (place != nullptr && place == lies_in(before)) {
        joined = std::max(joined, distance);
        widest[place] = std::max(widest[place], distance);
      } else {
        apart = std::min(apart, distance);
      }
    }
    if (joined < 0 || 2 * joined < apart) return false;
    // Turns of a scan follow each other in one volume as they do in the others.
    constexpr double kMuchWider = 10;
    return other->whole_count > 0 || joined > kMuchWider * std::ranges::min(widest | std::views::values);
  });
}

bool has_copied_volume(std::span<const Candidate> candidates, const SamePixels& same_pixels,
                       const AxisPartition& partition, bool has_key) {
  const std::vector<AxisVolume>& volumes = partition.volumes;
  const auto are_copies = [&](const AxisVolume& a, const AxisVolume& b) {
    return std::ranges::equal(a.members, b.members, [&](const Member& original, const Member& other) {
      return !original.lost && !other.lost && is_copy(candidates, same_pixels, original, other);
    });
  };
  const std::size_t step = has_key ? 1 : volumes.size() / 2;
  for (std::size_t v = step; v < volumes.size(); ++v) {
    const bool may_repeat =
        !has_key || std::ranges::equal(std::span(volumes[v].key).first(volumes[v].key.size() - 1),
                                       std::span(volumes[v - step].key).first(volumes[v].key.size() - 1));
    if (may_repeat && are_copies(volumes[v - step], volumes[v])) return true;
  }
  return false;
}

std::vector<std::vector<std::size_t>> numbered_runs(std::span<const Candidate> candidates,
                                                    std::span<const Place> places) {
  struct Image {
    std::int64_t number;
    std::size_t plane, place, candidate;
    auto operator<=>(const Image&) const = default;
  };
  std::vector<Image> images;
  for (std::size_t p = 0; p < places.size(); ++p) {
    for (const Member& member : places[p].members) {
      const Instance& own = candidates[member.candidate].instance;
      if (!own.instance_number) return {};
      images.push_back({*own.instance_number, own.plane, p, member.candidate});
    }
  }
  std::ranges::sort(images);
  std::vector<std::vector<std::size_t>> runs;
  for (std::size_t n = 0, begin = 0; n < images.size(); ++n) {
    const auto rises = [&](std::size_t at) { return images[at].place > images[at - 1].place; };
    const bool goes_on =
        n > 0 && images[n].place != images[n - 1].place && (n == begin + 1 || rises(n) == rises(n - 1));
    if (!goes_on) {
      begin = n;
      runs.emplace_back();
    }
    runs.back().push_back(images[n].candidate);
  }
  return runs;
}

std::optional<bool> tears_runs(std::span<const Candidate> candidates, std::span<const Place> places,
                               const AxisPartition& partition) {
  std::map<std::size_t, std::size_t> volume_of;
  for (std::size_t v = 0; v < partition.volumes.size(); ++v) {
    for (const Member& member : partition.volumes[v].members) volume_of[member.candidate] = v;
  }
  const std::size_t least = std::max(kShortestRun, places.size() / 2);
  std::size_t in_runs = 0;
  bool is_torn = false;
  for (const auto& run : numbered_runs(candidates, places)) {
    if (run.size() < least) continue;
    in_runs += run.size();
    const auto volume = [&](std::size_t candidate) { return volume_of.at(candidate); };
    is_torn = is_torn || std::ranges::adjacent_find(run, std::ranges::not_equal_to{}, volume) != run.end();
  }
  return 2 * in_runs >= volume_of.size() ? std::optional(is_torn) : std::nullopt;
}

bool ends_in_parts(const AxisPartition& partition) {
  const AxisVolume &first = partition.volumes.front(), &last = partition.volumes.back();
  std::size_t most = 0;
  for (const AxisVolume& volume : partition.volumes) most = std::max(most, volume.members.size());
  std::vector<double> shared_mm;
  std::ranges::set_intersection(first.along_mm, last.along_mm, std::back_inserter(shared_mm));
  const std::size_t longer = std::max(first.members.size(), last.members.size());
  return longer < most && 2 * shared_mm.size() < std::min(first.members.size(), last.members.size());
}

}  // namespace naru::dicom
