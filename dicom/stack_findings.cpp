#include "dicom/stack_findings.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <tuple>

#include "dicom/pixels.h"

namespace naru::dicom {

namespace {

/// Slices nearer to each other than this lie at one position. Positions are written with two decimals or more, and no
/// scanner steps by so little.
constexpr double kSamePositionMm = 1e-2;
/// How far a slice may lie from its place on the grid: 2 % of the spacing, at which interpolation errs by less than a
/// fiftieth of the step between neighbours (GE writes some positions to 0.1 mm: 1.4 % between slices 7 mm apart), but
/// never less than positions of two decimals can be off by rounding.
constexpr double kSpacingTolerancePart = 0.02, kPositionRoundingMm = 1e-2;
/// Slices are sheared where their direction leaves the normal by more: 0.17 mm over a 200 mm stack. Angles made by the
/// rounding of positions alone do not count.
constexpr double kTiltToleranceDegrees = 0.05;
/// So many equal, wider distances after each other are a change of spacing rather than that many losses.
constexpr int kSpacingChangeRun = 3;

/// One place along the normal, with all slices that are there.
struct Place {
  double along_mm = 0;
  std::vector<Member> members;  ///< usable ones first

  const Member& first() const { return members.front(); }
  bool is_lost() const { return first().lost.has_value(); }
};

class StackJudge {
 public:
  StackJudge(std::span<const Candidate> candidates, const SamePixels& same_pixels, StackDraft& draft);
  void judge();

 private:
  const Instance& instance(const Member& member) const { return candidates_[member.candidate].instance; }
  Vec3 position(const Place& place) const { return instance(place.first()).position_mm; }

  void find_places();
  void fill_stack();
  void note_conflicts();
  void note_shared_places();
  bool is_copy(const Member& original, const Member& other) const;
  void note_all_lost();
  void note_lost_slices();
  void note_distances();
  void note_gaps(const std::vector<double>& distances_mm, double spacing_mm);
  void note_tilt();
  std::optional<std::vector<std::int32_t>> exact_offsets() const;
  void note_rescale();
  void note_single_slice();
  void note_overlap();
  void note_order();

  std::span<const Candidate> candidates_;
  const SamePixels& same_pixels_;
  StackDraft& draft_;
  Vec3 normal_;
  std::vector<Place> places_;
  Vec3 step_mm_{};  ///< from one slice to the next, where there are two or more
};

StackJudge::StackJudge(std::span<const Candidate> candidates, const SamePixels& same_pixels, StackDraft& draft)
    : candidates_(candidates), same_pixels_(same_pixels), draft_(draft) {
  const Instance& reference = instance(draft.members.front());
  normal_ = cross(reference.row_direction, reference.column_direction);
}

void StackJudge::judge() {
  find_places();
  note_conflicts();
  note_shared_places();
  fill_stack();
  if (draft_.stack.instances.empty()) return note_all_lost();
  note_lost_slices();
  if (places_.size() > 1) {
    note_distances();
    note_tilt();
    note_overlap();
    note_order();
  } else if (draft_.stack.instances.size() == 1) {
    note_single_slice();
  }
  note_rescale();
}

void StackJudge::find_places() {
  const auto along = [&](const Member& member) { return dot(instance(member).position_mm, normal_); };
  std::vector<Member> members = draft_.members;
  std::ranges::stable_sort(members, {}, along);
  for (const Member& member : members) {
    const bool is_new = places_.empty() || along(member) - places_.back().along_mm > kSamePositionMm;
    if (is_new) places_.push_back({along(member), {}});
    places_.back().members.push_back(member);
  }
  for (Place& place : places_) {
    std::ranges::sort(place.members, {}, [&](const Member& member) {
      const Candidate& candidate = candidates_[member.candidate];
      return std::tuple(member.lost.has_value(), std::string_view(candidate.instance.sop_instance_uid),
                        std::string_view(candidate.file_sha256));
    });
  }
  const double count = static_cast<double>(places_.size());
  if (count > 1) step_mm_ = (1 / (count - 1)) * (position(places_.back()) - position(places_.front()));
}

void StackJudge::note_conflicts() {
  const auto count = std::ranges::count_if(
      draft_.members, [](const Member& member) { return member.lost == Code::duplicate_identifier_different_pixels; });
  if (count == 0) return;
  draft_.add({Code::duplicate_identifier_different_pixels, {{"files", static_cast<double>(count)}}, "rejected"},
             Verdict::reject);
}

bool StackJudge::is_copy(const Member& original, const Member& other) const {
  const double apart_mm = norm(instance(original).position_mm - instance(other).position_mm);
  return apart_mm <= 2 * kSamePositionMm && same_pixels_(original.candidate, other.candidate);
}

/// Slices that share a place are copies of each other or different images of it.
void StackJudge::note_shared_places() {
  double copies = 0, different = 0;
  for (Place& place : places_) {
    std::vector<Member> kept;
    for (const Member& member : place.members) {
      const bool is_rival = !kept.empty() && !member.lost;
      if (is_rival && is_copy(kept.front(), member)) {
        ++copies;
        draft_.copies.push_back(member.candidate);
        continue;
      }
      if (is_rival) ++different;
      kept.push_back(member);
    }
    place.members = std::move(kept);
  }
  if (different > 0) draft_.add({Code::mixed_phase, {{"slices", different}}, "rejected"}, Verdict::reject);
  if (copies > 0) draft_.add({Code::duplicate_slices, {{"slices", copies}}, "copies set aside"}, Verdict::repair);
}

void StackJudge::fill_stack() {
  Stack& stack = draft_.stack;
  for (const Place& place : places_) {
    for (const Member& member : place.members) {
      if (!member.lost) stack.instances.push_back(member.candidate);
    }
  }
  const Instance& first = instance(places_.front().first());
  stack.study_uid = first.study_uid;
  stack.series_uid = first.series_uid;
  stack.dtype = is_uint16(first.pixels) ? DType::uint16 : DType::int16;
  stack.rescale.slope = first.rescale_slope;
  stack.rescale.intercept = first.rescale_intercept;
  stack.has_rescale = first.has_rescale;
  stack.grid.size = {first.pixels.columns, first.pixels.rows, static_cast<std::int64_t>(stack.instances.size())};
  Affine& affine = stack.grid.patient_from_voxel;
  affine.set_column(0, first.spacing_i_mm * first.row_direction);
  affine.set_column(1, first.spacing_j_mm * first.column_direction);
  affine.set_column(2, step_mm_);
  affine.set_column(3, first.position_mm);
}

/// Where no slice can be used, what is wrong with the first is what is wrong with the stack.
void StackJudge::note_all_lost() {
  const Code code = *places_.front().first().lost;
  if (draft_.reason) return;
  draft_.add({code, {{"files", static_cast<double>(draft_.members.size())}}, "rejected"}, Verdict::reject);
}

/// A slice that is known of but cannot be read is missing, also at the ends, where no distance would show it.
void StackJudge::note_lost_slices() {
  double before = 0, missing = 0;
  const auto note = [&] {
    if (missing > 0) {
      draft_.add({Code::gap, {{"slices", missing}, {"after_index", before - 1}}, "rejected"}, Verdict::reject);
    }
    missing = 0;
  };
  for (const Place& place : places_) {
    if (!place.is_lost()) {
      note();
      ++before;
    } else if (place.first().lost != Code::duplicate_identifier_different_pixels) {
      ++missing;
    }
  }
  note();
}

double tolerance_mm(double spacing_mm) { return std::max(kSpacingTolerancePart * spacing_mm, kPositionRoundingMm); }

double multiple_of(double distance_mm, double spacing_mm) { return std::round(distance_mm / spacing_mm); }

/// True where distances are the spacing or whole multiples of it, and the wider ones stand apart from each other.
bool are_gaps(const std::vector<double>& distances_mm, double spacing_mm) {
  double previous = 1;
  int run = 0;
  for (const double distance : distances_mm) {
    const double multiple = multiple_of(distance, spacing_mm);
    if (multiple < 1 || std::abs(distance - multiple * spacing_mm) > multiple * tolerance_mm(spacing_mm)) return false;
    run = multiple > 1 && multiple == previous ? run + 1 : 1;
    previous = multiple;
    if (multiple > 1 && run == kSpacingChangeRun) return false;
  }
  return std::ranges::any_of(distances_mm, [&](double mm) { return multiple_of(mm, spacing_mm) > 1; });
}

void StackJudge::note_gaps(const std::vector<double>& distances_mm, double spacing_mm) {
  double before = 0;
  for (std::size_t index = 0; index < distances_mm.size(); ++index) {
    if (!places_[index].is_lost()) ++before;
    const double missing = multiple_of(distances_mm[index], spacing_mm) - 1;
    if (missing < 1) continue;
    draft_.add({Code::gap, {{"slices", missing}, {"after_index", before - 1}}, "rejected"}, Verdict::reject);
  }
}

void StackJudge::note_distances() {
  std::vector<double> distances_mm;
  double off_grid_mm = 0;
  for (std::size_t k = 1; k < places_.size(); ++k) {
    distances_mm.push_back(places_[k].along_mm - places_[k - 1].along_mm);
    const Vec3 expected = position(places_.front()) + static_cast<double>(k) * step_mm_;
    off_grid_mm = std::max(off_grid_mm, norm(position(places_[k]) - expected));
  }
  std::vector<double> sorted = distances_mm;
  std::ranges::sort(sorted);
  const double spacing_mm = sorted[sorted.size() / 2];
  const double tolerance = tolerance_mm(spacing_mm);
  const bool is_even = spacing_mm - sorted.front() <= tolerance && sorted.back() - spacing_mm <= tolerance;
  if (is_even && off_grid_mm <= tolerance) return;
  if (are_gaps(distances_mm, spacing_mm)) return note_gaps(distances_mm, spacing_mm);
  draft_.add(
      {Code::variable_spacing,
       {{"min_mm", sorted.front()}, {"median_mm", spacing_mm}, {"max_mm", sorted.back()}, {"off_mm", off_grid_mm}},
       "rejected"},
      Verdict::reject);
}

void StackJudge::note_tilt() {
  const Vec3 run = position(places_.back()) - position(places_.front());
  const double along_mm = dot(run, normal_);
  const double drift_mm = norm(run - along_mm * normal_);
  const double degrees = std::atan2(drift_mm, along_mm) * 180 / std::numbers::pi;
  if (degrees <= kTiltToleranceDegrees || drift_mm <= kPositionRoundingMm) return;
  draft_.add({Code::gantry_tilt, {{"degrees", degrees}}, "rejected"}, Verdict::reject);
}

void StackJudge::note_single_slice() {
  const Instance& slice = instance(places_.front().first());
  const bool has_thickness = slice.slice_thickness_mm.has_value();
  const auto spacing_mm = has_thickness ? slice.slice_thickness_mm : slice.spacing_between_slices_mm;
  if (!spacing_mm) return draft_.add({Code::single_slice, {}, "rejected"}, Verdict::reject);
  draft_.stack.grid.patient_from_voxel.set_column(2, *spacing_mm * normal_);
  draft_.add({Code::single_slice,
              {{"spacing_mm", *spacing_mm}},
              has_thickness ? "spacing from Slice Thickness" : "spacing from Spacing Between Slices"},
             Verdict::repair);
}

/// What to add to each slice's stored values so that the first slice's rescale serves all; empty where that would not
/// be exact for every value that the slices can hold.
std::optional<std::vector<std::int32_t>> StackJudge::exact_offsets() const {
  const Stack& stack = draft_.stack;
  const double least = stack.dtype == DType::uint16 ? 0 : std::numeric_limits<std::int16_t>::min();
  const double greatest = stack.dtype == DType::uint16 ? std::numeric_limits<std::uint16_t>::max()
                                                       : std::numeric_limits<std::int16_t>::max();
  std::vector<std::int32_t> offsets;
  for (const std::size_t index : stack.instances) {
    const Instance& slice = candidates_[index].instance;
    const double offset = (slice.rescale_intercept - stack.rescale.intercept) / stack.rescale.slope;
    const double span = std::ldexp(1.0, slice.pixels.bits_stored);
    const double low = slice.pixels.is_signed ? -span / 2 : 0;
    const bool is_exact = slice.rescale_slope == stack.rescale.slope && offset == std::floor(offset) &&
                          low + offset >= least && low + span - 1 + offset <= greatest;
    if (!is_exact) return std::nullopt;
    offsets.push_back(static_cast<std::int32_t>(offset));
  }
  return offsets;
}

void StackJudge::note_rescale() {
  Stack& stack = draft_.stack;
  const auto others = std::ranges::count_if(stack.instances, [&](std::size_t index) {
    const Instance& slice = candidates_[index].instance;
    return slice.rescale_slope != stack.rescale.slope || slice.rescale_intercept != stack.rescale.intercept ||
           slice.has_rescale != stack.has_rescale;
  });
  if (others == 0) return;
  const auto offsets = exact_offsets();
  if (!offsets) return draft_.add({Code::per_slice_rescale, {}, "rejected"}, Verdict::reject);
  stack.stored_offsets = *offsets;
  draft_.add({Code::per_slice_rescale,
              {{"slices", static_cast<double>(others)}},
              "brought to the first slice's rescale, exactly"},
             Verdict::repair);
}

void StackJudge::note_overlap() {
  const double spacing_mm = dot(step_mm_, normal_);
  const auto thickness_mm = instance(places_.front().first()).slice_thickness_mm;
  if (!thickness_mm || *thickness_mm <= spacing_mm + tolerance_mm(spacing_mm)) return;
  draft_.add({Code::overlapping, {{"thickness_mm", *thickness_mm}, {"spacing_mm", spacing_mm}}, "kept"},
             Verdict::accept);
}

void StackJudge::note_order() {
  std::vector<std::int64_t> numbers;
  for (const std::size_t index : draft_.stack.instances) {
    const auto& number = candidates_[index].instance.instance_number;
    if (!number) return;
    numbers.push_back(*number);
  }
  const bool falls_somewhere = std::ranges::adjacent_find(numbers, std::ranges::greater_equal{}) != numbers.end();
  const bool rises_somewhere = std::ranges::adjacent_find(numbers, std::ranges::less_equal{}) != numbers.end();
  if (!falls_somewhere || !rises_somewhere) return;
  draft_.add({Code::slice_order_from_position, {}, "ordered by position"}, Verdict::accept);
}

}  // namespace

void judge_stack(std::span<const Candidate> candidates, const SamePixels& same_pixels, StackDraft& draft) {
  StackJudge(candidates, same_pixels, draft).judge();
}

}  // namespace naru::dicom
