/// pixels.jsonl: where text was found, how sure that is, what was done. No pixels, no text.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "pipeline/pixels/text_decision.h"
#include "pipeline/scan.h"

namespace naru {

/// One line. @param place which picture of the file: "frame" or "slice". @param is_held the series or case as a whole
nlohmann::ordered_json text_evidence(const InputRecord& input, const nlohmann::ordered_json& place,
                                     const FoundText& found, TextVerdict verdict, bool is_held);

/// Writes lines of evidence, pixels.jsonl or faces.jsonl. @throws Error{disk_full, output_unwritable}
void write_evidence(const std::filesystem::path& file, const nlohmann::ordered_json& lines);

}  // namespace naru
