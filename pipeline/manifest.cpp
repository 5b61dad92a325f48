#include "pipeline/manifest.h"

#include <algorithm>

#include "pipeline/documents.h"
#include "pipeline/outputs/layout.h"

namespace naru {

using Json = nlohmann::ordered_json;

namespace {

Json statistics_json(const Statistics& s) {
  return {{"voxels", s.count}, {"min", s.min}, {"max", s.max}, {"mean", s.mean}, {"std", s.deviation}};
}

Json grid_steps(const GridPlan& grid, const Recipe& recipe) {
  Json steps = Json::array();
  if (grid.straighten) steps.push_back({{"op", "straighten"}, {"degrees", grid.straighten->degrees}});
  steps.push_back(
      {{"op", "orient"}, {"axes", recipe.axes}, {"source_axis", grid.orient.source_axis}, {"flip", grid.orient.flip}});
  if (recipe.spacing_mm) {
    steps.push_back({{"op", "resample"},
                     {"convention", kGridConventions[static_cast<std::size_t>(recipe.convention)]},
                     {"interpolator", kInterpolators[static_cast<std::size_t>(recipe.interpolator)]},
                     {"from_mm", grid.source_spacing_mm},
                     {"to_mm", *recipe.spacing_mm}});
    if (grid.resample.separate_axis) steps.back()["separate_axis"] = *grid.resample.separate_axis;
    if (grid.resample.sigma != Vec3{}) steps.back()["antialias_sigma_voxels"] = grid.resample.sigma;
  }
  return steps;
}

/// Where text was blanked, in voxels of the source: training can leave it out. That a face was taken out.
Json blanking_steps(const CasePlan& plan) {
  Json steps = Json::array(), boxes = Json::array();
  for (std::size_t volume = 0; volume < plan.text_boxes.size(); ++volume) {
    for (const dicom::PixelBox& box : plan.text_boxes[volume]) {
      Json one = {{"i", box.x}, {"j", box.y}, {"width", box.width}, {"height", box.height}};
      one["k"] = box.frame < 0 ? Json(nullptr) : Json(box.frame);
      if (plan.sequence) one["volume"] = volume;
      boxes.push_back(std::move(one));
    }
  }
  if (!boxes.empty()) steps.push_back({{"op", "blank_text"}, {"source_boxes", std::move(boxes)}});
  if (plan.face) steps.push_back({{"op", "remove_face"}, {"fill", plan.face->air_units}});
  return steps;
}

/// Of a 4-D image also what was found of the other volumes alone: in one of them a slice may be made up.
Json findings_json(const CasePlan& plan, std::span<const dicom::Stack> stacks) {
  Json findings = Json::array();
  for (const Finding& finding : stacks[plan.stacks.front()].findings) findings.push_back(to_json(finding));
  const std::size_t of_first = findings.size();
  for (std::size_t volume = 1; volume < plan.stacks.size(); ++volume) {
    for (Finding finding : stacks[plan.stacks[volume]].findings) {
      const auto end = findings.begin() + static_cast<std::ptrdiff_t>(of_first);
      if (std::find(findings.begin(), end, to_json(finding)) != end) continue;
      finding.detail.emplace_back("volume", static_cast<double>(volume));
      findings.push_back(to_json(finding));
    }
  }
  return findings;
}

Json rows_of(const Affine& affine) {
  Json rows = Json::array();
  for (const auto& row : affine.rows) rows.push_back(row);
  rows.push_back({0, 0, 0, 1});
  return rows;
}

/// [x, y, z], and t for a 4-D image.
Json shape_of(const CasePlan& plan, const Size3& size) {
  Json shape = {size.x, size.y, size.z};
  if (plan.sequence) shape.push_back(plan.stacks.size());
  return shape;
}

/// Along what the volumes of a 4-D image follow each other.
Json axis4_of(const dicom::StackSequence& sequence) {
  Json axis = {{"name", sequence.axis}, {"unit", sequence.unit}, {"values", sequence.values}};
  for (const auto& other : sequence.others) {
    axis["others"].push_back({{"name", other.axis}, {"unit", other.unit}, {"values", other.values}});
  }
  if (sequence.gradient_directions.empty()) return axis;
  Json directions = Json::array();
  for (const Vec3& d : sequence.gradient_directions)
    directions.push_back({d[0] == 0 ? 0 : -d[0], d[1] == 0 ? 0 : -d[1], d[2]});
  axis["gradient_directions_ras"] = std::move(directions);
  return axis;
}

}  // namespace

Json manifest_line(const CasePlan& plan, std::span<const dicom::Stack> stacks, const Written& written,
                   const std::string& device) {
  const dicom::Stack& stack = stacks[plan.stacks.front()];
  const Size3& size = written.grid.grid.size;
  Json steps = blanking_steps(plan);
  for (const Json& step : written.intensity.steps_before) steps.push_back(step);
  for (const Json& step : grid_steps(written.grid, plan.recipe)) steps.push_back(step);
  if (!written.crop.is_null()) steps.push_back(written.crop);
  for (const Json& step : written.intensity.steps_after) steps.push_back(step);
  Json line = {
      {"schema", "naru.manifest/1"},
      {"case", plan.case_id},
      {"patient", plan.patient},
      {"study", plan.study},
      {"series", plan.series},
      {"image", image_path(plan)},
      {"sha256", written.facts.sha256},
      {"size_bytes", written.facts.size_bytes},
      {"shape", shape_of(plan, size)},
      {"spacing_mm", written.grid.grid.spacing_mm()},
      {"affine_ras", rows_of(affine_ras(written.grid.grid.patient_from_voxel))},
      {"dtype", name(written.intensity.dtype)},
      {"units", stack.units.empty() || plan.recipe.normalize != Normalize::none ? Json(nullptr) : Json(stack.units)},
      {"modality", plan.modality},
      {"body_part", or_null(plan.body_part)},
      {"manufacturer", or_null(plan.manufacturer)},
      {"recipe", plan.recipe.name},
      {"recipe_sha256", plan.recipe_sha256},
      {"steps", std::move(steps)},
      {"statistics", statistics_json(written.statistics)},
      {"findings", findings_json(plan, stacks)},
      {"split", or_null(plan.split)},
      {"labels", Json::array()},
      {"device", device}};
  if (plan.sequence) line["axis4"] = axis4_of(*plan.sequence);
  return line;
}

}  // namespace naru
