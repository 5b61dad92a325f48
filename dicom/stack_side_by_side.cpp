#include "dicom/stack_side_by_side.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>

#include "dicom/stack_numbers.h"
#include "dicom/stack_partition.h"
#include "dicom/stack_places.h"

namespace naru::dicom {

namespace {

/// Of each member the number of its stack, from 0 on. Empty where all are one, or it is not told.
using StackNumbers = std::vector<std::size_t>;
using Members = std::vector<Member>;
using Places = std::vector<Place>;

/// Nobody plans more in one series; IDs that count slices or times do.
constexpr std::size_t kMostStacks = 64;
/// What is straight stays within this part of the field of view.
constexpr double kStraightOfView = 0.01;
/// By what is not as steep slices leave the normal by drift, not by a tilt: 1 degree.
constexpr double kLeastLean = 0.0175;
/// Stacks lie so many spacings apart at least: at one and a half a slice may be out of its place.
constexpr double kApartInSpacings = 2;

const Instance& instance(std::span<const Candidate> candidates, const Member& member) {
  return candidates[member.candidate].instance;
}

Vec3 normal_of(std::span<const Candidate> candidates, const Members& members) {
  const Instance& first = instance(candidates, members.front());
  return cross(first.row_direction, first.column_direction);
}

std::size_t count_of(const StackNumbers& numbers) {
  return numbers.empty() ? 0 : *std::ranges::max_element(numbers) + 1;
}

/// In their order, but those that are lost last.
std::vector<Members> parts_of(const Members& members, const StackNumbers& numbers) {
  std::vector<Members> parts(count_of(numbers));
  for (const bool is_lost : {false, true}) {
    for (std::size_t n = 0; n < members.size(); ++n) {
      if (members[n].lost.has_value() == is_lost) parts[numbers[n]].push_back(members[n]);
    }
  }
  return parts;
}

std::vector<Places> places_of(std::span<const Candidate> candidates, const Members& members,
                              const StackNumbers& numbers) {
  std::vector<Places> places;
  for (const Members& part : parts_of(members, numbers)) {
    places.push_back(find_places(candidates, part, normal_of(candidates, members)));
  }
  return places;
}

/// True where most of the fewer places are among the others: a time may lack slices. Nobody plans stacks like that.
bool lie_among(std::span<const Candidate> candidates, const Places& fewer, const Places& others) {
  const auto count = std::ranges::count_if(fewer, [&](const Place& here) {
    return std::ranges::any_of(others, [&](const Place& there) {
      const Instance &one = instance(candidates, here.first()), &other = instance(candidates, there.first());
      return norm(one.position_mm - other.position_mm) <= 2 * same_position_mm(one.spacing_i_mm);
    });
  });
  return 2 * count > std::ssize(fewer);
}

StackNumbers by_stack_id(std::span<const Candidate> candidates, const Members& members) {
  std::map<std::string_view, std::size_t> ids;
  for (const Member& member : members) {
    ids.try_emplace(instance(candidates, member).stack_id, ids.size());
    if (ids.size() > kMostStacks) return {};
  }
  if (ids.size() < 2 || ids.contains({})) return {};
  StackNumbers numbers;
  for (const Member& member : members) numbers.push_back(ids.at(instance(candidates, member).stack_id));
  const std::vector<Places> of_ids = places_of(candidates, members, numbers);
  StackNumbers largest_first(of_ids.size());
  std::iota(largest_first.begin(), largest_first.end(), std::size_t{0});
  std::ranges::stable_sort(largest_first, std::ranges::greater{}, [&](std::size_t id) { return of_ids[id].size(); });
  std::vector<Places> known;
  StackNumbers stack_of_id(of_ids.size());
  for (const std::size_t id : largest_first) {
    const auto same =
        std::ranges::find_if(known, [&](const Places& other) { return lie_among(candidates, of_ids[id], other); });
    stack_of_id[id] = static_cast<std::size_t>(same - known.begin());
    if (same == known.end()) known.push_back(of_ids[id]);
  }
  const auto is_lone = [](const Places& places) { return places.size() == 1; };
  if (2 * std::ranges::count_if(known, is_lone) >= std::ssize(known)) return {};
  for (std::size_t& number : numbers) number = stack_of_id[number];
  return numbers;
}

/// Numbers anew: what was one stays one only where no step between its values is as wide as `apart`.
void cut(std::span<const double> values, double apart, StackNumbers& numbers) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t n) { return std::tuple(numbers[n], values[n], n); });
  StackNumbers cut_numbers(values.size(), 0);
  for (std::size_t at = 1; at < order.size(); ++at) {
    const std::size_t before = order[at - 1], own = order[at];
    const bool goes_on = numbers[own] == numbers[before] && values[own] - values[before] < apart;
    cut_numbers[own] = cut_numbers[before] + (goes_on ? 0 : 1);
  }
  numbers = std::move(cut_numbers);
}

/// How far a tilt moves slices in their plane for each mm along the normal: as it does from most images to the one that
/// is numbered next. Zero where there is none.
Vec3 lean_of(std::span<const Candidate> candidates, const Members& members, const Vec3& normal) {
  std::vector<std::pair<ImageNumber, Vec3>> images;
  for (const Member& member : members) {
    const Instance& own = instance(candidates, member);
    if (!own.instance_number) return {};
    images.emplace_back(image_number(own), own.position_mm);
  }
  std::ranges::sort(images, {}, [](const auto& image) { return image.first; });
  std::array<std::vector<double>, 3> leans;
  for (std::size_t n = 1; n < images.size(); ++n) {
    const Vec3 step_mm = images[n].second - images[n - 1].second;
    const double along_mm = dot(step_mm, normal);
    if (std::abs(along_mm) <= kSamePositionMm) continue;
    const Vec3 lean = (1 / along_mm) * step_mm - normal;
    for (std::size_t i = 0; i < 3; ++i) leans[i].push_back(lean[i]);
  }
  if (leans[0].empty()) return {};
  const Vec3 lean{median_mm(leans[0]), median_mm(leans[1]), median_mm(leans[2])};
  return norm(lean) < kLeastLean ? Vec3{} : lean;
}

/// Where members lie along each of two directions in the plane, in parts of the field of view, but for what they lean.
std::array<std::vector<double>, 2> in_view(std::span<const Candidate> candidates, std::span<const Member> members,
                                           const Instance& first, const Vec3& lean) {
  const Vec3 normal = cross(first.row_direction, first.column_direction);
  const double width_mm = static_cast<double>(first.columns) * first.spacing_i_mm;
  const double height_mm = static_cast<double>(first.rows) * first.spacing_j_mm;
  std::array<std::vector<double>, 2> values;
  for (const Member& member : members) {
    const Vec3& own_mm = instance(candidates, member).position_mm;
    const Vec3 position_mm = own_mm - dot(own_mm, normal) * lean;
    values[0].push_back(dot(position_mm, first.row_direction) / width_mm);
    values[1].push_back(dot(position_mm, first.column_direction) / height_mm);
  }
  return values;
}

bool is_straight(const std::array<std::vector<double>, 2>& values) {
  return std::ranges::all_of(values, [](const std::vector<double>& along) {
    const auto [low, high] = std::ranges::minmax(along);
    return high - low <= kStraightOfView;
  });
}

/// True where slices of both lie evenly between each other and leave room for that: one stack, of which some positions
/// are wrong.
bool are_torn(std::span<const Candidate> candidates, const Places& a, const Places& b, const Vec3& normal) {
  if (a.back().along_mm < b.front().along_mm || b.back().along_mm < a.front().along_mm) return false;
  Members both;
  for (const Places* const places : {&a, &b}) {
    for (const Place& place : *places) both.push_back(place.first());
  }
  const auto together = find_places(candidates, both, normal);
  if (together.size() != both.size() || !is_regular(distances_between(together))) return false;
  const Instance& slice = instance(candidates, a.front().first());
  const auto stated_mm = slice.spacing_between_slices_mm ? slice.spacing_between_slices_mm : slice.slice_thickness_mm;
  return !stated_mm || *stated_mm < kFilledPart * median_mm(distances_between(a));
}

StackNumbers beside_each_other(std::span<const Candidate> candidates, const Members& members, const Vec3& lean) {
  const Instance& first = instance(candidates, members.front());
  const auto values = in_view(candidates, members, first, lean);
  StackNumbers numbers(members.size(), 0);
  for (std::size_t count = 0; count != count_of(numbers);) {  // what is cut may lie apart along the other direction
    count = count_of(numbers);
    for (const auto& along : values) cut(along, kApartOfView, numbers);
  }
  if (count_of(numbers) < 2 || count_of(numbers) > kMostStacks) return {};
  for (const Members& part : parts_of(members, numbers)) {
    if (!is_straight(in_view(candidates, part, first, lean))) return {};
  }
  const auto stacks = places_of(candidates, members, numbers);
  for (std::size_t n = 0; n < stacks.size(); ++n) {
    if (stacks[n].size() < kShortestRun) return {};
    for (std::size_t m = 0; m < n; ++m) {
      if (are_torn(candidates, stacks[n], stacks[m], normal_of(candidates, members))) return {};
    }
  }
  return numbers;
}

StackNumbers beside_each_other(std::span<const Candidate> candidates, const Members& members) {
  StackNumbers numbers = beside_each_other(candidates, members, {});
  const Vec3 lean = numbers.empty() ? lean_of(candidates, members, normal_of(candidates, members)) : Vec3{};
  return lean == Vec3{} ? numbers : beside_each_other(candidates, members, lean);
}

/// True for the slices of one stack of which no more lack than a recipe may make up.
bool are_one_with_gaps(std::span<const Candidate> candidates, const Places& places) {
  const auto distances_mm = distances_between(places);
  if (!is_regular(distances_mm)) return false;
  const double spacing_mm = median_mm(distances_mm);
  const EvenGrid grid = even_grid(candidates, places, spacing_mm);
  const std::int64_t count = grid.k.back() + 1;
  return grid.off_mm <= even_tolerance_mm(spacing_mm) &&
         kLeastSlicesForOneMadeUp * (count - std::ssize(places)) <= count;
}

StackNumbers behind_each_other(std::span<const Candidate> candidates, const Members& members) {
  const Vec3 normal = normal_of(candidates, members);
  const auto places = find_places(candidates, members, normal);
  if (places.size() < 2 * kShortestRun || are_one_with_gaps(candidates, places)) return {};
  const double spacing_mm = median_mm(distances_between(places));
  std::vector<double> along_mm;
  for (const Member& member : members) along_mm.push_back(dot(instance(candidates, member).position_mm, normal));
  StackNumbers numbers(members.size(), 0);
  cut(along_mm, kApartInSpacings * spacing_mm, numbers);
  if (count_of(numbers) < 2 || count_of(numbers) > kMostStacks) return {};
  for (const Places& stack : places_of(candidates, members, numbers)) {
    const bool is_even = std::ranges::all_of(distances_between(stack), [&](double mm) {
      return std::abs(mm - spacing_mm) <= even_tolerance_mm(spacing_mm);
    });
    if (stack.size() < kShortestRun || !is_even) return {};
  }
  return are_numbers_whole(candidates, places) ? numbers : StackNumbers();
}

struct Way {
  StackNumbers (*stacks)(std::span<const Candidate> candidates, const Members& members);
  std::string_view action;
};
constexpr std::array kWays = {
    Way{by_stack_id, "split by Stack ID"},
    Way{beside_each_other, "split: the stacks lie beside each other"},
    Way{behind_each_other, "split: the stacks lie apart along their normal"},
};

/// The place of a part among others: the lowest Instance Number, SOP Instance UID and frame in it.
auto first_image(std::span<const Candidate> candidates, const Members& part) {
  const auto key = [&](const Member& member) {
    const Instance& own = instance(candidates, member);
    return std::tuple(own.instance_number.value_or(std::numeric_limits<std::int64_t>::max()),
                      std::string_view(own.sop_instance_uid), own.plane);
  };
  return key(*std::ranges::min_element(part, {}, key));
}

/// One of the stacks that a draft holds, and what told it from the others last.
struct PartedStack {
  Members members;
  std::string_view action;
};

std::vector<PartedStack> stacks_of(std::span<const Candidate> candidates, const Members& members) {
  std::vector<PartedStack> stacks = {{members, {}}};
  for (const Way& way : kWays) {
    std::vector<PartedStack> parted;
    for (PartedStack& stack : stacks) {
      const bool is_lone = stack.members.size() < 2;
      const StackNumbers numbers = is_lone ? StackNumbers() : way.stacks(candidates, stack.members);
      if (count_of(numbers) < 2) {
        parted.push_back(std::move(stack));
        continue;
      }
      for (Members& part : parts_of(stack.members, numbers)) parted.push_back({std::move(part), way.action});
    }
    stacks = std::move(parted);
  }
  std::ranges::sort(stacks, {}, [&](const PartedStack& stack) { return first_image(candidates, stack.members); });
  return stacks;
}

}  // namespace

void part_stacks(std::span<const Candidate> candidates, std::vector<StackDraft>& drafts,
                 std::vector<std::size_t>& of_series) {
  for (std::size_t n = 0, count = of_series.size(); n < count; ++n) {
    // What is lost may lie anywhere, and have no size.
    const Members& members = drafts[of_series[n]].members;
    if (std::ranges::all_of(members, [](const Member& member) { return member.lost.has_value(); })) continue;
    auto parts = stacks_of(candidates, members);
    if (parts.size() < 2) continue;
    drafts[of_series[n]].members.clear();
    const StackDraft whole = drafts[of_series[n]];
    for (std::size_t index = 0; index < parts.size(); ++index) {
      if (index > 0) of_series.push_back(drafts.size());
      StackDraft& part = index == 0 ? drafts[of_series[n]] : drafts.emplace_back(whole);
      part.members = std::move(parts[index].members);
      part.add({Code::mixed_acquisition,
                {{"stacks", static_cast<double>(parts.size())}, {"index", static_cast<double>(index)}},
                parts[index].action},
               Verdict::accept);
    }
  }
}

}  // namespace naru::dicom
