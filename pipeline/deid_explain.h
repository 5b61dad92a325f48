/// What a recipe does to each attribute, without doing it: `naru deidentify --explain`.
#pragma once

#include <cstdint>
#include <istream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "dicom/deidentify/deidentify.h"
#include "kernels/executor.h"
#include "pipeline/recipe.h"
#include "pipeline/report.h"

namespace naru {

/// What a run over some inputs would come to.
struct DeidPreview {
  InputCounts inputs;         ///< what would become of them
  std::size_t instances = 0;  ///< that would be delivered
  dicom::DeidCounts counts;   ///< of their elements
  bool has_rejects() const { return inputs.has_rejects; }
};

/// Runs the engine over the inputs under a key that nobody keeps, and writes nothing.
/// @throws as deidentify does before it writes
DeidPreview preview_deid(std::span<const std::string> inputs, const Recipe& recipe, std::uint64_t memory_limit_bytes,
                         Executor& executor, std::istream& standard_input, const CancelToken& cancel,
                         const OnProgress& on_progress);

/// One row of the table: a rule, or, of a preview, an attribute that no row of the standard's table names.
struct ExplainedRow {
  std::string tag, name, action, cause;
  std::map<std::string, std::size_t> found;  ///< of the preview: how many elements, by what is done to them
};
std::vector<ExplainedRow> explain_rows(const Recipe& recipe, const DeidPreview* preview);

/// The document `naru.explain/1`. @param preview may be null
nlohmann::ordered_json explain_json(const Recipe& recipe, const DeidPreview* preview);

}  // namespace naru
