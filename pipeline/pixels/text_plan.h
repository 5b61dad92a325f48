/// Text in the pixels of a de-identification: looked for in every file, decided series by series.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <span>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/deid_inputs.h"
#include "pipeline/deid_run.h"
#include "pipeline/deid_scan.h"
#include "pipeline/pixels/text_decision.h"

namespace naru {

struct TextPlan {
  bool was_looked = false;  ///< false where the recipe asks for nothing
  PixelOrders orders;
  nlohmann::ordered_json evidence = nlohmann::ordered_json::array();  ///< lines of pixels.jsonl, by input and frame
};

/// What a file in memory shows; may throw.
using LookForText = std::function<TextLook(dicom::Bytes file)>;

/// Looks at every used input and holds back the series that show what cannot be blanked with certainty, whole. Where
/// `look` throws, or says something that cannot be, the series is held as well.
/// @throws Error{canceled}
TextPlan plan_text(DeidScan& scan, TextHandling handling, const LookForText& look, std::uint64_t memory_limit_bytes,
                   Executor& executor, const CancelToken& cancel, const OnProgress& on_progress);

/// Looks once more, at what was made: true where it shows text beside what was blanked, or cannot be looked at.
bool shows_text(const dicom::DeidOutput& output, std::span<const dicom::PixelBox> boxes, const LookForText& look);

}  // namespace naru
