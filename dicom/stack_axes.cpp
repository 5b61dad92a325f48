#include "dicom/stack_axes.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace naru::dicom {

namespace {

AxisKey key_of(const std::optional<double>& value) { return value ? AxisKey{*value} : AxisKey{}; }

AxisKey key_of(const std::optional<std::int64_t>& value) {
  return value ? AxisKey{static_cast<double>(*value)} : AxisKey{};
}

AxisKey b_value_key(const Instance& instance) {
  const PlaneTiming& timing = instance.timing;
  if (!timing.b_value_s_per_mm2) return {};
  const Vec3 direction = timing.gradient_direction.value_or(Vec3{});
  return {*timing.b_value_s_per_mm2, direction[0], direction[1], direction[2]};
}

/// Noise between the slices of one volume: no scan has two b-values so near, nor two directions.
constexpr double kSameBValue = 0.5, kSameDirection = 1e-3;

bool are_one_b_value(const AxisKey& a, const AxisKey& b) {
  return std::abs(a[0] - b[0]) <= kSameBValue &&
         norm(Vec3{a[1], a[2], a[3]} - Vec3{b[1], b[2], b[3]}) <= kSameDirection;
}

AxisKey dimension_key(const Instance& instance) { return instance.timing.dimension_indices; }

constexpr double kSecondsOfDay = 86'400, kNever = std::numeric_limits<double>::infinity();

/// Of times of one date, or without one, that run past midnight: from when on they are of the day before; `kNever`
/// where they do not. The date that a series began on is often written to all of its images.
double evening_of(std::vector<double> times) {
  std::ranges::sort(times);
  const auto day_of = [](double time) { return std::floor(time / kSecondsOfDay); };
  if (times.empty() || day_of(times.front()) != day_of(times.back())) return kNever;
  constexpr double kLongestSeries = kSecondsOfDay / 4;
  const auto is_night = [](double a, double b) { return b - a > kSecondsOfDay - kLongestSeries; };
  const auto before = std::ranges::adjacent_find(times, is_night);
  return before == times.end() ? kNever : *(before + 1);
}

}  // namespace

constexpr std::array<Axis, kAxisCount> kAxes = {{
    Axis{"b_value", "s/mm2", "one volume of a 4-D case along b_value", Telling::as_is, b_value_key},
    Axis{"inversion_time", "ms", "one volume of a 4-D case along inversion_time", Telling::as_is,
         [](const Instance& i) { return key_of(i.timing.inversion_time_ms); }},
    Axis{"trigger_time", "ms", "one volume of a 4-D case along trigger_time", Telling::as_is,
         [](const Instance& i) { return key_of(i.timing.trigger_time_ms); }},
    Axis{"cardiac_phase", "%", "one volume of a 4-D case along cardiac_phase", Telling::as_is,
         [](const Instance& i) { return key_of(i.timing.cardiac_phase_percent); }},
    Axis{"acquisition_time", "s", "one volume of a 4-D case along acquisition_time", Telling::since_first,
         [](const Instance& i) { return key_of(i.timing.acquisition_time_s); }},
    Axis{"temporal_position", "", "one volume of a 4-D case along temporal_position", Telling::as_is,
         [](const Instance& i) { return key_of(i.timing.temporal_position); }},
    Axis{"dimension_index", "", "one volume of a 4-D case along dimension_index", Telling::by_rank, dimension_key},
    Axis{"asl_context", "", "one volume of a 4-D case along asl_context", Telling::as_is,
         [](const Instance& i) { return key_of(i.timing.asl_context); }},
    Axis{"acquisition_number", "", "one volume of a 4-D case along acquisition_number", Telling::by_rank,
         [](const Instance& i) { return key_of(i.timing.acquisition_number); }},
    Axis{"content_time", "s", "one volume of a 4-D case along content_time", Telling::since_first,
         [](const Instance& i) { return key_of(i.timing.content_time_s); }},
    Axis{"instance_order", "", "one volume of a 4-D case in the order of Instance Numbers", Telling::by_rank, nullptr},
}};
static_assert(kAxes[kBValueAxis].key == b_value_key && kAxes[kTriggerTimeAxis].name == "trigger_time" &&
              kAxes[kCardiacPhaseAxis].name == "cardiac_phase" && kAxes[kDimensionAxis].key == dimension_key &&
              kAxes[kAslAxis].name == "asl_context" && kAxes[kAcquisitionNumberAxis].name == "acquisition_number" &&
              kAxes[kInstanceOrderAxis].key == nullptr);

bool is_of_a_cycle(const Axis& axis) { return &axis == &kAxes[kTriggerTimeAxis] || &axis == &kAxes[kCardiacPhaseAxis]; }

std::string_view object_of(const Instance& instance) {
  return instance.concatenation ? instance.concatenation->uid : instance.sop_instance_uid;
}

bool is_derived_without_b_value(const Instance& instance) {
  const std::string_view origin = instance.image_type.empty() ? std::string_view() : instance.image_type.front();
  return !instance.timing.b_value_s_per_mm2 && !origin.empty() && origin != "ORIGINAL";
}

AxisKeys::AxisKeys(std::span<const Candidate> candidates, std::span<const Member> members,
                   std::span<const Place> places)
    : candidates_(candidates) {
  for (const Place& place : places) rank_instances(place);
  note_b_values(members);
  rank_objects(members);
  std::ranges::transform(kAxes, evenings_.begin(), [&](const Axis& axis) {
    std::vector<double> times;
    if (axis.telling != Telling::since_first) return kNever;
    for (const Member& member : members) {
      const AxisKey time = axis.key(instance(member));
      if (!time.empty()) times.push_back(time.front());
    }
    return evening_of(std::move(times));
  });
}

AxisKey AxisKeys::of(const Axis& axis, const Member& member) const {
  if (axis.key == nullptr) {
    const auto rank = ranks_.find(member.candidate);
    return rank == ranks_.end() ? AxisKey{} : AxisKey{rank->second};
  }
  if (axis.key == b_value_key) {
    const auto found = b_values_.find(member.candidate);
    return found == b_values_.end() ? AxisKey{} : found->second;
  }
  AxisKey own = axis.key(instance(member));
  if (axis.key == dimension_key) {
    const auto object = objects_.find(object_of(instance(member)));
    if (own.empty() || object == objects_.end()) return {};
    own.insert(own.begin(), object->second);
    return own;
  }
  if (!own.empty() && own.front() >= evenings_[static_cast<std::size_t>(&axis - kAxes.data())]) {
    own.front() -= kSecondsOfDay;
  }
  return own;
}

/// Gives each image of a place its rank, unless numbers are missing, or those of several files are equal. Frames of one
/// file share its number and follow each other in it.
void AxisKeys::rank_instances(const Place& place) {
  std::map<std::pair<std::int64_t, std::size_t>, std::size_t> candidates;
  std::map<std::int64_t, std::string_view> files;
  for (const Member& member : place.members) {
    const Instance& own = instance(member);
    if (!own.instance_number) return;
    const auto file = files.emplace(*own.instance_number, own.sop_instance_uid).first;
    const bool is_new = candidates.emplace(std::pair(*own.instance_number, own.plane), member.candidate).second;
    if (file->second != own.sop_instance_uid || !is_new) return;
  }
  double rank = 0;
  for (const auto& [number, candidate] : candidates) ranks_[candidate] = rank++;
}

/// Gives each image the first b-value and direction that are as good as its own. Where all that is stated is above 0,
/// what states none is the image without diffusion, unless it was made of others.
void AxisKeys::note_b_values(std::span<const Member> members) {
  std::vector<AxisKey> known;
  for (const Member& member : members) {
    const AxisKey own = b_value_key(instance(member));
    if (own.empty()) continue;
    const auto found = std::ranges::find_if(known, [&](const AxisKey& key) { return are_one_b_value(key, own); });
    b_values_[member.candidate] = found == known.end() ? known.emplace_back(own) : *found;
  }
  const auto is_zero = [](const AxisKey& key) { return key[0] <= kSameBValue; };
  if (known.empty() || std::ranges::any_of(known, is_zero)) return;
  for (const Member& member : members) {
    if (!is_derived_without_b_value(instance(member))) b_values_.try_emplace(member.candidate, AxisKey{0, 0, 0, 0});
  }
}

/// Objects of one series follow each other by Instance Number. Where those of several are missing or equal, none has a
/// place, and with it no index.
void AxisKeys::rank_objects(std::span<const Member> members) {
  std::map<std::string_view, std::optional<std::int64_t>> number_of;
  for (const Member& member : members) {
    if (instance(member).timing.dimension_indices.empty()) continue;
    const auto own = instance(member).instance_number;
    auto& known = number_of.emplace(object_of(instance(member)), own).first->second;
    known = std::min(known, own);
  }
  std::map<std::optional<std::int64_t>, std::string_view> objects;
  for (const auto& [object, number] : number_of) objects.emplace(number, object);
  const bool is_told = objects.size() == number_of.size() && (number_of.size() < 2 || objects.begin()->first);
  for (const auto& [number, object] : objects) {
    const auto rank = static_cast<double>(objects_.size());
    if (is_told) objects_[object] = rank;
  }
}

}  // namespace naru::dicom
