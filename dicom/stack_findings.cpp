#include "dicom/stack_findings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

#include "dicom/stack_places.h"
#include "dicom/stack_rescale.h"

namespace naru::dicom {

namespace {

/// A stack that drifts no further keeps the grid that its positions make: it is as good as upright.
constexpr double kPositionRoundingMm = 1e-2;
/// So does one whose direction leaves the normal by no more: 0.17 mm over a 200 mm stack. Others are sheared, or made
/// upright where rounding explains the angle.
constexpr double kTiltToleranceDegrees = 0.05;
/// Gantries lean by 30 degrees at most (IEC 60601-2-44 scanners state +-30); what leans more is no CT of this kind.
constexpr double kMaxTiltDegrees = 45;
/// The tilt that the header states is rounded to a tenth or a half degree.
constexpr double kStatedTiltToleranceDegrees = 0.5;
/// What slices are lost to that no recipe makes up for.
constexpr std::array kConflicts = {Code::duplicate_identifier_different_pixels, Code::unused_bits_set};
/// What is done to a stack that is not rejected.
constexpr std::string_view kInterpolated = "interpolated", kStraightened = "straightened by resampling";

/// From each place of a grid to the next.
std::vector<double> distances_of(const EvenGrid& grid) {
  std::vector<double> distances_mm;
  for (std::size_t p = 1; p < grid.k.size(); ++p) {
    distances_mm.push_back(static_cast<double>(grid.k[p] - grid.k[p - 1]) * norm(grid.step_mm));
  }
  return distances_mm;
}

class StackJudge {
 public:
  StackJudge(std::span<const Candidate> candidates, const SamePixels& same_pixels, const StackOptions& options,
             StackDraft& draft)
      : candidates_(candidates), same_pixels_(same_pixels), options_(options), draft_(draft) {
    normal_ = slice_normal(candidates, draft);
    places_ = find_places(candidates, draft.members, normal_);
  }
  void judge();

 private:
  const Instance& instance(const Member& member) const { return candidates_[member.candidate].instance; }
  Vec3 position(std::size_t place) const { return instance(places_[place].first()).position_mm; }

  void note_conflicts();
  void note_unusable_rescale();
  void note_source();
  void note_skew();
  void note_shared_places();
  void note_all_lost();
  void note_distances();
  bool place_on_grid(const std::vector<double>& distances_mm);
  void note_variable_spacing(const std::vector<double>& distances_mm);
  void note_gaps();
  void note_gap_runs(std::string_view action, Verdict effect);
  void keep_longest_run();
  void fill_stack();
  void note_tilt();
  bool is_made_upright(const Vec3& run, double drift_mm);
  void note_single_slice();
  void note_overlap();
  void note_order();
  void retell_what_is_not_done();

  std::span<const Candidate> candidates_;
  const SamePixels& same_pixels_;
  const StackOptions& options_;
  StackDraft& draft_;
  Vec3 normal_;
  std::vector<Place> places_;
  std::vector<std::int64_t> k_;  ///< of each place on the even grid; empty where there is none
  double off_grid_mm_ = 0;  ///< how far a slice lies from its place where distances along the normal alone are even
  Vec3 step_mm_{};          ///< from one slice to the next, where there are two or more
  std::optional<Vec3> fitted_first_mm_;  ///< of the first slice, where it lies beside its own position
};

void StackJudge::judge() {
  note_conflicts();
  note_unusable_rescale();
  note_source();
  note_skew();
  note_shared_places();
  const bool are_all_lost = std::ranges::all_of(places_, [](const Place& place) { return place.is_lost(); });
  if (!are_all_lost) note_distances();
  fill_stack();
  if (are_all_lost) return note_all_lost();
  if (places_.size() > 1) {
    note_tilt();
    note_overlap();
    note_order();
  } else if (draft_.stack.instances.size() == 1) {
    note_single_slice();
  }
  judge_rescale(candidates_, options_, draft_);
  // What lies between two slices is no whole stored value.
  if (!draft_.stack.k_of_instance.empty()) bring_to_units(candidates_, options_, draft_.stack);
  retell_what_is_not_done();
}

/// Nothing is mended of a stack that is rejected for something else.
void StackJudge::retell_what_is_not_done() {
  if (draft_.stack.verdict != Verdict::reject) return;
  for (Finding& finding : draft_.stack.findings) {
    if (finding.action == kInterpolated) finding.action = "not interpolated: the stack is rejected";
    if (finding.action == kStraightened) finding.action = "not straightened: the stack is rejected";
  }
}

/// No recipe goes on without a slice that is lost to one of these: another file contradicts it, or the Bits Stored that
/// all slices of the stack state.
void StackJudge::note_conflicts() {
  for (const Code code : kConflicts) {
    const auto count = std::ranges::count_if(draft_.members, [&](const Member& member) { return member.lost == code; });
    if (count == 0) continue;
    draft_.add({code, {{"files", static_cast<double>(count)}}, "rejected"}, Verdict::reject);
  }
}

/// Slices lost to their rescale are gaps, or all that there is: the finding tells which attribute to look at.
void StackJudge::note_unusable_rescale() {
  std::map<std::string_view, double> counts;
  for (const Member& member : draft_.members) {
    const std::string_view problem = instance(member).rescale_problem;
    if (!problem.empty()) ++counts[problem];
  }
  for (const auto& [problem, count] : counts) {
    draft_.add({Code::per_slice_rescale, {{"slices", count}}, problem}, Verdict::accept);
  }
}

void StackJudge::note_source() {
  const double count = static_cast<double>(draft_.members.size());
  const PlaneSource source = instance(draft_.members.front()).source;
  if (source == PlaneSource::multi_frame) {
    draft_.add({Code::enhanced_multiframe, {{"frames", count}}, "read by functional groups"}, Verdict::accept);
  } else if (source == PlaneSource::mosaic) {
    draft_.add({Code::mosaic, {{"tiles", count}}, "cut into slices"}, Verdict::repair);
  }
}

/// Rows and columns that were not turned to a right angle when they were read make no grid that everybody reads alike.
void StackJudge::note_skew() {
  constexpr double kRounding = 1e-9;
  for (const Member& member : draft_.members) {
    const Instance& slice = instance(member);
    const double cosine = dot(slice.row_direction, slice.column_direction);
    if (member.lost || std::abs(cosine) <= kRounding) continue;
    const double moved_mm = std::abs(cosine) * static_cast<double>(slice.pixels.rows) * slice.spacing_j_mm;
    draft_.add({Code::missing_geometry,
                {{"degrees", std::acos(cosine) * 180 / std::numbers::pi}, {"corner_mm", moved_mm}},
                "rejected: rows and columns do not meet at a right angle"},
               Verdict::reject);
    return;
  }
}

/// Slices that share a place are copies of each other or different images of it.
void StackJudge::note_shared_places() {
  double copies = 0, different = 0;
  for (Place& place : places_) {
    std::vector<Member> kept;
    for (const Member& member : place.members) {
      const bool is_rival = !kept.empty() && !member.lost;
      if (is_rival && is_copy(candidates_, same_pixels_, kept.front(), member)) {
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
  std::vector<std::int64_t> k_of_instance;
  for (std::size_t p = 0; p < places_.size(); ++p) {
    for (const Member& member : places_[p].members) {
      if (member.lost) continue;
      stack.instances.push_back(member.candidate);
      k_of_instance.push_back(k_.empty() ? 0 : k_[p] - k_.front());
    }
  }
  const Instance& first = instance(places_.front().first());
  stack.study_uid = first.study_uid;
  stack.series_uid = first.series_uid;
  const bool has_holes = !k_.empty() && draft_.stack.verdict != Verdict::reject &&
                         k_of_instance.back() + 1 != static_cast<std::int64_t>(k_of_instance.size());
  stack.grid.size = {first.columns, first.rows, static_cast<std::int64_t>(stack.instances.size())};
  if (has_holes) {
    stack.grid.size.z = k_of_instance.back() + 1;
    stack.k_of_instance = std::move(k_of_instance);
  }
  Affine& affine = stack.grid.patient_from_voxel;
  affine.set_column(0, first.spacing_i_mm * first.row_direction);
  affine.set_column(1, first.spacing_j_mm * first.column_direction);
  affine.set_column(2, step_mm_);
  affine.set_column(3, fitted_first_mm_.value_or(first.position_mm));
}

/// Where no slice can be used, what is wrong with the first is what is wrong with the stack.
void StackJudge::note_all_lost() {
  const Code code = *places_.front().first().lost;
  if (draft_.reason) return;
  draft_.add({code, {{"files", static_cast<double>(draft_.members.size())}}, "rejected"}, Verdict::reject);
}

/// Gives each place its k on an even grid; false where some place lies off every such grid.
bool StackJudge::place_on_grid(const std::vector<double>& distances_mm) {
  const double spacing_mm = median_mm(distances_mm);
  EvenGrid grid = even_grid(candidates_, places_, spacing_mm);
  auto fitted = grid_of_tenths(candidates_, places_, normal_, grid);
  if (fitted && is_regular(distances_of(*fitted))) {
    fitted_first_mm_ = fitted->first_mm;
    grid = std::move(*fitted);
  } else if (!is_regular(distances_mm)) {
    return false;
  } else {
    off_grid_mm_ = grid.off_mm;
  }
  k_ = std::move(grid.k);
  step_mm_ = grid.step_mm;
  return off_grid_mm_ <= even_tolerance_mm(spacing_mm);
}

void StackJudge::note_variable_spacing(const std::vector<double>& distances_mm) {
  const auto [min_mm, max_mm] = std::ranges::minmax(distances_mm);
  const double spacing_mm = median_mm(distances_mm);
  const auto changes = std::ranges::find_if(
      distances_mm, [&](double mm) { return std::abs(mm - distances_mm.front()) > even_tolerance_mm(spacing_mm); });
  Finding finding{
      Code::variable_spacing, {{"min_mm", min_mm}, {"median_mm", spacing_mm}, {"max_mm", max_mm}}, "rejected"};
  if (changes != distances_mm.end()) {
    finding.detail.emplace_back("changes_after_index", static_cast<double>(changes - distances_mm.begin()));
  }
  if (off_grid_mm_ > 0) finding.detail.emplace_back("off_grid_mm", off_grid_mm_);
  draft_.add(std::move(finding), Verdict::reject);
}

void StackJudge::note_distances() {
  if (places_.size() < 2) return;
  const std::vector<double> distances_mm = distances_between(places_);
  if (!place_on_grid(distances_mm)) {
    k_.clear();
    step_mm_ = (1 / static_cast<double>(places_.size() - 1)) * (position(places_.size() - 1) - position(0));
    return note_variable_spacing(distances_mm);
  }
  note_gaps();
}

/// A slice that is known of but cannot be read is missing, also at the ends, where no distance would show it.
void StackJudge::note_gaps() {
  const auto is_lost = [](const Place& place) { return place.is_lost(); };
  const bool has_gap = k_.back() + 1 != static_cast<std::int64_t>(k_.size()) || std::ranges::any_of(places_, is_lost);
  if (!has_gap) return;
  const bool is_open = is_lost(places_.front()) || is_lost(places_.back());
  if (options_.gap == GapPolicy::interpolate && !is_open) {
    const auto made_up =
        k_.back() + 1 - static_cast<std::int64_t>(places_.size()) + std::ranges::count_if(places_, is_lost);
    if (kLeastSlicesForOneMadeUp * made_up <= k_.back() + 1) return note_gap_runs(kInterpolated, Verdict::repair);
    return note_gap_runs("rejected: more than a third of the slices would be made up", Verdict::reject);
  }
  const bool keeps_run = options_.gap == GapPolicy::keep_longest_run && draft_.reason != Code::unused_bits_set;
  if (!keeps_run) return note_gap_runs("rejected", Verdict::reject);
  note_gap_runs("kept the longest run", Verdict::repair);
  keep_longest_run();
}

/// One finding for each run of missing slices. Those lost to a conflict have their own.
void StackJudge::note_gap_runs(std::string_view action, Verdict effect) {
  std::int64_t usable = 0, missing = 0, next_k = 0;
  const auto note = [&] {
    if (missing > 0) {
      draft_.add({Code::gap,
                  {{"slices", static_cast<double>(missing)}, {"after_index", static_cast<double>(usable - 1)}},
                  action},
                 effect);
    }
    missing = 0;
  };
  for (std::size_t p = 0; p < places_.size(); ++p) {
    missing += k_[p] - next_k;
    next_k = k_[p] + 1;
    if (!places_[p].is_lost()) {
      note();
      ++usable;
    } else if (std::ranges::find(kConflicts, places_[p].first().lost) == kConflicts.end()) {
      ++missing;
    }
  }
  note();
}

void StackJudge::keep_longest_run() {
  std::size_t best = 0, best_count = 0;
  for (std::size_t begin = 0, end = 0; begin < places_.size(); begin = std::max(end, begin + 1)) {
    for (end = begin; end < places_.size() && !places_[end].is_lost(); ++end) {
      if (end > begin && k_[end] != k_[end - 1] + 1) break;
    }
    if (end - begin > best_count) best = begin, best_count = end - begin;
  }
  for (std::size_t p = 0; p < places_.size(); ++p) {
    if (p >= best && p < best + best_count) continue;
    for (const Member& member : places_[p].members) {
      if (!member.lost) draft_.left_out.push_back(member.candidate);
    }
  }
  if (fitted_first_mm_) fitted_first_mm_ = *fitted_first_mm_ + static_cast<double>(k_[best]) * step_mm_;
  const auto run = std::span(places_).subspan(best, best_count);
  places_ = std::vector<Place>(run.begin(), run.end());
  k_.clear();
}

/// Where rounding alone makes a stack lean its slices lie along their normal, if that of the positions does, or their
/// rows and columns are turned to a right angle with the line that the slices follow, if that of the directions does.
bool StackJudge::is_made_upright(const Vec3& run, double drift_mm) {
  const Instance& first = instance(places_.front().first());
  Affine& affine = draft_.stack.grid.patient_from_voxel;
  const double by_positions_mm = leaning_by_positions_mm(candidates_, places_);
  if (drift_mm <= by_positions_mm) {
    affine.set_column(2, dot(step_mm_, normal_) * normal_);
    return true;
  }
  if (drift_mm > by_positions_mm + leaning_of_normal(first) * norm(run)) return false;
  const Vec3 along = (1 / norm(run)) * run;
  const Vec3 across = first.row_direction - dot(first.row_direction, along) * along;
  const Vec3 row = (1 / norm(across)) * across;
  affine.set_column(0, first.spacing_i_mm * row);
  affine.set_column(1, first.spacing_j_mm * cross(along, row));
  return true;
}

/// The angle about the row direction by which the stack leaves the normal: positive where slices further along the
/// normal lie further along the column direction.
void StackJudge::note_tilt() {
  const auto last_k = k_.empty() ? static_cast<std::int64_t>(places_.size()) - 1 : k_.back();
  const Vec3 run =
      fitted_first_mm_ ? static_cast<double>(last_k) * step_mm_ : position(places_.size() - 1) - position(0);
  const double along_mm = dot(run, normal_);
  const double drift_mm = norm(run - along_mm * normal_);
  const double degrees = std::atan2(drift_mm, along_mm) * 180 / std::numbers::pi;
  if (degrees <= kTiltToleranceDegrees || drift_mm <= kPositionRoundingMm) return;
  if (is_made_upright(run, drift_mm)) return;
  const Instance& first = instance(places_.front().first());
  const bool is_negative = dot(run, first.column_direction) < 0;
  const bool is_refused = degrees > kMaxTiltDegrees;
  Finding finding{Code::gantry_tilt,
                  {{"degrees", is_negative ? -degrees : degrees}, {"drift_mm", drift_mm}},
                  is_refused            ? "rejected"
                  : options_.keeps_tilt ? "kept: the affine is sheared"
                                        : kStraightened};
  const double stated = std::abs(first.gantry_tilt_degrees.value_or(degrees));
  if (std::abs(stated - degrees) > kStatedTiltToleranceDegrees) {
    finding.detail.emplace_back("stated_degrees", *first.gantry_tilt_degrees);
  }
  draft_.stack.is_tilted = true;
  draft_.add(std::move(finding), is_refused            ? Verdict::reject
                                 : options_.keeps_tilt ? Verdict::accept
                                                       : Verdict::repair);
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

void StackJudge::note_overlap() {
  const double spacing_mm = dot(step_mm_, normal_);
  const auto thickness_mm = instance(places_.front().first()).slice_thickness_mm;
  if (!thickness_mm || *thickness_mm <= spacing_mm + even_tolerance_mm(spacing_mm)) return;
  draft_.add({Code::overlapping, {{"thickness_mm", *thickness_mm}, {"spacing_mm", spacing_mm}}, "kept"},
             Verdict::accept);
}

void StackJudge::note_order() {
  using Number = std::pair<std::int64_t, std::size_t>;  // frames of one file share its Instance Number
  std::vector<Number> numbers;
  for (const std::size_t index : draft_.stack.instances) {
    const Instance& slice = candidates_[index].instance;
    if (!slice.instance_number) return;
    numbers.emplace_back(*slice.instance_number, slice.plane);
  }
  const bool falls_somewhere = std::ranges::adjacent_find(numbers, std::ranges::greater_equal{}) != numbers.end();
  const bool rises_somewhere = std::ranges::adjacent_find(numbers, std::ranges::less_equal{}) != numbers.end();
  if (!falls_somewhere || !rises_somewhere) return;
  draft_.add({Code::slice_order_from_position, {}, "ordered by position"}, Verdict::accept);
}

}  // namespace

void judge_stack(std::span<const Candidate> candidates, const SamePixels& same_pixels, const StackOptions& options,
                 StackDraft& draft) {
  StackJudge(candidates, same_pixels, options, draft).judge();
}

}  // namespace naru::dicom
