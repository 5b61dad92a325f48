#include "dicom/stack_places.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>

namespace naru::dicom {

double same_position_mm(double pixel_spacing_mm) {
  constexpr double kPartOfPixel = 0.1;
  return std::min(kSamePositionMm, kPartOfPixel * pixel_spacing_mm);
}

std::vector<Place> find_places(std::span<const Candidate> candidates, std::span<const Member> given,
                               const Vec3& normal) {
  const auto along = [&](const Member& member) {
    return dot(candidates[member.candidate].instance.position_mm, normal);
  };
  std::vector<Member> members(given.begin(), given.end());
  std::ranges::stable_sort(members, {}, along);
  std::vector<Place> places;
  double nearness_mm = kSamePositionMm;
  for (const Member& member : members) {
    const double pixel_mm = candidates[member.candidate].instance.spacing_i_mm;
    if (!member.lost) nearness_mm = std::min(nearness_mm, same_position_mm(pixel_mm));
  }
  for (const Member& member : members) {
    const bool is_new = places.empty() || along(member) - places.back().along_mm > nearness_mm;
    if (is_new) places.push_back({along(member), {}});
    places.back().members.push_back(member);
  }
  for (Place& place : places) {
    std::ranges::sort(place.members, {}, [&](const Member& member) {
      const Candidate& candidate = candidates[member.candidate];
      return std::tuple(member.lost.has_value(), std::string_view(candidate.instance.sop_instance_uid),
                        candidate.instance.plane, std::string_view(candidate.file_sha256));
    });
  }
  return places;
}

std::vector<double> distances_between(std::span<const Place> places) {
  std::vector<double> distances_mm;
  for (std::size_t p = 1; p < places.size(); ++p) {
    distances_mm.push_back(places[p].along_mm - places[p - 1].along_mm);
  }
  return distances_mm;
}

double even_tolerance_mm(double spacing_mm) {
  constexpr double kMostPart = 0.25, kArithmeticMm = 1e-9;  // 0.07 - 0.06 > 0.01
  return std::max(kSpacingTolerancePart * spacing_mm, std::min(kTwoDecimalsMm, kMostPart * spacing_mm)) + kArithmeticMm;
}

double multiple_of(double distance_mm, double spacing_mm) { return std::round(distance_mm / spacing_mm); }

double median_mm(std::span<const double> distances_mm) {
  std::vector<double> sorted(distances_mm.begin(), distances_mm.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::ranges::nth_element(sorted, middle);
  return *middle;
}

std::optional<double> even_spacing_mm(std::span<const double> distances_mm) {
  if (distances_mm.empty()) return std::nullopt;
  const double spacing_mm = median_mm(distances_mm);
  const bool is_even = std::ranges::all_of(distances_mm, [&](double mm) {
    const double multiple = multiple_of(mm, spacing_mm);
    return multiple >= 1 && std::abs(mm - multiple * spacing_mm) <= multiple * even_tolerance_mm(spacing_mm);
  });
  return is_even ? std::optional(spacing_mm) : std::nullopt;
}

bool is_regular(std::span<const double> distances_mm) {
  const auto spacing_mm = even_spacing_mm(distances_mm);
  if (!spacing_mm) return false;
  double previous = 1;
  int run = 0;
  for (const double distance_mm : distances_mm) {
    const double multiple = multiple_of(distance_mm, *spacing_mm);
    run = multiple > 1 && multiple == previous ? run + 1 : 1;
    previous = multiple;
    if (multiple > 1 && run == kSpacingChangeRun) return false;
  }
  return true;
}

EvenGrid even_grid(std::span<const Candidate> candidates, std::span<const Place> places, double spacing_mm) {
  const auto position = [&](std::size_t p) { return candidates[places[p].first().candidate].instance.position_mm; };
  EvenGrid grid{{0}};
  for (std::size_t p = 1; p < places.size(); ++p) {
    const double distance_mm = places[p].along_mm - places[p - 1].along_mm;
    grid.k.push_back(grid.k.back() +
                     std::max<std::int64_t>(1, static_cast<std::int64_t>(multiple_of(distance_mm, spacing_mm))));
  }
  grid.first_mm = position(0);
  grid.step_mm = (1 / static_cast<double>(grid.k.back())) * (position(places.size() - 1) - position(0));
  for (std::size_t p = 1; p < places.size(); ++p) {
    const Vec3 expected = position(0) + static_cast<double>(grid.k[p]) * grid.step_mm;
    grid.off_mm = std::max(grid.off_mm, norm(position(p) - expected));
  }
  return grid;
}

namespace {

bool are_of_tenths(std::span<const Candidate> candidates, std::span<const Place> places) {
  const auto is_of_tenths = [](double mm) {
    constexpr double kNoise = 1e-3;  // of positions that were f32 once
    return std::abs(10 * mm - std::round(10 * mm)) <= kNoise;
  };
  return std::ranges::all_of(places, [&](const Place& place) {
    return std::ranges::all_of(candidates[place.first().candidate].instance.position_mm, is_of_tenths);
  });
}

}  // namespace

std::optional<EvenGrid> grid_of_tenths(std::span<const Candidate> candidates, std::span<const Place> places,
                                       const Vec3& normal, const EvenGrid& grid) {
  constexpr double kNoiseMm = 1e-3;     // of positions that were f32 once
  constexpr double kLeastStepMm = 0.4;  // of what is finer tenths do not tell k
  constexpr double kMostOffMm = 0.06;   // in each coordinate: half a tenth, and what the fit leaves
  if (grid.off_mm <= kNoiseMm || norm(grid.step_mm) < kLeastStepMm || !are_of_tenths(candidates, places)) return {};
  const auto position = [&](std::size_t p) { return candidates[places[p].first().candidate].instance.position_mm; };
  const auto count = static_cast<double>(places.size());
  double middle_k = 0, squares = 0;
  for (const std::int64_t k : grid.k) middle_k += static_cast<double>(k) / count;
  Vec3 middle_mm{}, slope{};
  for (std::size_t p = 0; p < places.size(); ++p) {
    const double from_middle = static_cast<double>(grid.k[p]) - middle_k;
    middle_mm = middle_mm + (1 / count) * position(p);
    slope = slope + from_middle * position(p);
    squares += from_middle * from_middle;
  }
  EvenGrid fitted = grid;
  fitted.step_mm = (1 / squares) * slope;
  const Vec3 upright_mm = dot(fitted.step_mm, normal) * normal;
  const double drift_mm = static_cast<double>(grid.k.back()) * norm(fitted.step_mm - upright_mm);
  if (drift_mm <= leaning_by_positions_mm(candidates, places)) fitted.step_mm = upright_mm;
  fitted.first_mm = middle_mm - middle_k * fitted.step_mm;
  fitted.off_mm = 0;
  for (std::size_t p = 0; p < places.size(); ++p) {
    const Vec3 off = position(p) - (fitted.first_mm + static_cast<double>(grid.k[p]) * fitted.step_mm);
    if (std::ranges::any_of(off, [](double mm) { return std::abs(mm) > kMostOffMm; })) return {};
    fitted.off_mm = std::max(fitted.off_mm, norm(off));
  }
  return fitted;
}

double leaning_by_positions_mm(std::span<const Candidate> candidates, std::span<const Place> places) {
  const auto position = [&](const Place& place) { return candidates[place.first().candidate].instance.position_mm; };
  const Vec3 run = position(places.back()) - position(places.front());
  double scatter_mm = 0;
  for (const Place& place : places) {
    const Vec3 from_first = position(place) - position(places.front());
    scatter_mm = std::max(scatter_mm, norm(from_first - dot(from_first, run) / dot(run, run) * run));
  }
  return std::max(2 * scatter_mm, are_of_tenths(candidates, places) ? 10 * kTwoDecimalsMm : kTwoDecimalsMm);
}

namespace {

/// True where some vector of whole hundredths points the same way: the text, before it was brought to unit length.
/// Along an axis any text does.
bool is_of_hundredths(const Vec3& direction) {
  constexpr double kSame = 1e-9;
  const auto is_axis = [](double cosine) { return std::abs(cosine) > 1 - kSame; };
  if (std::ranges::any_of(direction, is_axis)) return false;
  for (int n = 0; n < 27; ++n) {  // unit length moves each by one hundredth at most
    Vec3 text;
    for (std::size_t i = 0, rest = static_cast<std::size_t>(n); i < 3; ++i, rest /= 3) {
      text[i] = std::round(100 * direction[i]) + static_cast<double>(rest % 3) - 1;
    }
    if (norm((1 / norm(text)) * text - direction) <= kSame) return true;
  }
  return false;
}

}  // namespace

double leaning_of_normal(const Instance& slice) {
  constexpr double kHalfHundredth = 0.5e-2 * std::numbers::sqrt3;  // in all three cosines
  return is_of_hundredths(slice.row_direction) || is_of_hundredths(slice.column_direction) ? kHalfHundredth : 0;
}

Vec3 slice_normal(std::span<const Candidate> candidates, const StackDraft& draft) {
  const Instance& reference = candidates[draft.members.front().candidate].instance;
  return cross(reference.row_direction, reference.column_direction);
}

bool is_copy(std::span<const Candidate> candidates, const SamePixels& same_pixels, const Member& original,
             const Member& other) {
  const Instance &here = candidates[original.candidate].instance, &there = candidates[other.candidate].instance;
  const bool has_same_rescale =
      here.rescale_slope == there.rescale_slope && here.rescale_intercept == there.rescale_intercept;
  return norm(here.position_mm - there.position_mm) <= 2 * same_position_mm(here.spacing_i_mm) && has_same_rescale &&
         same_pixels(original.candidate, other.candidate);
}

}  // namespace naru::dicom
