#include "pipeline/pixels/no_head.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "pipeline/allow_list.h"
#include "pipeline/pixels/face_cut.h"
#include "pipeline/pixels/face_limits.h"
#include "pipeline/pixels/head_pose.h"

namespace naru {

namespace {

constexpr double kTrunkWidthMm = 240, kTrunkDepthMm = 80;  // tables are broad as well, but thinner
constexpr double kNotch = 0.7, kNoNotch = 0;               // below a trunk thighs may lie beside each other

/// How much of a layer is air.
double air_share(const HeadShape& shape, std::int64_t z) {
  const auto cells = static_cast<std::size_t>(shape.grid.size.x * shape.grid.size.y);
  double scanned = 0, air = 0;
  for (std::size_t n = shape.inside.index(0, 0, z), end = n + cells; n < end; ++n) {
    scanned += shape.scanned.cells[n] != 0 ? 1 : 0;
    air += shape.scanned.cells[n] != 0 && shape.inside.cells[n] == 0 ? 1 : 0;
  }
  return scanned > 0 ? air / scanned : 0;
}

/// How many columns of one layer, side by side, are as deep as a trunk, without a notch: where a head and the arms
/// beside it meet, the outline is less deep than `least_share` of what it is on both sides.
std::int64_t trunk_columns(const HeadShape& shape, std::int64_t z, double least_share) {
  const Size3& size = shape.grid.size;
  std::vector<double> depths_mm;
  for (std::int64_t x = 0; x < size.x; ++x) {
    double depth_mm = 0;
    for (std::int64_t y = 0; y < size.y; ++y) depth_mm += shape.inside.at(x, y, z) ? shape.grid.cell_mm : 0;
    depths_mm.push_back(depth_mm);
  }
  std::vector<double> deepest_after(depths_mm.size());  // from each column on
  std::partial_sum(depths_mm.rbegin(), depths_mm.rend(), deepest_after.rbegin(), std::ranges::max);
  std::int64_t run = 0, longest = 0;
  double deepest_before = 0;
  for (std::size_t x = 0; x < depths_mm.size(); ++x) {
    deepest_before = std::max(deepest_before, depths_mm[x]);
    const double notch_mm = least_share * std::min(deepest_before, deepest_after[x]);
    run = depths_mm[x] >= std::max(kTrunkDepthMm, notch_mm) ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

double trunk_breadth_mm(const HeadShape& shape, std::int64_t z, double least_share) {
  return static_cast<double>(trunk_columns(shape, z, least_share)) * shape.grid.cell_mm;
}

/// True where the scan ends across a trunk: too broad in one piece for a head, deeper than a table, with air beside it.
bool is_trunk_at(const HeadShape& shape, std::int64_t z, double least_share) {
  constexpr double kLeastAir = 0.1;  // else the outline is that of the scan, and says nothing
  return trunk_breadth_mm(shape, z, least_share) >= kTrunkWidthMm && air_share(shape, z) >= kLeastAir;
}

/// True where what is no broader than a head lies between what is as broad as a trunk: a head between shoulders and
/// raised arms. Below a trunk there are legs, and no trunk again.
bool has_neck(const HeadShape& shape) {
  constexpr double kMostMm = 200;
  bool is_below_trunk = false, is_below_neck = false;
  for (std::int64_t z = shape.grid.size.z - 1; z >= 0; --z) {
    const double breadth_mm = trunk_breadth_mm(shape, z, kNoNotch);
    const bool is_trunk = breadth_mm >= kTrunkWidthMm;
    if (is_trunk && is_below_neck) return true;
    is_below_trunk = is_below_trunk || is_trunk;
    is_below_neck = is_below_neck || (is_below_trunk && breadth_mm < kMostMm);
  }
  return false;
}

/// The largest ball of the outline; what lies beyond the scan counts as inside.
struct Ball {
  std::int64_t x = 0;
  double radius_mm = 0;
};

Ball largest_ball(const HeadShape& shape, Executor& executor) {
  const std::vector<float> to_outside = squared_distance(complement(shape.inside), executor);
  const auto columns = static_cast<std::size_t>(shape.grid.size.x);
  Ball largest;
  for (std::size_t n = 0; n < to_outside.size(); ++n) {
    const double radius_mm = shape.grid.cell_mm * std::sqrt(static_cast<double>(to_outside[n]));
    if (!std::isfinite(radius_mm) || radius_mm <= largest.radius_mm) continue;
    largest = {static_cast<std::int64_t>(n % columns), radius_mm};
  }
  return largest;
}

/// What is as broad as the ball: a head without the limb beside it. The rest counts as not scanned.
HeadShape part_around(const Ball& ball, HeadShape shape) {
  constexpr double kSkinMm = 12;  // skin farther away says nothing of where a head lies
  const Size3& size = shape.grid.size;
  for (std::int64_t x = 0; x < size.x; ++x) {
    const double beyond_mm = shape.grid.cell_mm * static_cast<double>(std::abs(x - ball.x)) - ball.radius_mm;
    if (beyond_mm <= 0) continue;
    for (std::size_t n = static_cast<std::size_t>(x); n < shape.inside.cells.size();
         n += static_cast<std::size_t>(size.x)) {
      shape.scanned.cells[n] = 0;
      if (beyond_mm > kSkinMm) shape.inside.cells[n] = 0;
    }
  }
  return shape;
}

constexpr std::int64_t kRimCells = 2;  // the outermost may be half scanned

/// True where the outline ends below the top of the scan.
bool ends_within(const HeadShape& shape) {
  const auto plane = static_cast<std::ptrdiff_t>(shape.grid.size.x * shape.grid.size.y);
  const auto rim = std::min<std::ptrdiff_t>((1 + kRimCells) * plane, std::ssize(shape.inside.cells));
  return std::all_of(shape.inside.cells.end() - rim, shape.inside.cells.end(),
                     [](std::uint8_t cell) { return cell == 0; });
}

/// True for what may be a head though a limb is named: it has an end at the top, as a leg has none, and is broader than
/// a hand; or the average head lies over it once what is beside it is left away.
bool may_be_misnamed(const HeadShape& shape, Executor& executor) {
  constexpr double kLeastRadiusMm = 40;   // a newborn's head has 45, a hand or a foot less
  constexpr double kLeastOverlap = 0.93;  // more than is asked of what is not named a limb: a thigh is like a neck
  const Ball ball = largest_ball(shape, executor);
  if (ball.radius_mm < kLeastRadiusMm) return false;
  if (ends_within(shape)) return true;
  const auto pose = register_head(part_around(ball, shape), executor);
  return pose && is_head(*pose) && pose->overlap >= kLeastOverlap;
}

}  // namespace

bool is_surely_no_head(const HeadShape& shape, std::string_view body_part, Executor& executor) {
  const OtherPart* const part = other_part(body_part);
  if (part != nullptr && !part->may_reach_head) return !may_be_misnamed(shape, executor);
  if (part == nullptr && public_body_part(body_part)) return false;  // a part that is, or has, a head
  const std::int64_t top = shape.grid.size.z - 1 - kRimCells;
  const bool is_trunk = top > kRimCells && is_trunk_at(shape, top, kNotch) &&
                        (part != nullptr || is_trunk_at(shape, kRimCells, kNoNotch));
  return is_trunk && !has_neck(shape);
}

}  // namespace naru
