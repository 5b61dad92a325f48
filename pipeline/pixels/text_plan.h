/// Text in the pixels of a de-identification: looked for in every file, decided series by series.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/deid_inputs.h"
#include "pipeline/deid_run.h"
#include "pipeline/deid_scan.h"
#include "pipeline/pixels/text_decision.h"

namespace naru {

/// One line of pixels.jsonl.
struct TextEvidence {
  std::size_t input = 0;  ///< index into the scan
  std::int64_t frame = 0;
  FoundText found;
  TextVerdict verdict = TextVerdict::uncertain;
};

struct TextPlan {
  bool was_looked = false;  ///< false where the recipe asks for nothing
  PixelOrders orders;
  std::vector<TextEvidence> evidence;  ///< by input and frame
};

/// What a file in memory shows; may throw.
using LookForText = std::function<TextLook(dicom::Bytes file)>;

/// Looks at every used input and holds back the series that show what cannot be blanked with certainty, whole. Where
/// `look` throws, or says something that cannot be, the series is held as well.
/// @throws Error{canceled}
TextPlan plan_text(DeidScan& scan, TextHandling handling, const LookForText& look, std::uint64_t memory_limit_bytes,
                   Executor& executor, const CancelToken& cancel, const OnProgress& on_progress);

/// Looks once more, at what was made: true where it shows text, or cannot be looked at.
bool shows_text(const dicom::DeidOutput& output, const LookForText& look);

/// Writes pixels.jsonl: where text was found, how sure that is, what was done. No pixels, no
/// text. @throws Error{disk_full, output_unwritable}
void write_text_evidence(const std::filesystem::path& folder, const DeidScan& scan, const TextPlan& plan,
                         std::string_view weights_sha256);

}  // namespace naru
