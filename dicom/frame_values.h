/// The frames of any image as numbers to look at: what finds text in pictures reads these.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/code.h"
#include "dicom/instance.h"
#include "dicom/pixels.h"

namespace naru::dicom {

/// One file in memory, opened once.
///
/// A grey frame is one plane of stored values, turned over where MONOCHROME1, or a negative rescale, makes
/// large values black (window and padding with them). A colour frame is three planes from 0 to 255: luminance 0.299 R +
/// 0.587 G + 0.114 B, the largest and the smallest of the three. Shapes: column fastest, then row, then plane. Source:
/// PS3.3 C.7.6.3.1.2, C.11.2.
class FrameValues {
 public:
  /// @param file the whole file; must outlive this
  explicit FrameValues(Bytes file);

  /// Why there is nothing to look at: no_pixels of an object without a picture, text_suspected of a picture of floats,
  /// else what cannot be read.
  std::optional<Code> problem() const { return problem_; }
  const std::string& sop_class_uid() const { return header_.sop_class_uid; }

  // @pre !problem()
  const PixelFormat& format() const { return *header_.pixels; }
  std::int64_t plane_count() const { return is_colour_ ? 3 : 1; }
  /// As the values that `read` gives of the frame are; nothing of a colour image.
  ShownValues shown(std::int64_t frame = 0) const;

  /// What `values` may not show of a colour frame, each as three planes from 0 to 255: red, green and blue, each over
  /// its own range, for colours are as bright as others; a palette's indices, for several may have one colour. Nothing
  /// of a frame that is all grey.
  using Views = std::vector<std::vector<float>>;

  /// Fills `values` with one frame, and its `views` where asked. @return why it could not be read
  std::optional<Code> read(std::int64_t frame, std::vector<float>& values, Views* views = nullptr) const;

 private:
  std::optional<Code> read_grey(std::int64_t frame, std::vector<float>& values) const;
  std::optional<Code> read_colours(std::int64_t frame, std::vector<float>& values, Views* views) const;
  std::optional<Code> add_views(std::int64_t frame, std::span<const std::uint8_t> rgb, Views& views) const;

  HeaderResult header_;
  std::vector<ShownValues> shown_;  ///< by frame, or of all
  std::optional<Code> problem_;
  std::optional<FrameReader> frames_;
  bool is_colour_ = false, is_inverted_ = false;
};

}  // namespace naru::dicom
