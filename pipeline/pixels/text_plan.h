/// Text in the pixels of a de-identification: looked for in every file, decided series by series.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/deid_inputs.h"
#include "pipeline/deid_run.h"
#include "pipeline/deid_scan.h"
#include "pipeline/pixels/known_looks.h"
#include "pipeline/pixels/text_decision.h"
#include "pipeline/pixels/text_reader.h"
#include "pipeline/review/held.h"
#include "pipeline/review/rulings.h"

namespace naru {

struct TextPlan {
  bool was_looked = false;  ///< false where the recipe asks for nothing
  PixelOrders orders;
  PixelOrders regions;           ///< what rules for devices blank besides
  PixelOrders kept;              ///< where text may stay, since a person said so
  std::set<std::size_t> released;  ///< inputs that may leave in spite of their kind: people had blanked what was found
  std::vector<HeldEntry> queue;  ///< the series that are held, and those about which people decided
  nlohmann::ordered_json evidence = nlohmann::ordered_json::array();  ///< lines of pixels.jsonl, by input and frame
  std::vector<std::size_t> evidence_inputs;                           ///< of each line
  std::set<std::string> can_redact;                                   ///< ids of series, see HeldEntry
};

/// What a file in memory shows; may throw.
using LookForText = std::function<TextLook(dicom::Bytes file)>;

/// Looks at every used input and holds back the series that show what cannot be blanked with certainty and nobody
/// decided about, whole. Where `look` throws, or says something that cannot be, the series is held as well.
/// @param known what was looked at before is not looked at again; null where nothing is known
/// @throws Error{canceled}
TextPlan plan_text(DeidScan& scan, TextHandling handling, const LookForText& look, std::uint64_t memory_limit_bytes,
                   Executor& executor, const CancelToken& cancel, const OnProgress& on_progress,
                   KnownLooks* known = nullptr, const Rulings& rulings = {});

/// What is still seen in something that was made.
struct SecondLook {
  bool is_clean = false;
  std::vector<JudgedText> texts;  ///< what it shows; none where it cannot be looked at
};

/// Looks once more, at what was made, and reads around what was blanked.
/// @param blanked boxes, of single frames or of all
/// @param kept where text may stay
/// @param words of the patient; none of them may be readable
SecondLook look_again(const dicom::DeidOutput& output, std::span<const dicom::PixelBox> blanked,
                      std::span<const dicom::PixelBox> kept, const dicom::SeenWords& words, const LookForText& look,
                      const TextReader& reader = TextReader::built_in());

}  // namespace naru
