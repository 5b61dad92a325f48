/// Which voxels something marks that is drawn over a volume, on any grid in the patient: a Segmentation (binary or
/// fractional), a Label Map Segmentation (PS3.3 A.51, C.8.20) or an RT Dose (C.8.8.3), which ends at the skin as a
/// rule.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/code.h"
#include "dicom/instance.h"
#include "dicom/pixels.h"

namespace naru::dicom {

/// One file in memory, its frames located once.
class MarkedVoxels {
 public:
  /// @param file the whole file; must outlive this. @pre initialize() was called
  explicit MarkedVoxels(Bytes file);

  /// Why nobody can say what is marked: not_dicom, corrupt, truncated, too_large, no_pixels, missing_geometry,
  /// unsupported_transfer_syntax, unsupported_sop_class.
  std::optional<Code> problem() const { return problem_; }
  /// (0020,0052); empty where it cannot be read.
  const std::string& frame_of_reference_uid() const { return frame_of_reference_uid_; }

  // @pre !problem()
  const std::vector<Instance>& frames() const { return frames_; }  ///< where each frame lies, in their order

  /// Fills `marked`, columns fastest, with 1 where the frame's value is not 0, else 0. @return why it cannot be read
  std::optional<Code> read(std::size_t frame, std::vector<std::uint8_t>& marked) const;

 private:
  std::optional<Code> open(Bytes file);

  std::vector<std::byte> inflated_;  ///< the data set of a deflated file
  Bytes stored_;                     ///< all frames, of values of 1 or 32 bits
  std::optional<FrameReader> reader_;
  PixelFormat format_;
  std::string frame_of_reference_uid_;
  std::vector<Instance> frames_;
  std::optional<Code> problem_;
};

}  // namespace naru::dicom
