#include "pipeline/pixels/face_drawing.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "dicom/marked_voxels.h"

namespace naru {

namespace {

/// Beside the volume, and in front of it, what holds at its edge.
bool is_cut_at(const FaceRemoval& removal, const Vec3& p_in_patient) {
  const auto [x, y, z] = removal.grid.cell_at(p_in_patient);
  const Size3& size = removal.grid.size;
  if (z < 0 || z >= size.z) return false;
  return removal.cells.at(std::clamp<std::int64_t>(x, 0, size.x - 1), std::clamp<std::int64_t>(y, 0, size.y - 1), z);
}

bool reaches_into(std::span<const FaceRemoval* const> cuts, const dicom::MarkedVoxels& drawing) {
  std::vector<std::uint8_t> marked;
  for (std::size_t n = 0; n < drawing.frames().size(); ++n) {
    if (drawing.read(n, marked)) return true;
    const dicom::Instance& plane = drawing.frames()[n];
    const Vec3 step_i = plane.spacing_i_mm * plane.row_direction, step_j = plane.spacing_j_mm * plane.column_direction;
    for (auto at = marked.begin(); (at = std::find(at, marked.end(), 1)) != marked.end(); ++at) {
      const std::int64_t voxel = at - marked.begin();
      const Vec3 center = plane.position_mm + static_cast<double>(voxel % plane.columns) * step_i +
                          static_cast<double>(voxel / plane.columns) * step_j;
      if (std::ranges::any_of(cuts, [&](const FaceRemoval* cut) { return is_cut_at(*cut, center); })) return true;
    }
  }
  return false;
}

}  // namespace

bool may_draw_face(dicom::Bytes file, const CutFrames& frames, DrawnStudy study) {
  try {
    const dicom::MarkedVoxels drawing(file);
    const std::string& frame = drawing.frame_of_reference_uid();
    if (frames.in_doubt.contains(frame)) return true;
    const auto cuts = frames.cuts.find(frame);
    const bool is_of_pictures = study.is_flat && drawing.problem() == Code::missing_geometry;
    if (cuts == frames.cuts.end()) return !study.is_faceless && !is_of_pictures;
    return drawing.problem() || reaches_into(cuts->second, drawing);
  } catch (const std::exception&) {
    return true;  // out of memory, or a defect
  }
}

}  // namespace naru
