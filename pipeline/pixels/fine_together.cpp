#include "pipeline/pixels/fine_together.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "pipeline/pixels/face_limits.h"
#include "pipeline/pixels/stack_face.h"

namespace naru {

namespace {

constexpr double kParallel = 0.999;  // cosine

Vec3 normal_of(const Grid& grid) {
  const Vec3 normal = cross(grid.patient_from_voxel.column(0), grid.patient_from_voxel.column(1));
  return 1 / norm(normal) * normal;
}

/// A slice's place along the normal, and its stack.
using Place = std::pair<double, std::size_t>;

/// Adds the stacks of every run that is long enough and that several make. @param places in order
void add_runs(std::span<const Place> places, std::set<std::size_t>& found) {
  for (std::size_t begin = 0, end = 0; begin < places.size(); begin = end) {
    for (end = begin + 1; end < places.size() && places[end].first - places[end - 1].first <= kCoarsestMm;) ++end;
    if (places[end - 1].first - places[begin].first < kThinnestMm) continue;
    std::set<std::size_t> stacks;
    for (std::size_t n = begin; n < end; ++n) stacks.insert(places[n].second);
    if (stacks.size() > 1) found.merge(stacks);
  }
}

/// Projections of the highest values show vessels and bones, and hardly skin.
bool is_projection(const std::string& word) {
  return word.find("MIP") != std::string::npos || word.find("PROJECTION") != std::string::npos;
}

bool is_view(const dicom::Stack& stack, const dicom::Instance& first) {
  return stack.grid.size.z == 1 && first.image_class == dicom::ImageClass::derived && shows_fine_head(first) &&
         other_part(first.body_part) == nullptr && std::ranges::none_of(first.image_type, is_projection);
}

/// The groups that a stack belongs to: what is alike in one may make one volume.
std::vector<std::string> groups_of(const Scan& scan, const dicom::Stack& stack) {
  const dicom::Instance& first = scan.candidates[stack.instances.front()].instance;
  std::vector<std::string> groups = {fmt::format("series\n{}\n{}", stack.study_uid, stack.series_uid)};
  const std::string frame = fmt::format("{}\n{}", stack.study_uid, first.frame_of_reference_uid);
  if (first.slice_thickness_mm.value_or(0) <= kCoarsestMm) groups.push_back("thin\n" + frame);
  if (other_part(first.body_part) != nullptr) return groups;
  groups.push_back(fmt::format("alike\n{}\n{} {} {} {:.3f} {:.3f} {:.3f}\n{}\n{}", frame, first.modality, first.columns,
                               first.rows, first.spacing_i_mm, first.spacing_j_mm, first.slice_thickness_mm.value_or(0),
                               first.echo, first.reconstruction_kernel));
  return groups;
}

}  // namespace

bool lie_finely(std::vector<double> places_mm) {
  std::ranges::sort(places_mm);
  double run_mm = 0;
  for (std::size_t n = 1; n < places_mm.size(); ++n) {
    const double step_mm = places_mm[n] - places_mm[n - 1];
    run_mm = step_mm <= kCoarsestMm ? run_mm + step_mm : 0;
    if (run_mm >= kThinnestMm) return true;
  }
  return false;
}

std::vector<std::size_t> fine_together(std::span<const Grid> grids) {
  std::set<Vec3> looked_along;  // a series may have thousands of stacks
  std::set<std::size_t> found;
  for (const Grid& base : grids) {
    const Vec3 normal = normal_of(base);
    if (!looked_along.insert(normal).second) continue;
    std::vector<Place> places;
    for (std::size_t n = 0; n < grids.size(); ++n) {
      const Vec3 spacing = grids[n].spacing_mm();
      const bool is_alike = std::abs(dot(normal, normal_of(grids[n]))) >= kParallel;
      if (!is_alike || std::max(spacing[0], spacing[1]) > kCoarsestMm) continue;
      for (std::int64_t k = 0; k < grids[n].size.z; ++k) {
        places.emplace_back(dot(normal, grids[n].patient_from_voxel({0, 0, static_cast<double>(k)})), n);
      }
    }
    std::ranges::sort(places);
    add_runs(places, found);
  }
  return {found.begin(), found.end()};
}

bool look_from_all_around(std::span<const Grid> grids) {
  constexpr std::size_t kPlanes = 3;
  std::vector<Vec3> directions;
  for (const Grid& grid : grids) {
    const Vec3 normal = normal_of(grid);
    const bool is_new =
        std::ranges::none_of(directions, [&](const Vec3& other) { return std::abs(dot(normal, other)) >= kParallel; });
    if (is_new) directions.push_back(normal);
    if (directions.size() > kPlanes) return true;
  }
  return false;
}

std::set<std::size_t> fine_together(const Scan& scan, std::span<const std::size_t> stacks) {
  std::map<std::string, std::vector<std::size_t>> groups, views;
  for (const std::size_t stack : stacks) {
    const dicom::Stack& one = scan.stacks[stack];
    if (one.instances.empty() || too_small_for_a_face(one.grid).empty()) continue;
    const dicom::Instance& first = scan.candidates[one.instances.front()].instance;
    if (is_limb(first.body_part)) continue;
    for (const std::string& group : groups_of(scan, one)) groups[group].push_back(stack);
    if (is_view(one, first)) views[one.series_uid].push_back(stack);
  }
  const auto grids_of = [&](std::span<const std::size_t> members) {
    std::vector<Grid> grids;
    for (const std::size_t stack : members) grids.push_back(scan.stacks[stack].grid);
    return grids;
  };
  std::set<std::size_t> found;
  for (const auto& [group, members] : groups) {
    for (const std::size_t n : fine_together(grids_of(members))) found.insert(members[n]);
  }
  for (const auto& [series, members] : views) {
    if (look_from_all_around(grids_of(members))) found.insert(members.begin(), members.end());
  }
  return found;
}

}  // namespace naru
