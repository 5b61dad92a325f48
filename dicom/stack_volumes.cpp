#include "dicom/stack_volumes.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <ranges>
#include <set>

#include "dicom/stack_axes.h"
#include "dicom/stack_numbers.h"
#include "dicom/stack_partition.h"
#include "dicom/stack_places.h"

namespace naru::dicom {

namespace {

/// A 4-D image may lack slices in some volumes; where fewer than this part of them are whole it is no 4-D image.
constexpr double kLeastWholePart = 0.5;

/// As DICOM writes times: a difference of dates has noise beyond.
double in_microseconds(double seconds) { return std::round(seconds * 1e6) / 1e6; }

class Separator {
 public:
  Separator(std::span<const Candidate> candidates, const SamePixels& same_pixels, StackDraft draft)
      : candidates_(candidates),
        same_pixels_(same_pixels),
        draft_(std::move(draft)),
        places_(find_places(candidates, draft_.members, slice_normal(candidates, draft_))),
        keys_(candidates, draft_.members, places_),
        numbers_(candidates, places_, keys_) {}

  Separation run() {
    if (are_nowhere()) return alone();
    std::optional<Separation> found;
    if (has_rivals() && !are_all_copies()) found = try_all();
    if (found) return std::move(*found);
    // One slice given twice spoils every partition: without the copies it may work.
    const auto copies = take_copies();
    if (!copies.empty() || !has_rivals()) found = try_all();
    if (!found) return alone();
    if (!copies.empty()) {
      found->drafts.front().copies = copies;
      found->drafts.front().add(
          {Code::duplicate_slices, {{"slices", static_cast<double>(copies.size())}}, "copies set aside"},
          Verdict::repair);
    }
    return std::move(*found);
  }

 private:
  using KeyOfMember = std::function<AxisKey(const Member&)>;

  const Instance& instance(const Member& member) const { return candidates_[member.candidate].instance; }

  /// Parts have members of their own: there may be thousands of them, of tens of thousands of images.
  static StackDraft emptied(StackDraft draft) {
    draft.members.clear();
    return draft;
  }

  Separation alone() {
    Separation result;
    if (interleaved_count_ > 0) {
      draft_.add({Code::mixed_acquisition,
                  {{"acquisitions", static_cast<double>(interleaved_count_)}},
                  "rejected: slices of some lie between those of others"},
                 Verdict::reject);
    }
    result.drafts.push_back(std::move(draft_));
    return result;
  }

  bool has_rivals() const {
    return std::ranges::any_of(places_, [](const Place& place) {
      return std::ranges::count_if(place.members, [](const Member& m) { return !m.lost; }) > 1;
    });
  }

  /// Images that all lie at one place which is none: the very origin, which converters write where they know no
  /// position, or one that Slice Location contradicts, as where the position of the first was written into all.
  bool are_nowhere() const {
    if (places_.size() != 1) return false;
    const auto is_origin = [&](const Member& member) { return norm(instance(member).position_mm) == 0; };
    return std::ranges::all_of(places_.front().members, is_origin) || have_other_locations();
  }

  bool have_other_locations() const {
    std::vector<double> locations_mm;
    for (const Member& member : places_.front().members) {
      if (const auto mm = instance(member).slice_location_mm) locations_mm.push_back(*mm);
    }
    if (locations_mm.size() < 2) return false;
    const auto [low, high] = std::ranges::minmax(locations_mm);
    return high - low > instance(places_.front().first()).spacing_i_mm;  // beyond what rounding does
  }

  bool are_all_copies() const {
    return std::ranges::all_of(places_, [&](const Place& place) {
      return std::ranges::all_of(place.members, [&](const Member& member) {
        return member.lost || &member == &place.first() || is_copy(candidates_, same_pixels_, place.first(), member);
      });
    });
  }

  std::vector<std::size_t> take_copies() {
    std::vector<std::size_t> copies;
    for (Place& place : places_) {
      std::vector<Member> kept;
      for (const Member& member : place.members) {
        const bool is_again = !member.lost && std::ranges::any_of(kept, [&](const Member& other) {
          return !other.lost && is_copy(candidates_, same_pixels_, other, member);
        });
        if (is_again) {
          copies.push_back(member.candidate);
        } else {
          kept.push_back(member);
        }
      }
      place.members = std::move(kept);
    }
    return copies;
  }

  std::optional<Separation> try_all() {
    if (has_rivals()) {
      is_cycle_turned_ = numbers_.turn_the_cycle();
      if (auto found = try_axes(true)) return found;
      if (auto found = try_axes(false)) return found;
    }
    if (auto found = part_volumes()) return found;
    return has_rivals() || interleaved_count_ > 0 ? std::nullopt : part_acquisitions();
  }

  /// @param only_whole every volume must have every place; else most of them, and of axes that do so the best serves
  std::optional<Separation> try_axes(bool only_whole) {
    const Axis *best_axis = nullptr, *best_second = nullptr;
    std::optional<AxisPartition> best;
    double best_part = 0;
    // True where nothing can be better.
    const auto is_taken = [&](const Axis& axis, const Axis* second, std::optional<AxisPartition>& found) {
      if (!found || found->whole_count < 2) return false;
      const double part = static_cast<double>(found->whole_count) / static_cast<double>(found->volumes.size());
      if (part < (only_whole ? 1 : kLeastWholePart) || part <= best_part) return false;
      const bool is_by_order = axis.key == nullptr || (second != nullptr && second->key == nullptr);
      if (is_by_order && (joins_others(*found, places_, keys_) ||
                          has_copied_volume(candidates_, same_pixels_, *found, second != nullptr)))
        return false;
      const bool is_time = second == nullptr && (axis.telling == Telling::since_first || is_of_a_cycle(axis));
      if (!only_whole && tears_runs(candidates_, places_, *found).value_or(is_time && ends_in_parts(*found)))
        return false;
      best_axis = &axis;
      best_second = second;
      best_part = part;
      best = std::move(found);
      return only_whole;
    };
    bool has_whole = false;
    for (std::size_t first = 0; first < kAxes.size(); ++first) {
      // What makes a whole volume tells volumes apart: an order would mix those that lack slices, unless none lacks.
      const bool is_contradicted = first == kInstanceOrderAxis && has_whole && !are_numbers_whole(candidates_, places_);
      if (is_contradicted || !is_usable(kAxes[first], nullptr, only_whole)) continue;
      auto partition = partition_by(places_, [&](const Member& m) { return key(kAxes[first], m); });
      has_whole = has_whole || (partition && partition->whole_count > 0);
      if (is_taken(kAxes[first], nullptr, partition)) return separated(*best_axis, nullptr, std::move(*best));
      // Repeats: b = 0 five times, or a cycle of the heart more than once.
      for (std::size_t second = first + 1; second < kAxes.size() && has_several_values(kAxes[first]); ++second) {
        if (!is_usable(kAxes[second], &kAxes[first], only_whole)) continue;
        auto finer = partition_by(places_, [&](const Member& m) { return both(kAxes[first], kAxes[second], m); });
        if (is_taken(kAxes[first], &kAxes[second], finer)) {
          return separated(*best_axis, best_second, std::move(*best));
        }
      }
    }
    return best ? std::optional(separated(*best_axis, best_second, std::move(*best))) : std::nullopt;
  }

  /// @param first of a pair that `axis` is the second of; null where it stands alone
  bool is_usable(const Axis& axis, const Axis* first, bool only_whole) const {
    if (is_cycle_turned_ && (is_of_a_cycle(axis) || axis.key == nullptr)) return false;
    return axis.key != nullptr || (only_whole && numbers_.are_steady(first == &kAxes[kBValueAxis]));
  }

  bool has_several_values(const Axis& axis) const {
    const AxisKey first = key(axis, places_.front().first());
    return axis.key != nullptr && !first.empty() &&
           std::ranges::any_of(draft_.members, [&](const Member& m) { return key(axis, m) != first; });
  }

  /// Volumes that share no places, or not all, are stacks:
  /// - even volumes whose slices lie between each other's, whatever says that they are volumes;
  /// - even acquisitions that overlap, each covering a range of its own; or times, and b-values of one time or
  ///   acquisition, where their numbers confirm them.
  /// Where one goes on from the one before they are turns of one scan: what is there twice was scanned again, or is a
  /// stranger.
  std::optional<Separation> part_volumes() {
    interleaved_count_ = 0;
    for (const Axis& axis : std::span(kAxes).first(kAcquisitionNumberAxis + 1)) {
      const bool may_overlap = &axis == &kAxes[kAcquisitionNumberAxis] && has_rivals();
      if (auto found = part_volumes_by([&](const Member& m) { return key(axis, m); }, may_overlap)) return found;
    }
    const Axis &number = kAxes[kAcquisitionNumberAxis], &diffusion = kAxes[kBValueAxis];
    for (const Axis& axis : kAxes) {
      if (!has_rivals() || (axis.telling != Telling::since_first && &axis != &number)) continue;
      const auto alone = [&](const Member& m) { return key(axis, m); };
      const auto with_b_value = [&](const Member& m) { return both(axis, diffusion, m); };
      for (const KeyOfMember& told : {KeyOfMember(alone), KeyOfMember(with_b_value)}) {
        if (!are_runs_by(told)) continue;
        if (auto found = part_volumes_by(told, true)) return found;
      }
    }
    // No acquisition, and so no axis of a 4-D image, but what tells that slices were made for themselves.
    std::optional<double> thickest_mm;
    for (const Member& member : draft_.members) {
      thickest_mm = std::max(thickest_mm, instance(member).slice_thickness_mm);
    }
    const auto is_thick = [&](const Member& member) {
      constexpr double kFactor = 1.5;  // what differs by less was rounded, or reckoned for each slice
      const auto mm = instance(member).slice_thickness_mm;
      return mm ? AxisKey{kFactor * *mm > *thickest_mm ? 1.0 : 0.0} : AxisKey();
    };
    if (auto found = part_volumes_by(is_thick, false)) return found;
    std::map<std::size_t, double> run_of;
    const auto runs = numbered_runs(candidates_, places_);
    const bool has_short = std::ranges::any_of(runs, [](const auto& run) { return run.size() < kShortestRun; });
    if (runs.empty() || has_short) return std::nullopt;
    for (std::size_t r = 0; r < runs.size(); ++r) {
      for (const std::size_t candidate : runs[r]) run_of[candidate] = static_cast<double>(r);
    }
    return part_volumes_by([&](const Member& m) { return AxisKey{run_of.at(m.candidate)}; }, false);
  }

  /// True where the images of each key are one run of Instance Numbers along the places, which begin at 1 and leave
  /// none out: slices that one of them lacks were not lost, unless an export ends too soon.
  bool are_runs_by(const KeyOfMember& key_of_member) const {
    const auto partition = partition_by(places_, key_of_member);
    const auto runs = numbered_runs(candidates_, places_);
    if (!partition || runs.size() != partition->volumes.size()) return false;
    const auto is_of_one_key = [&](const std::vector<std::size_t>& run) {
      const auto own = [&](std::size_t candidate) { return key_of_member(Member{candidate, {}}); };
      return run.size() >= kShortestRun &&
             std::ranges::adjacent_find(run, std::ranges::not_equal_to{}, own) == run.end();
    };
    return std::ranges::all_of(runs, is_of_one_key) && are_numbers_whole(candidates_, places_) &&
           sorted_numbers(candidates_, places_).front().first <= 1;
  }

  std::optional<Separation> part_volumes_by(const KeyOfMember& key_of_member, bool may_overlap) {
    const auto partition = partition_by(places_, key_of_member);
    const auto within_mm = partition ? least_spacing_mm(*partition) : std::nullopt;
    if (!within_mm) return std::nullopt;
    const bool lie_between = are_between(*partition, *within_mm);
    const bool do_overlap = may_overlap && partition->whole_count < 2;
    if (lie_between ? are_one_stack(*partition, *within_mm) : !do_overlap) return std::nullopt;
    const bool is_sure = !go_on(*partition, *within_mm) && (!lie_between || leave_no_room(*within_mm));
    if (is_sure) return stacks_of(*partition);
    if (lie_between) interleaved_count_ = partition->volumes.size();
    return std::nullopt;
  }

  /// True where slices of several volumes are nearer than those of any of them. Values that most images have for
  /// themselves tell no volumes.
  bool are_between(const AxisPartition& partition, double within_mm) const {
    const auto nearest = std::ranges::adjacent_find(places_, [&](const Place& a, const Place& b) {
      return b.along_mm - a.along_mm < within_mm - even_tolerance_mm(within_mm);
    });
    const auto is_lone = [](const AxisVolume& volume) { return volume.members.size() == 1; };
    const auto lone_count = std::ranges::count_if(partition.volumes, is_lone);
    return nearest != places_.end() && 2 * lone_count < std::ssize(partition.volumes);
  }

  /// Between slices, as headers say it: the greatest, which merges least.
  std::optional<double> stated_spacing_mm() const {
    std::optional<double> greatest_mm;
    for (const Member& member : draft_.members) {
      const Instance& own = instance(member);
      greatest_mm =
          std::max(greatest_mm, own.spacing_between_slices_mm ? own.spacing_between_slices_mm : own.slice_thickness_mm);
    }
    return greatest_mm;
  }

  /// Volumes that leave room for each other's slices are one stack, scanned in turns: all are even together, no finer
  /// than so many volumes make them, at the distance that the header states rather than each.
  bool are_one_stack(const AxisPartition& partition, double within_mm) const {
    const auto together_mm = even_together_mm();
    const auto stated_mm = stated_spacing_mm();
    if (!together_mm || !stated_mm) return false;
    const double finest_mm = (within_mm - even_tolerance_mm(within_mm)) / static_cast<double>(partition.volumes.size());
    return *together_mm >= finest_mm && *stated_mm < (*together_mm + within_mm) / 2;
  }

  /// True where the slices of each volume fill it, as headers say, or where they say nothing but are not even together.
  bool leave_no_room(double within_mm) const {
    const auto stated_mm = stated_spacing_mm();
    return stated_mm ? *stated_mm >= kFilledPart * within_mm : !even_together_mm();
  }

  std::optional<double> even_together_mm() const { return even_spacing_mm(distances_between(places_)); }

  /// The least distance of slices within the volumes; empty where one of them is not even, or all have one slice.
  static std::optional<double> least_spacing_mm(const AxisPartition& partition) {
    double least_mm = std::numeric_limits<double>::infinity();
    for (const AxisVolume& volume : partition.volumes) {
      if (volume.members.size() == 1) continue;
      std::vector<double> distances_mm;
      std::ranges::transform(volume.along_mm | std::views::drop(1), volume.along_mm, std::back_inserter(distances_mm),
                             std::minus{});
      const auto spacing_mm = even_spacing_mm(distances_mm);
      if (!spacing_mm) return std::nullopt;
      least_mm = std::min(least_mm, *spacing_mm);
    }
    return std::isfinite(least_mm) ? std::optional(least_mm) : std::nullopt;
  }

  /// True where a volume begins beyond the one before it by the distance of slices or less, to either side.
  static bool go_on(const AxisPartition& partition, double spacing_mm) {
    const auto follows = [&](const AxisVolume& a, const AxisVolume& b) {
      const double beyond_mm = std::max(b.along_mm.front() - a.along_mm.back(), a.along_mm.front() - b.along_mm.back());
      return beyond_mm > 0 && beyond_mm <= spacing_mm + even_tolerance_mm(spacing_mm);
    };
    return std::ranges::adjacent_find(partition.volumes, follows) != partition.volumes.end();
  }

  Separation stacks_of(const AxisPartition& partition) const {
    Separation result;
    const StackDraft without_members = emptied(draft_);
    for (const AxisVolume& volume : partition.volumes) {
      StackDraft& part = result.drafts.emplace_back(without_members);
      part.members = volume.members;
      part.add({Code::mixed_acquisition, {{"acquisitions", static_cast<double>(partition.volumes.size())}}, "split"},
               Verdict::accept);
    }
    return result;
  }

  std::optional<std::int64_t> acquisition_at(std::size_t place) const {
    return instance(places_[place].first()).timing.acquisition_number;
  }

  /// True where Instance Numbers leave as many out between two acquisitions as there are places between them: images
  /// were numbered there, and are lost.
  bool lacks_numbered_slices(std::span<const std::size_t> begins) const {
    const auto spacing_mm = even_together_mm();
    return spacing_mm && std::ranges::any_of(begins.subspan(1), [&](std::size_t p) {
             const auto before = instance(places_[p - 1].first()).instance_number;
             const auto own = instance(places_[p].first()).instance_number;
             const double steps = multiple_of(places_[p].along_mm - places_[p - 1].along_mm, *spacing_mm);
             return before && own && steps > 1 && std::abs(static_cast<double>(*own - *before)) == steps;
           });
  }

  /// Acquisitions without rivals that lie apart, each in one run of places, are stacks. Where any of them goes on from
  /// another at the distance of slices they are turns of one scan, and what lacks between two of them was lost.
  std::optional<Separation> part_acquisitions() {
    std::vector<std::size_t> begins;  // of each acquisition, by place
    std::vector<double> inside_mm, between_mm;
    std::set<std::int64_t> seen;
    for (std::size_t p = 0; p < places_.size(); ++p) {
      const auto number = acquisition_at(p);
      const bool goes_on = p > 0 && number == acquisition_at(p - 1);
      if (!number || (!goes_on && !seen.insert(*number).second)) return std::nullopt;
      if (!goes_on) begins.push_back(p);
      if (p > 0) (goes_on ? inside_mm : between_mm).push_back(places_[p].along_mm - places_[p - 1].along_mm);
    }
    if (between_mm.empty() || inside_mm.empty()) return std::nullopt;
    // Half of a slice and more beyond the widest distance within an acquisition: no slice of it lacks there.
    constexpr double kApart = 1.5;
    if (std::ranges::min(between_mm) < kApart * std::ranges::max(inside_mm)) return std::nullopt;
    if (lacks_numbered_slices(begins)) return std::nullopt;
    begins.push_back(places_.size());
    Separation result;
    const StackDraft without_members = emptied(draft_);
    for (std::size_t a = 0; a + 1 < begins.size(); ++a) {
      StackDraft& part = result.drafts.emplace_back(without_members);
      for (std::size_t p = begins[a]; p < begins[a + 1]; ++p) {
        part.members.insert(part.members.end(), places_[p].members.begin(), places_[p].members.end());
      }
      part.add({Code::mixed_acquisition, {{"acquisitions", static_cast<double>(begins.size() - 1)}}, "split"},
               Verdict::accept);
    }
    return result;
  }

  AxisKey key(const Axis& axis, const Member& member) const { return keys_.of(axis, member); }

  AxisKey both(const Axis& first, const Axis& second, const Member& member) const {
    AxisKey keys = key(first, member);
    const AxisKey more = key(second, member);
    if (keys.empty() || more.empty()) return {};
    keys.insert(keys.end(), more.begin(), more.end());
    return keys;
  }

  /// @param second of a pair of axes; null for one alone
  Separation separated(const Axis& axis, const Axis* second, AxisPartition partition) const {
    // Diffusion keeps the order of its acquisition, as its b-vectors are listed.
    if (&axis == &kAxes[kBValueAxis]) {
      std::ranges::stable_sort(partition.volumes, {}, [&](const AxisVolume& v) { return lowest_number(v); });
    }
    Separation result;
    const StackDraft without_members = emptied(draft_);
    result.sequence = StackSequence{{}, axis.name, axis.unit, {}, {}, {}};
    note_others(axis, second, partition, *result.sequence);
    const double first = partition.volumes.front().key.front();
    double rank = 0;  // of all volumes: one that is rejected leaves its number out
    for (const AxisVolume& volume : partition.volumes) {
      StackDraft& part = result.drafts.emplace_back(without_members);
      part.members = volume.members;
      const double own_rank = rank++;
      const double missing = static_cast<double>(places_.size() - volume.members.size());
      if (missing > 0) {
        part.add({Code::gap, {{"slices", missing}}, "rejected: other volumes of the series have these slices"},
                 Verdict::reject);
        continue;
      }
      const double value = axis.telling == Telling::as_is         ? volume.key.front()
                           : axis.telling == Telling::since_first ? in_microseconds(volume.key.front() - first)
                                                                  : own_rank;
      part.volume = result.sequence->values.size();
      part.add({Code::mixed_phase,
                {{"volumes", static_cast<double>(partition.volumes.size())},
                 {"index", static_cast<double>(*part.volume)},
                 {"value", value}},
                axis.action},
               Verdict::accept);
      result.sequence->values.push_back(value);
      if (&axis == &kAxes[kBValueAxis]) {
        result.sequence->gradient_directions.push_back({volume.key[1], volume.key[2], volume.key[3]});
      }
    }
    return result;
  }

  /// What tells apart the volumes whose values along `axis` are equal, and which is label and which control.
  void note_others(const Axis& axis, const Axis* second, const AxisPartition& partition,
                   StackSequence& sequence) const {
    for (const Axis& other : kAxes) {
      const bool is_told = &other == second || (&other == &kAxes[kAslAxis] && &other != &axis);
      if (!is_told) continue;
      std::vector<AxisKey> keys;
      for (const AxisVolume& volume : partition.volumes) {
        const AxisKey own = key(other, volume.members.front());
        const bool is_one =
            std::ranges::all_of(volume.members, [&](const Member& member) { return key(other, member) == own; });
        if (is_one && !own.empty() && volume.members.size() == places_.size()) keys.push_back(own);
      }
      // Of the volumes that are kept.
      if (keys.size() != partition.whole_count) continue;
      const std::set<AxisKey> sorted(keys.begin(), keys.end());
      StackSequence::Values& found = sequence.others.emplace_back(other.name, other.unit, std::vector<double>());
      for (const AxisKey& own : keys) {
        found.values.push_back(other.telling == Telling::as_is ? own.front()
                               : other.telling == Telling::since_first
                                   ? in_microseconds(own.front() - sorted.begin()->front())
                                   : static_cast<double>(std::distance(sorted.begin(), sorted.find(own))));
      }
    }
  }

  ImageNumber lowest_number(const AxisVolume& volume) const {
    ImageNumber lowest(std::numeric_limits<std::int64_t>::max(), 0);
    for (const Member& member : volume.members) {
      if (instance(member).instance_number) lowest = std::min(lowest, image_number(instance(member)));
    }
    return lowest;
  }

  std::span<const Candidate> candidates_;
  const SamePixels& same_pixels_;
  StackDraft draft_;
  std::vector<Place> places_;
  AxisKeys keys_;
  ImageNumbers numbers_;
  bool is_cycle_turned_ = false;       ///< neither times of the heart's cycle nor numbers tell volumes
  std::size_t interleaved_count_ = 0;  ///< of volumes that are no one stack, and cannot be told apart for sure
};

}  // namespace

Separation separate_volumes(std::span<const Candidate> candidates, const SamePixels& same_pixels, StackDraft draft) {
  return Separator(candidates, same_pixels, std::move(draft)).run();
}

}  // namespace naru::dicom
