/// Where the slices of one draft lie along their normal.
#pragma once

#include <cstdint>
#include <numbers>
#include <optional>
#include <span>
#include <vector>

#include "dicom/stack_split.h"

namespace naru::dicom {

/// Slices nearer to each other than this lie at one position. Positions are written with two decimals or more, and no
/// scanner steps by so little; microscopes do, whose pixels tell: a tenth of a pixel then.
inline constexpr double kSamePositionMm = 1e-2;
double same_position_mm(double pixel_spacing_mm);

/// Images that lie apart in their plane by this part of the field of view are of different stacks: motion and tables
/// move them by less.
inline constexpr double kApartOfView = 0.25;

/// So far rounding moves two positions of two decimals from or beside each other: each by half of one in all three
/// coordinates.
inline constexpr double kTwoDecimalsMm = 1e-2 * std::numbers::sqrt3;

/// One place along the normal, with all slices that are there.
struct Place {
  double along_mm = 0;
  std::vector<Member> members;  ///< usable ones first, then by SOP Instance UID and plane

  const Member& first() const { return members.front(); }
  bool is_lost() const { return first().lost.has_value(); }
};

/// The places of `members`, from the lowest along `normal` to the highest.
std::vector<Place> find_places(std::span<const Candidate> candidates, std::span<const Member> members,
                               const Vec3& normal);

/// From each place to the next.
std::vector<double> distances_between(std::span<const Place> places);

/// How far a slice may lie from its place on the grid, of the spacing: interpolation errs by less than a fiftieth of
/// the step between neighbours then (GE writes some positions to 0.1 mm: 1.4 % between slices 7 mm apart).
inline constexpr double kSpacingTolerancePart = 0.02;

/// Within which two distances are one: that part of the spacing, and no less than rounding to two decimals makes of
/// them along any normal, as far as that is a quarter of the spacing at most.
double even_tolerance_mm(double spacing_mm);

/// The whole multiple of the spacing that a distance is nearest to.
double multiple_of(double distance_mm, double spacing_mm);

/// Of two medians the lower one: half of the distances may be gaps.
double median_mm(std::span<const double> distances_mm);

/// The distance between slices of which some may lack: all distances are whole multiples of their median. Empty where
/// they are not, and where there is none.
std::optional<double> even_spacing_mm(std::span<const double> distances_mm);

/// True where distances are even and the wider ones stand apart from each other: gaps. So many equal, wider distances
/// after each other are a change of spacing rather than that many losses.
inline constexpr int kSpacingChangeRun = 3;
bool is_regular(std::span<const double> distances_mm);

/// The even grid of a spacing that places lie on, or beside.
struct EvenGrid {
  std::vector<std::int64_t> k;  ///< of each place, rising from 0
  Vec3 first_mm{};              ///< of k = 0
  Vec3 step_mm{};               ///< from one k to the next
  double off_mm = 0;            ///< how far a slice lies from its place at most
};
EvenGrid even_grid(std::span<const Candidate> candidates, std::span<const Place> places, double spacing_mm);

/// The grid that lies nearest to all places, along the normal where rounding explains what it leaves it by; for
/// positions that were rounded to tenths of a millimetre, which the first and the last of them may be off by. Empty
/// where positions have more decimals or lie on `grid`, or where rounding explains no even grid: then nothing moves.
std::optional<EvenGrid> grid_of_tenths(std::span<const Candidate> candidates, std::span<const Place> places,
                                       const Vec3& normal, const EvenGrid& grid);

/// Of the slices of a volume, so many at most may be made up: one in three.
inline constexpr std::int64_t kLeastSlicesForOneMadeUp = 3;

/// How far rounding alone may make places lean that lie along the normal: as positions are written, with one decimal or
/// with two and more, and no less than twice as far as any of them lies off the line from the first to the last.
double leaning_by_positions_mm(std::span<const Candidate> candidates, std::span<const Place> places);

/// How far the normal itself may lean, in radians: 0 but where directions are written with two decimals.
double leaning_of_normal(const Instance& slice);

/// The normal of a draft's slices: row direction x column direction of its first member.
Vec3 slice_normal(std::span<const Candidate> candidates, const StackDraft& draft);

/// True where `other` repeats `original`: at the same point, with the same stored pixels that mean the same.
bool is_copy(std::span<const Candidate> candidates, const SamePixels& same_pixels, const Member& original,
             const Member& other);

}  // namespace naru::dicom
