/// Reads what stands in pictures (Tesseract), to look for words that are known. It never decides where text is.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/volume.h"
#include "dicom/deidentify/policy.h"
#include "dicom/deidentify/seen_words.h"
#include "dicom/instance.h"
#include "kernels/text_regions.h"
#include "pipeline/png.h"

namespace naru {

class TextReader {
 public:
  /// The one of this process, made when it is first asked for. It reads English and Korean, as far as they are
  /// installed; where neither is, the log says so once.
  static const TextReader& built_in();
  ~TextReader();

  /// False where no language is installed: then nothing is read.
  bool is_ready() const { return !name_.empty(); }
  const std::string& name() const { return name_; }  ///< e.g. "tesseract 5.3.0 eng+kor"

  /// Reads twice: as scattered words and as one block of lines, since each finds what the other does not.
  /// @param picture bright letters on dark. @return UTF-8. Thread-safe. @pre is_ready()
  /// @throws Error{internal} where the reader fails
  std::string read(const GreyPicture& picture) const;

 private:
  struct Engines;
  TextReader();
  std::unique_ptr<Engines> engines_;
  std::string name_;
};

/// Reads around what was blanked in one frame: two lines above and below a box, a dozen letters along it.
/// @param around boxes of this frame
/// @param covered whatever does not count: all that is blanked in this frame, and where a person let text stand
/// @return a place in which one of `words` can be read, if there is one
std::optional<TextRegion> find_words_beside(VolumeView<const float> frame, const dicom::ShownValues& shown,
                                            std::span<const dicom::PixelBox> around,
                                            std::span<const dicom::PixelBox> covered, const dicom::SeenWords& words,
                                            const TextReader& reader);

/// The boxes of a file that hold in one frame; those of faces are left out.
std::vector<dicom::PixelBox> boxes_in_frame(std::span<const dicom::PixelBox> boxes, std::int64_t frame);

/// The boxes around which a frame is read. One that stands in all frames, with those of single frames within it, is
/// read in the first, the middle and the last. @param boxes of the file. @param frame_count of the file
std::vector<dicom::PixelBox> boxes_to_read(std::span<const dicom::PixelBox> boxes, std::int64_t frame,
                                           std::int64_t frame_count);

}  // namespace naru
