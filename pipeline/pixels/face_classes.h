/// What an object may show of a face where it is no slice that can be looked at.
#pragma once

#include <string_view>

namespace naru {

enum class FaceClass {
  other,    ///< nothing
  volume,   ///< of CT, MR or PET, or computed from one, whatever its Modality says
  picture,  ///< a face, or a volume of a kind that nobody looks at
  outline,  ///< lines and surfaces drawn over a volume, of the skin as a rule: they show the face that it shows
  drawing,  ///< voxels drawn over a volume: of a tumour or an organ, or up to the skin
};

/// By the SOP class (PS3.4 B.5).
FaceClass face_class(std::string_view sop_class_uid);

}  // namespace naru
