/// What is drawn over a volume, beside the face that was taken out of it.
#pragma once

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "dicom/element_walk.h"
#include "pipeline/pixels/stack_face.h"

namespace naru {

/// Volumes by their frame of reference: what was cut out of them, and frames of which one is in doubt.
struct CutFrames {
  std::map<std::string_view, std::vector<const FaceRemoval*>> cuts;
  std::set<std::string_view> in_doubt;
};

/// What holds of a drawing where no volume of its frame was cut, nor is in doubt.
struct DrawnStudy {
  bool is_faceless = false;  ///< volumes of it were looked at, and show no face
  bool is_flat = false;      ///< of it there are pictures, and no volumes: slides, radiographs
};

/// True where a Segmentation or dose marks a voxel whose centre lies in a cell that was cut out of a volume of its
/// frame of reference: there it would draw what was taken away, by its edge or the skin's. Also where nobody can say:
/// it, or a frame of it, cannot be read, or a volume of its frame is in doubt; and where nothing of its frame was cut,
/// but for faceless studies, and flat ones of which it has no place in the patient either.
/// @param file the whole file
bool may_draw_face(dicom::Bytes file, const CutFrames& frames, DrawnStudy study);

}  // namespace naru
