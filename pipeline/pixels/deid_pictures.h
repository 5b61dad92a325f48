/// Pictures of the text that a de-identification found.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/pixels/text_pictures.h"
#include "pipeline/pixels/text_plan.h"

namespace naru {

/// Reads the files that show text once more and draws them into `report`; the lines of `texts` then name their
/// pictures. An input that cannot be read again is held back. @throws Error{canceled, disk_full, output_unwritable}
void draw_texts(DeidScan& scan, TextPlan& texts, const std::filesystem::path& report, std::uint64_t memory_limit_bytes,
                Executor& executor, const CancelToken& cancel, const OnProgress& on_progress);

/// Draws frames of one file in memory. @param first_rank that of its first frame
void draw_file(dicom::Bytes file, const std::map<std::int64_t, FrameToDraw>& frames, std::size_t first_rank,
               TextPictures& pictures);

}  // namespace naru
