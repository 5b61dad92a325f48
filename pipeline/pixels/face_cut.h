/// The face of a head, and the cut that takes it away: a pure function of the head's outline, pose and values.
///
/// All lies in the patient's axes. The first estimate is the profile of the middle of the head seen from the front: the
/// tip of the nose is where it stands out most against the cheeks, the nasion where it begins to. The second is the
/// pose of the average head. Both give a cut: all that lies in front of a surface that slopes from the brow to the
/// chin, brain left out. They must agree.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "pipeline/pixels/head_pose.h"
#include "pipeline/pixels/head_shape.h"

namespace naru {

/// Why a head is not cut but left to a person. As written to faces.jsonl.
enum class FaceDoubt {
  unknown_shape,  ///< neither a head that can be judged nor surely something else
  turned,         ///< turned by more than 20 degrees, or tilted by more than 35
  cropped,        ///< the scan ends within the face
  no_face,        ///< a head without a nose: the face was removed before, or never scanned
  no_brain,       ///< the brain cannot be told from what lies around it, so nothing guards it
  disagreement,   ///< the two estimates do not agree
  too_little,     ///< less than 90 % of the face would move by 5 mm or more
  not_cut,        ///< the face still stands where it was taken away
  kind,           ///< neither CT nor MR: no rule for it
  too_large,      ///< more memory than may be used
};
std::string_view name(FaceDoubt doubt);

/// What was measured; millimetres and degrees.
struct FaceNumbers {
  double overlap = 0, scale = 0, pitch = 0, yaw = 0, roll = 0;  ///< of the average head, see HeadPose
  Vec3 nose_mm{}, nasion_mm{}, second_nasion_mm{};              ///< patient frame
  double nose_prominence_mm = 0;
  double agreement = 0;    ///< Dice coefficient of what both cuts take of the head
  double moved_share = 0;  ///< of the face window that moves back by 5 mm or more
  double guard_ml = 0, removed_ml = 0;
  /// Depth of the skin along the middle of the head, mm behind the tip of the nose, by height; first above the brow.
  std::vector<double> profile_before_mm, profile_after_mm;
};

struct FaceCut {
  std::optional<FaceDoubt> doubt;
  FaceNumbers numbers;
  Mask guard;    ///< brain; nothing of it is cut
  Mask removed;  ///< cells to be filled with air; empty where there is a doubt
};

/// True where the outline is that of a head: the average head lies over it. Else it may be anything.
bool is_head(const HeadPose& pose);

/// @param values of shape.grid, HU where `is_ct`
FaceCut cut_face(const HeadShape& shape, const HeadPose& pose, std::span<const float> values, bool is_ct,
                 Executor& executor);

/// Of the face window, the share in which the skin lies 5 mm or more behind where it was. @param after of the same grid
double moved_share(const HeadShape& before, const Mask& after, const FaceNumbers& numbers);

}  // namespace naru
