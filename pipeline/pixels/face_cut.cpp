#include "pipeline/pixels/face_cut.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "pipeline/pixels/head_model.h"

namespace naru {

namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();

/// A function given at some places, linear between them and constant beyond.
struct Knot {
  double at, value;
};
template <std::size_t N>
double interpolated(const std::array<Knot, N>& knots, double at) {
  if (at <= knots.front().at) return knots.front().value;
  for (std::size_t n = 1; n < N; ++n) {
    if (at > knots[n].at) continue;
    const Knot &a = knots[n - 1], &b = knots[n];
    return a.value + (b.value - a.value) * (at - a.at) / (b.at - a.at);
  }
  return knots.back().value;
}

// How far behind the skin of the nasion the cut lies, by mm below the nasion: sloping from the brow to the chin.
constexpr std::array<Knot, 5> kCutDepth = {{{-26, 2}, {0, 16}, {12, 30}, {30, 40}, {60, 52}}};
constexpr double kBrowMm = 26, kChinMm = -125;  // the cut's ends, above the nasion
constexpr double kCutHalfWidthMm = 110;

// The lowest brain, mm above the nasion, by mm behind it: floor of the frontal, temporal and posterior fossa.
constexpr std::array<Knot, 6> kSkullBase = {{{0, -6}, {18, -8}, {34, -28}, {44, -35}, {75, -43}, {100, -68}}};

// The face window: what people are known by.
constexpr double kWindowHalfWidthMm = 45, kWindowTopMm = 10, kWindowBottomMm = -100, kWindowDepthMm = 50;
constexpr double kMovedMm = 5, kLeastMoved = 0.9;

constexpr double kLeastOverlap = 0.9, kLeastScale = 0.75, kMostScale = 1.25;
constexpr double kMostTurn = 20, kMostPitch = 35;
constexpr double kLeastNoseMm = 10;
constexpr double kLeastAgreement = 0.85;
constexpr double kGuardGapCells = 1.5;

/// The head from the front. Heights are cells from below, depths mm from the front of the grid.
class Front {
 public:
  explicit Front(const HeadShape& shape, const Mask& inside) : shape_(shape), size_(shape.grid.size) {
    depth_.assign(static_cast<std::size_t>(size_.x * size_.z), kNone);
    for (std::int64_t z = 0; z < size_.z; ++z) {
      for (std::int64_t y = size_.y - 1; y >= 0; --y) {
        for (std::int64_t x = 0; x < size_.x; ++x) {
          if (inside.at(x, y, z)) depth_[place(x, z)] = mm(y);
        }
      }
    }
  }

  double depth(std::int64_t x, std::int64_t z) const { return x < 0 || x >= size_.x ? kNone : depth_[place(x, z)]; }

  std::int64_t top() const {
    for (std::int64_t z = size_.z - 1; z >= 0; --z) {
      for (std::int64_t x = 0; x < size_.x; ++x) {
        if (depth_[place(x, z)] < kNone) return z;
      }
    }
    return -1;
  }

  /// The column in the middle of the head, of the cells below the vertex.
  std::int64_t middle(std::int64_t top) const {
    std::vector<double> middles;
    for (std::int64_t z = std::max<std::int64_t>(0, top - cells(90)); z < top - cells(20); ++z) {
      std::int64_t first = -1, last = -1;
      for (std::int64_t x = 0; x < size_.x; ++x) {
        if (depth_[place(x, z)] == kNone) continue;
        if (first < 0) first = x;
        last = x;
      }
      if (first >= 0) middles.push_back(static_cast<double>(first + last) / 2);
    }
    return middles.empty() ? size_.x / 2 : std::llround(median(middles));
  }

  /// The depth of the middle of the face, by height.
  std::vector<double> profile(std::int64_t middle) const {
    return by_height([&](std::int64_t z) {
      double nearest = kNone;
      for (std::int64_t x = middle - 2; x <= middle + 2; ++x) nearest = std::min(nearest, depth(x, z));
      return nearest;
    });
  }

  /// The depth of the cheeks, 20 to 32 mm from the middle.
  std::vector<double> cheeks(std::int64_t middle) const {
    return by_height([&](std::int64_t z) {
      std::vector<double> both;
      for (std::int64_t away = cells(20); away <= cells(32); ++away) {
        for (const std::int64_t x : {middle - away, middle + away}) {
          if (depth(x, z) < kNone) both.push_back(depth(x, z));
        }
      }
      return both.empty() ? kNone : median(both);
    });
  }

  std::int64_t cells(double length) const { return std::llround(length / shape_.grid.cell_mm); }
  double mm(std::int64_t cell) const { return static_cast<double>(cell) * shape_.grid.cell_mm; }

 private:
  std::size_t place(std::int64_t x, std::int64_t z) const { return static_cast<std::size_t>(x + size_.x * z); }

  static double median(std::vector<double> values) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, at);
    return *at;
  }

  /// Smoothed: the median of three, then the mean of three. Where there is nothing, as deep as what lies deepest.
  template <class Depth>
  std::vector<double> by_height(const Depth& depth_at) const {
    std::vector<double> raw;
    for (std::int64_t z = 0; z < size_.z; ++z) raw.push_back(depth_at(z));
    double deepest = 0;
    for (const double value : raw) deepest = value < kNone ? std::max(deepest, value) : deepest;
    for (double& value : raw) value = std::min(value, deepest);
    const auto filtered = [](const std::vector<double>& in, const auto& of_three) {
      std::vector<double> out;
      for (std::size_t n = 0; n < in.size(); ++n) {
        out.push_back(of_three(in[n == 0 ? 0 : n - 1], in[n], in[std::min(n + 1, in.size() - 1)]));
      }
      return out;
    };
    const auto medians = filtered(raw, [](double a, double b, double c) { return median({a, b, c}); });
    return filtered(medians, [](double a, double b, double c) { return (a + b + c) / 3; });
  }

  const HeadShape& shape_;
  Size3 size_;
  std::vector<double> depth_;  ///< by column and height
};

/// What the profile shows.
struct Profile {
  std::int64_t middle = 0, nose_z = 0, nasion_z = 0;
  double nose_mm = 0, nasion_mm = 0, prominence_mm = 0;  ///< depths, from the front of the grid
};

std::optional<Profile> profile_of(const Front& front) {
  constexpr double kHighestNose = 80, kLowestNose = 170;  // mm below the vertex
  constexpr double kNasionShare = 0.4;                    // of the prominence of the tip
  const std::int64_t top = front.top();
  Profile found;
  found.middle = front.middle(top);
  const auto middle = front.profile(found.middle), cheeks = front.cheeks(found.middle);
  const std::int64_t low = std::max<std::int64_t>(0, top - front.cells(kLowestNose));
  const std::int64_t high = top - front.cells(kHighestNose);
  if (high <= low) return std::nullopt;
  const auto prominence = [&](std::int64_t z) {
    return cheeks[static_cast<std::size_t>(z)] - middle[static_cast<std::size_t>(z)];
  };
  found.nose_z = low;
  for (std::int64_t z = low; z < high; ++z) found.nose_z = prominence(z) > prominence(found.nose_z) ? z : found.nose_z;
  found.prominence_mm = prominence(found.nose_z);
  found.nasion_z = found.nose_z;
  while (found.nasion_z < top && prominence(found.nasion_z) > kNasionShare * found.prominence_mm) ++found.nasion_z;
  found.nose_mm = middle[static_cast<std::size_t>(found.nose_z)];
  found.nasion_mm = middle[static_cast<std::size_t>(found.nasion_z)];
  return found;
}

/// Cells about which `is_wanted(centre)` says yes.
template <class IsWanted>
Mask cells_where(const PatientGrid& grid, Executor& executor, const IsWanted& is_wanted) {
  Mask mask(grid.size);
  executor.parallel_for(grid.size.z, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t z = begin; z < end; ++z) {
      for (std::int64_t y = 0; y < grid.size.y; ++y) {
        for (std::int64_t x = 0; x < grid.size.x; ++x) {
          mask.cells[mask.index(x, y, z)] = static_cast<std::uint8_t>(is_wanted(grid.center(x, y, z)));
        }
      }
    }
  });
  return mask;
}

void keep_common(Mask& mask, const Mask& other) {
  for (std::size_t n = 0; n < mask.cells.size(); ++n) mask.cells[n] &= other.cells[n];
}

void take_away(Mask& mask, const Mask& other) {
  for (std::size_t n = 0; n < mask.cells.size(); ++n) {
    if (other.cells[n] != 0) mask.cells[n] = 0;
  }
}

/// CT: what a closed shell of bone encloses around the middle of the head. Empty where it is no brain's size.
Mask brain_in_bone(const HeadShape& shape, std::span<const float> values, const Vec3& nasion, Executor& executor) {
  constexpr float kBoneHu = 200;
  constexpr double kShellCells = 3, kThroatCells = 3, kRegrownCells = 4, kLeastMl = 700, kMostMl = 2400;
  const PatientGrid& grid = shape.grid;
  Mask bone(grid.size);
  std::ranges::transform(values, bone.cells.begin(),
                         [](float value) { return static_cast<std::uint8_t>(value > kBoneHu); });
  bone = eroded(dilated(bone, kShellCells, executor), kShellCells, executor);
  Mask soft = shape.inside;
  take_away(soft, bone);
  const Mask core = eroded(soft, kThroatCells, executor);
  // The middle of the brain, seen from the nasion.
  const auto middle = grid.cell_at(nasion + Vec3{0, 80, 30});
  Mask brain(grid.size);
  constexpr std::int64_t kReach = 5;
  for (std::int64_t n = 0; n < (2 * kReach + 1) * (2 * kReach + 1) && brain.count() == 0; ++n) {
    const std::int64_t x = middle[0] + n % (2 * kReach + 1) - kReach, y = middle[1],
                       z = middle[2] + n / (2 * kReach + 1) - kReach;
    const bool is_inside = x >= 0 && y >= 0 && z >= 0 && x < grid.size.x && y < grid.size.y && z < grid.size.z;
    if (is_inside && core.at(x, y, z)) brain = component_at(core, core.index(x, y, z), executor);
  }
  if (brain.count() == 0) return brain;
  brain = dilated(brain, kRegrownCells, executor);
  keep_common(brain, shape.inside);
  const double ml = static_cast<double>(brain.count()) * std::pow(grid.cell_mm, 3) / 1000;
  return ml >= kLeastMl && ml <= kMostMl ? brain : Mask(grid.size);
}

/// MR: the cranium, 9 mm below the skin and above the base of the skull, which both estimates place; where they differ,
/// what either holds for brain.
Mask brain_below_skin(const HeadShape& shape, const HeadPose& pose, const Vec3& nasion, Executor& executor) {
  constexpr double kScalpAndBoneMm = 9;
  Mask head = shape.inside;
  for (std::size_t n = 0; n < head.cells.size(); ++n) head.cells[n] |= shape.scanned.cells[n] == 0 ? 1 : 0;
  Mask brain = eroded(head, kScalpAndBoneMm / shape.grid.cell_mm, executor);
  const Affine head_from_patient = inverse(pose.patient_from_head);
  const auto is_above_base = [](const Vec3& from_nasion) {
    return from_nasion[1] >= 0 && from_nasion[2] >= interpolated(kSkullBase, from_nasion[1]);
  };
  keep_common(brain, cells_where(shape.grid, executor, [&](const Vec3& point) {
                return is_above_base(point - nasion) ||
                       is_above_base(pose.scale * (head_from_patient(point) - kNasionOfAverageHead));
              }));
  keep_common(brain, shape.inside);
  return brain;
}

/// All in front of the sloping surface; the brain and a gap around it stay. @param kept the brain with its gap
Mask cut_at(const HeadShape& shape, const Vec3& nasion, const Mask& kept, Executor& executor) {
  Mask cut = cells_where(shape.grid, executor, [&](const Vec3& point) {
    const Vec3 from_nasion = point - nasion;
    return from_nasion[2] <= kBrowMm && from_nasion[2] > kChinMm && std::abs(from_nasion[0]) <= kCutHalfWidthMm &&
           from_nasion[1] < interpolated(kCutDepth, -from_nasion[2]);
  });
  take_away(cut, kept);
  return cut;
}

/// Where the average head has ears, all that lies outside of the head without them: its outline, opened.
Mask ears_of(const HeadShape& shape, const HeadPose& pose, const Mask& kept, Executor& executor) {
  constexpr double kRoundCells = 14, kSkinCells = 0.5;
  const Mask head = dilated(eroded(shape.inside, kRoundCells, executor), kRoundCells + kSkinCells, executor);
  const Affine head_from_patient = inverse(pose.patient_from_head);
  Mask ears = cells_where(shape.grid, executor, [&](const Vec3& point) {
    const Vec3 at = head_from_patient(point) - kNasionOfAverageHead;
    return std::abs(at[0]) > 50 && std::abs(at[0]) < kCutHalfWidthMm && at[1] > 60 && at[1] < 135 && at[2] > -75 &&
           at[2] < 35;
  });
  take_away(ears, head);
  take_away(ears, kept);
  return ears;
}

double dice_within(const Mask& a, const Mask& b, const Mask& within) {
  double both = 0, sum = 0;
  for (std::size_t n = 0; n < a.cells.size(); ++n) {
    if (within.cells[n] == 0) continue;
    both += (a.cells[n] & b.cells[n]) != 0 ? 2 : 0;
    sum += (a.cells[n] != 0 ? 1 : 0) + (b.cells[n] != 0 ? 1 : 0);
  }
  return sum > 0 ? both / sum : 0;
}

/// Columns of the front view that show the face.
template <class Use>
void each_of_face(const HeadShape& shape, const Front& front, const FaceNumbers& numbers, const Use& use) {
  const PatientGrid& grid = shape.grid;
  for (std::int64_t z = 0; z < grid.size.z; ++z) {
    for (std::int64_t x = 0; x < grid.size.x; ++x) {
      const Vec3 at = grid.center(x, 0, z) - numbers.nasion_mm;
      const bool is_face = std::abs(at[0]) <= kWindowHalfWidthMm && at[2] <= kWindowTopMm && at[2] >= kWindowBottomMm &&
                           front.depth(x, z) <= numbers.nose_mm[1] - grid.origin_mm[1] + kWindowDepthMm;
      if (is_face) use(x, z);
    }
  }
}

/// True where the scan ends right below the tip of the nose, or in front of more of the face than a tip. What is
/// missing of a tip moves no estimate.
bool ends_in_face(const HeadShape& shape, const Front& front, const Profile& profile, const FaceNumbers& numbers) {
  constexpr std::int64_t kLeastBelow = 3, kBehindNose = 5;
  constexpr double kMostCut = 0.1;
  const auto is_scanned = [&](std::int64_t x, std::int64_t y, std::int64_t z) {
    return y >= 0 && z >= 0 && shape.scanned.at(x, y, z);
  };
  const auto y = std::llround(profile.nose_mm / shape.grid.cell_mm);
  if (!is_scanned(profile.middle, y + kBehindNose, profile.nose_z - kLeastBelow)) return true;
  double all = 0, cut = 0;
  each_of_face(shape, front, numbers, [&](std::int64_t x, std::int64_t z) {
    ++all;
    cut += is_scanned(x, std::llround(front.depth(x, z) / shape.grid.cell_mm) - 1, z) ? 0 : 1;
  });
  return cut > kMostCut * all;
}

std::optional<FaceDoubt> doubt_of_pose(const HeadPose& pose) {
  if (!is_head(pose)) return FaceDoubt::unknown_shape;
  const bool is_turned = std::abs(pose.yaw_degrees) > kMostTurn || std::abs(pose.roll_degrees) > kMostTurn ||
                         std::abs(pose.pitch_degrees) > kMostPitch;
  return is_turned ? std::optional(FaceDoubt::turned) : std::nullopt;
}

std::vector<double> profile_mm(const Front& front, const Profile& profile) {
  std::vector<double> depths = front.profile(profile.middle);
  const auto top = std::min<std::int64_t>(profile.nasion_z + front.cells(kBrowMm), std::ssize(depths) - 1);
  const auto bottom = std::max<std::int64_t>(0, profile.nasion_z + front.cells(kChinMm));
  std::vector<double> result;
  for (std::int64_t z = top; z >= bottom; --z) {
    result.push_back(std::round(10 * (depths[static_cast<std::size_t>(z)] - profile.nose_mm)) / 10);
  }
  return result;
}

}  // namespace

std::string_view name(FaceDoubt doubt) {
  constexpr std::array<std::string_view, 10> kNames = {"unknown_shape", "turned",       "cropped",    "no_face",
                                                       "no_brain",      "disagreement", "too_little", "not_cut",
                                                       "kind",          "too_large"};
  return kNames[static_cast<std::size_t>(doubt)];
}

bool is_head(const HeadPose& pose) {
  constexpr double kUpright = 60;  // degrees: beyond, it lies over something else
  return pose.overlap >= kLeastOverlap && pose.scale >= kLeastScale && pose.scale <= kMostScale &&
         std::abs(pose.pitch_degrees) <= kUpright && std::abs(pose.yaw_degrees) <= kUpright &&
         std::abs(pose.roll_degrees) <= kUpright;
}

double moved_share(const HeadShape& before, const Mask& after, const FaceNumbers& numbers) {
  const Front old_front(before, before.inside), new_front(before, after);
  double window = 0, moved = 0;
  each_of_face(before, old_front, numbers, [&](std::int64_t x, std::int64_t z) {
    ++window;
    moved += new_front.depth(x, z) - old_front.depth(x, z) >= kMovedMm ? 1 : 0;
  });
  return window > 0 ? moved / window : 0;
}

FaceCut cut_face(const HeadShape& shape, const HeadPose& pose, std::span<const float> values, bool is_ct,
                 Executor& executor) {
  FaceCut cut;
  FaceNumbers& numbers = cut.numbers;
  numbers.overlap = pose.overlap;
  numbers.scale = pose.scale;
  numbers.pitch = pose.pitch_degrees;
  numbers.yaw = pose.yaw_degrees;
  numbers.roll = pose.roll_degrees;
  numbers.second_nasion_mm = pose.nasion_mm();
  if ((cut.doubt = doubt_of_pose(pose))) return cut;
  const Front front(shape, shape.inside);
  const auto profile = profile_of(front);
  if (profile) numbers.nose_prominence_mm = profile->prominence_mm;
  if (!profile || profile->prominence_mm < kLeastNoseMm) return cut.doubt = FaceDoubt::no_face, cut;
  const auto in_patient = [&](double depth_mm, std::int64_t z) {
    Vec3 point = shape.grid.center(profile->middle, 0, z);
    point[1] += depth_mm;
    return point;
  };
  numbers.nose_mm = in_patient(profile->nose_mm, profile->nose_z);
  numbers.nasion_mm = in_patient(profile->nasion_mm, profile->nasion_z);
  numbers.profile_before_mm = profile_mm(front, *profile);
  if (ends_in_face(shape, front, *profile, numbers)) return cut.doubt = FaceDoubt::cropped, cut;
  cut.guard = is_ct ? brain_in_bone(shape, values, numbers.nasion_mm, executor)
                    : brain_below_skin(shape, pose, numbers.nasion_mm, executor);
  const double cell_ml = std::pow(shape.grid.cell_mm, 3) / 1000;
  numbers.guard_ml = static_cast<double>(cut.guard.count()) * cell_ml;
  if (numbers.guard_ml == 0) return cut.doubt = FaceDoubt::no_brain, cut;
  const Mask kept = dilated(cut.guard, kGuardGapCells, executor);
  Mask removed = cut_at(shape, numbers.nasion_mm, kept, executor);
  numbers.agreement = dice_within(removed, cut_at(shape, numbers.second_nasion_mm, kept, executor), shape.inside);
  const Mask ears = ears_of(shape, pose, kept, executor);
  for (std::size_t n = 0; n < removed.cells.size(); ++n) removed.cells[n] |= ears.cells[n];
  Mask left = shape.inside;
  take_away(left, removed);
  numbers.moved_share = moved_share(shape, left, numbers);
  numbers.profile_after_mm = profile_mm(Front(shape, left), *profile);
  for (std::size_t n = 0; n < removed.cells.size(); ++n) {
    numbers.removed_ml += (removed.cells[n] & shape.inside.cells[n]) != 0 ? cell_ml : 0;
  }
  if (numbers.agreement < kLeastAgreement) return cut.doubt = FaceDoubt::disagreement, cut;
  if (numbers.moved_share < kLeastMoved) return cut.doubt = FaceDoubt::too_little, cut;
  cut.removed = std::move(removed);
  return cut;
}

}  // namespace naru
