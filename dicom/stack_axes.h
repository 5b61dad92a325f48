/// The axes of 4-D images: what tells volumes apart, and which value an image has along each.
#pragma once

#include <array>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "dicom/stack_places.h"

namespace naru::dicom {

/// What an image has along one axis: numbers that compare; empty where the header is silent.
using AxisKey = std::vector<double>;

/// How the values of an axis are told.
enum class Telling { as_is, since_first, by_rank };

struct Axis {
  std::string_view name, unit;
  std::string_view action;  ///< of the finding on each volume
  Telling telling;
  AxisKey (*key)(const Instance&);  ///< null: the order of Instance Numbers
};

inline constexpr std::size_t kBValueAxis = 0, kTriggerTimeAxis = 2, kCardiacPhaseAxis = 3, kDimensionAxis = 6,
                             kAslAxis = 7, kAcquisitionNumberAxis = 8, kInstanceOrderAxis = 10, kAxisCount = 11;
/// Diffusion first: its images may also differ in time. Values with a unit come before mere numbers.
extern const std::array<Axis, kAxisCount> kAxes;

/// True for an axis along which values come again with each beat of the heart.
bool is_of_a_cycle(const Axis& axis);

/// Within which dimension indices count: the object of a frame, or the concatenation that it is of.
std::string_view object_of(const Instance& instance);

/// True for an image that was made of others, says its Image Type, and states no b-value: beside diffusion images a map
/// or a mean of them, and no image without diffusion.
bool is_derived_without_b_value(const Instance& instance);

/// The keys of one draft's images.
class AxisKeys {
 public:
  AxisKeys(std::span<const Candidate> candidates, std::span<const Member> members, std::span<const Place> places);

  AxisKey of(const Axis& axis, const Member& member) const;

 private:
  void rank_instances(const Place& place);
  void note_b_values(std::span<const Member> members);
  void rank_objects(std::span<const Member> members);
  const Instance& instance(const Member& member) const { return candidates_[member.candidate].instance; }

  std::span<const Candidate> candidates_;
  std::map<std::size_t, double> ranks_;        ///< by candidate: how many images of its place come before it
  std::map<std::size_t, AxisKey> b_values_;    ///< by candidate
  std::map<std::string_view, double> objects_;  ///< the place of each object, or concatenation, among them
  std::array<double, kAxisCount> evenings_{};  ///< from when on times are of the day before
};

}  // namespace naru::dicom
