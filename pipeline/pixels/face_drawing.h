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

/// True where a Segmentation or dose marks a voxel whose centre lies in a cell that was cut out of a volume of its
/// frame of reference: there it would draw what was taken away, by its edge or the skin's. Also where nobody can say:
/// it, or a frame of it, cannot be read, or a volume of its frame is in doubt.
/// @param file the whole file
/// @param is_faceless what holds where no volume of its frame was cut, nor is in doubt: its study shows no face
bool may_draw_face(dicom::Bytes file, const CutFrames& frames, bool is_faceless);

}  // namespace naru
