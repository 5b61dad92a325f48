#include "dicom/deidentify/rle_rest.h"

namespace naru::dicom {

bool erase_rle_rest(TextEraser& eraser, const RleShape& shape) {
  const Bytes frame = eraser.bytes();
  const auto places = rle_places(frame, shape.segments);
  if (!places || shape.segments == 0) return false;
  std::size_t last_end = kRleHeaderBytes;
  for (std::size_t n = 0; n < shape.segments; ++n) {
    const std::size_t begin = (*places)[n], end = (*places)[n + 1];
    if (begin < last_end) return false;
    eraser.zero_tail(last_end, begin);
    const RleRuns runs = rle_runs(frame, begin, end, shape.segment_bytes);
    if (runs.given < shape.segment_bytes || runs.end > end) return false;
    // Literal bytes of the last run that are more are not of the picture.
    const std::size_t beyond = runs.ends_in_literals ? runs.given - shape.segment_bytes : 0;
    if (beyond > 0) eraser.zero(runs.end - beyond, beyond);
    last_end = runs.end;
  }
  eraser.zero_tail(last_end, frame.size());
  const std::size_t unused = 4 * (shape.segments + 1);
  eraser.zero(unused, kRleHeaderBytes - unused);
  return true;
}

}  // namespace naru::dicom
