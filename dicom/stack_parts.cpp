#include "dicom/stack_parts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>
#include <string_view>

#include "dicom/element_values.h"
#include "dicom/pixels.h"
#include "dicom/stack_partition.h"
#include "dicom/stack_places.h"

namespace naru::dicom {

namespace {

/// Direction cosines that differ by less are one orientation. Scanners write six digits or more; 1e-4 (0.006 degrees)
/// moves the rim of a 512 mm field of view by 0.03 mm.
constexpr double kSameCosine = 1e-4;
/// Pixel spacings that differ by a smaller part are equal: texts of five digits differ by less.
constexpr double kSameSpacingPart = 1e-4;
/// Echo times that differ by a smaller part are one: what is left of a time that was reckoned anew for each image.
constexpr double kSameEchoPart = 1e-6;
/// Fewer slices at even distances may be so by chance.
constexpr std::size_t kFewestLoneSlices = 3;

bool near(const Vec3& a, const Vec3& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return std::abs(x - y) <= kSameCosine; });
}

bool near(double a_mm, double b_mm) { return std::abs(a_mm - b_mm) <= kSameSpacingPart * std::max(a_mm, b_mm); }

bool same_matrix(const Instance& a, const Instance& b) { return a.rows == b.rows && a.columns == b.columns; }

bool same_pixel_spacing(const Instance& a, const Instance& b) {
  return near(a.spacing_i_mm, b.spacing_i_mm) && near(a.spacing_j_mm, b.spacing_j_mm);
}

/// Of slices that lie behind each other, be they turned about or turned over.
bool same_direction(const Instance& a, const Instance& b) {
  const auto normal = [](const Instance& slice) { return cross(slice.row_direction, slice.column_direction); };
  return a.modality == b.modality && (near(normal(a), normal(b)) || near(normal(a), -1.0 * normal(b)));
}

bool same_frame(const Instance& a, const Instance& b) { return a.frame_of_reference_uid == b.frame_of_reference_uid; }

bool same_kernel(const Instance& a, const Instance& b) { return a.reconstruction_kernel == b.reconstruction_kernel; }

bool same_image_type(const Instance& a, const Instance& b) { return a.image_type == b.image_type; }

bool same_component(const Instance& a, const Instance& b) { return a.complex_component == b.complex_component; }

/// "number/time" of two instances.
bool same_echo(const Instance& a, const Instance& b) {
  if (a.echo == b.echo) return true;
  const std::string_view first = a.echo, second = b.echo;
  const std::size_t slash = first.rfind('/');
  if (slash == first.npos || first.substr(0, slash + 1) != second.substr(0, second.rfind('/') + 1)) return false;
  const auto time = decimal(first.substr(slash + 1)), other = decimal(second.substr(slash + 1));
  return time && other && std::abs(*time - *other) <= kSameEchoPart * std::max(std::abs(*time), std::abs(*other));
}

/// All but frame of reference and type of stored value.
bool same_kind(const Instance& a, const Instance& b) {
  return same_orientation(a, b) && a.modality == b.modality && same_matrix(a, b) && same_pixel_spacing(a, b) &&
         same_kernel(a, b) && same_image_type(a, b) && same_component(a, b) && same_echo(a, b);
}

bool same_value_type(const Instance& a, const Instance& b) {
  return a.pixels.is_signed == b.pixels.is_signed && is_uint16(a.pixels) == is_uint16(b.pixels);
}

/// What parts the drafts of a series from each other, and how findings say so.
struct Difference {
  std::optional<Code> code;
  bool (*are_alike)(const Instance& a, const Instance& b);
  std::string_view torn;  ///< where slices of both lie between each other
};
constexpr std::array kDifferences = {
    Difference{Code::mixed_orientation, same_orientation, "rejected: slices of another orientation lie between these"},
    Difference{Code::mixed_echo, same_echo, "rejected: slices of another echo lie between these"},
    Difference{Code::mixed_kernel, same_kernel, "rejected: slices of another kernel lie between these"},
    Difference{Code::mixed_frame_of_reference, same_frame,
               "rejected: slices of another frame of reference lie between these"},
    Difference{{}, same_matrix, "rejected: slices of another matrix lie between these"},
    Difference{{}, same_pixel_spacing, "rejected: slices of another pixel spacing lie between these"},
    Difference{{}, same_image_type, "rejected: slices of another Image Type lie between these"},
    Difference{{}, same_component, "rejected: slices of another Complex Image Component lie between these"},
    Difference{{}, same_value_type, "rejected: slices with values of another type lie between these"},
};

/// A draft of a series, and where its slices lie along the normal that it shares with others.
struct Part {
  std::size_t draft = 0;
  std::size_t place_count = 0;
  double lowest_mm = 0, highest_mm = 0;
  std::string_view frame;         ///< of reference: the one that any of its slices names
  std::size_t lacking_count = 0;  ///< slices of other parts that lie between its own
  std::string_view torn;
};

/// Of the drafts of one series those of one normal and modality.
class PartJoiner {
 public:
  PartJoiner(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts, std::vector<std::size_t> group)
      : candidates_(candidates), drafts_(drafts), normal_(slice_normal(candidates, drafts[group.front()])) {
    for (const std::size_t draft : group) parts_.push_back(part_of(draft));
  }

  void run() {
    ignore_lone_frames();
    join_rows();
    reject_torn();
  }

 private:
  const Instance& of(const Part& part) const { return reference_of(candidates_, drafts_[part.draft]); }

  Part part_of(std::size_t draft) const {
    const auto places = find_places(candidates_, drafts_[draft].members, normal_);
    return {draft,
            places.size(),
            places.front().along_mm,
            places.back().along_mm,
            reference_of(candidates_, drafts_[draft]).frame_of_reference_uid,
            0,
            {}};
  }

  /// Takes up the slices of `other`, which is no part any more.
  void join(Part& part, const Part& other) {
    auto &own = drafts_[part.draft].members, &more = drafts_[other.draft].members;
    own.insert(own.end(), more.begin(), more.end());
    more.clear();
    const std::string_view frame = part.frame.empty() ? other.frame : part.frame;
    part = part_of(part.draft);
    part.frame = frame;
  }

  /// A frame of reference holds the images that were taken without moving the patient: one for each image, as some
  /// programs that remove identities write it, holds nothing.
  void ignore_lone_frames() {
    std::vector<std::vector<Part>> kinds;
    for (const Part& part : parts_) {
      const auto kind = std::ranges::find_if(kinds, [&](const std::vector<Part>& known) {
        const Instance &a = of(known.front()), &b = of(part);
        return same_kind(a, b) && same_value_type(a, b);
      });
      (kind == kinds.end() ? kinds.emplace_back() : *kind).push_back(part);
    }
    parts_.clear();
    for (const std::vector<Part>& kind : kinds) {
      const bool is_each_alone = kind.size() >= kFewestLoneSlices && std::ranges::all_of(kind, [&](const Part& part) {
                                   return drafts_[part.draft].members.size() == 1;
                                 });
      if (!is_each_alone) {
        parts_.insert(parts_.end(), kind.begin(), kind.end());
        continue;
      }
      StackDraft& whole = drafts_[kind.front().draft];
      for (const Part& part : std::span(kind).subspan(1)) {
        whole.members.push_back(drafts_[part.draft].members.front());
        drafts_[part.draft].members.clear();
      }
      whole.add({Code::mixed_frame_of_reference,
                 {{"frames", static_cast<double>(kind.size())}},
                 "ignored: each image has its own"},
                Verdict::repair);
      parts_.push_back(part_of(kind.front().draft));
      parts_.back().frame = {};
    }
  }

  bool is_one_row(std::span<const Part* const> parts) const {
    std::vector<Member> members;
    std::size_t place_count = 0;
    for (const Part* part : parts) {
      const auto& own = drafts_[part->draft].members;
      members.insert(members.end(), own.begin(), own.end());
      place_count += part->place_count;
    }
    const auto places = find_places(candidates_, members, normal_);
    if (places.size() != place_count) return false;  // they share some
    return is_regular(distances_between(places));
  }

  bool is_one_row(const Part& a, const Part& b) const { return is_one_row(std::array{&a, &b}); }

  void join_rows() {
    std::vector<Part> kept;
    for (const Part& part : parts_) {
      const auto whole = std::ranges::find_if(kept, [&](const Part& known) {
        const bool may_share_frame = known.frame.empty() || part.frame.empty() || known.frame == part.frame;
        return may_share_frame && same_kind(of(known), of(part)) && is_one_row(known, part);
      });
      if (whole == kept.end()) {
        kept.push_back(part);
      } else {
        join(*whole, part);
      }
    }
    parts_ = std::move(kept);
  }

  /// @param slice_count of the slices that `part` lacks
  void tear(Part& part, const Part& other, std::size_t slice_count) const {
    const auto why = std::ranges::find_if(
        kDifferences, [&](const Difference& difference) { return !difference.are_alike(of(part), of(other)); });
    if (part.torn.empty() && why != kDifferences.end()) part.torn = why->torn;
    part.lacking_count += slice_count;
  }

  Vec3 centre_mm(const Instance& slice) const {
    return slice.position_mm + (0.5 * static_cast<double>(slice.columns) * slice.spacing_i_mm) * slice.row_direction +
           (0.5 * static_cast<double>(slice.rows) * slice.spacing_j_mm) * slice.column_direction;
  }

  /// True where the slices of a part leave no room for others between them, as far as they say how thick they are.
  bool is_filled(const Part& part) const {
    const auto stated_mm = of(part).slice_thickness_mm;
    const auto places = find_places(candidates_, drafts_[part.draft].members, normal_);
    return places.size() > 1 && stated_mm && *stated_mm >= kFilledPart * median_mm(distances_between(places));
  }

  /// Turned against each other, beside each other, and each whole: both knees.
  bool are_beside(const Part& a, const Part& b) const {
    const Instance &one = of(a), &other = of(b);
    if (same_orientation(one, other)) return false;
    const Vec3 apart_mm = centre_mm(one) - centre_mm(other);
    const double in_plane_mm = norm(apart_mm - dot(apart_mm, normal_) * normal_);
    const double view_mm =
        std::max(static_cast<double>(one.columns) * one.spacing_i_mm, static_cast<double>(one.rows) * one.spacing_j_mm);
    return in_plane_mm >= kApartOfView * view_mm && is_filled(a) && is_filled(b);
  }

  void reject_torn() {
    for (std::size_t n = 0; n < parts_.size(); ++n) {
      for (std::size_t m = 0; m < n; ++m) {
        Part &a = parts_[n], &b = parts_[m];
        const bool is_apart = a.highest_mm < b.lowest_mm || b.highest_mm < a.lowest_mm;
        if (is_apart || !is_one_row(a, b) || are_beside(a, b)) continue;
        tear(a, b, b.place_count);
        tear(b, a, a.place_count);
      }
    }
    if (are_lone_slices()) {
      for (Part& part : parts_) tear(part, parts_[&part == parts_.data() ? 1 : 0], parts_.size() - 1);
    }
    for (const Part& part : parts_) {
      if (part.lacking_count == 0) continue;
      drafts_[part.draft].add({Code::gap, {{"slices", static_cast<double>(part.lacking_count)}}, part.torn},
                              Verdict::reject);
    }
  }

  bool are_lone_slices() const {
    std::vector<const Part*> all;
    for (const Part& part : parts_) all.push_back(&part);
    const auto is_lone = [&](const Part& part) {
      const Instance &first = of(parts_.front()), &own = of(part);
      return part.place_count == 1 && same_matrix(first, own) && same_pixel_spacing(first, own);
    };
    return parts_.size() >= kFewestLoneSlices && std::ranges::all_of(parts_, is_lone) && is_one_row(all);
  }

  std::span<const Candidate> candidates_;
  std::vector<StackDraft>& drafts_;
  Vec3 normal_;
  std::vector<Part> parts_;
};

}  // namespace

bool same_orientation(const Instance& a, const Instance& b) {
  return near(a.row_direction, b.row_direction) && near(a.column_direction, b.column_direction);
}

bool same_stack(const Instance& a, const Instance& b) {
  return same_kind(a, b) && same_frame(a, b) && same_value_type(a, b);
}

const Instance& reference_of(std::span<const Candidate> candidates, const StackDraft& draft) {
  return candidates[draft.members.front().candidate].instance;
}

void join_parts(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts,
                std::vector<std::size_t>& of_series) {
  std::vector<std::vector<std::size_t>> groups;
  for (const std::size_t index : of_series) {
    const auto group = std::ranges::find_if(groups, [&](const std::vector<std::size_t>& known) {
      return same_direction(reference_of(candidates, drafts[known.front()]), reference_of(candidates, drafts[index]));
    });
    (group == groups.end() ? groups.emplace_back() : *group).push_back(index);
  }
  for (std::vector<std::size_t>& group : groups) {
    if (group.size() > 1) PartJoiner(candidates, drafts, std::move(group)).run();
  }
  std::erase_if(of_series, [&](std::size_t index) { return drafts[index].members.empty(); });
}

void note_splits(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts,
                 std::span<const std::size_t> of_series) {
  for (const Difference& why : kDifferences) {
    if (!why.code) continue;
    const Instance& first = reference_of(candidates, drafts[of_series.front()]);
    const bool is_split = !std::ranges::all_of(
        of_series, [&](std::size_t index) { return why.are_alike(first, reference_of(candidates, drafts[index])); });
    if (!is_split) continue;
    for (const std::size_t index : of_series) drafts[index].add({*why.code, {}, "split"}, Verdict::accept);
  }
}

}  // namespace naru::dicom
