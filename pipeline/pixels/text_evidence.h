/// pixels.jsonl: where text was found, how sure that is, what was done. No pixels, no text.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "pipeline/pixels/text_decision.h"
#include "pipeline/scan.h"

namespace naru {

/// One line. @param input with its checksum
/// @param part_of the series or case: the id by which people decide about it
/// @param place which picture of the file: {"frame": n}, or {"slice": k} and, of a 4-D case, "volume"
/// @param is_held the series or case as a whole
nlohmann::ordered_json text_evidence(const InputRecord& input, std::string_view part_of,
                                     const nlohmann::ordered_json& place, const JudgedText& text, bool is_held);

/// The line of a piece of text that only a second look had found, once people decided about it.
/// @param columns, rows of the picture
nlohmann::ordered_json text_evidence(const Decision& decision, bool is_held, std::int64_t columns, std::int64_t rows);

/// Says in a line that its file was not made after all.
void mark_held(nlohmann::ordered_json& line);

/// True for the line of a piece of text about which somebody has to decide.
bool waits_for_decision(const nlohmann::ordered_json& line);

/// True where `region` was found in this very file. @param input with its checksum
bool is_of(const nlohmann::ordered_json& region, const InputRecord& input);

/// Its place and box, as a decision's line holds them. @pre `region` is a line that text_evidence made
dicom::PixelBox box_of(const nlohmann::ordered_json& region);

/// Writes lines of evidence, pixels.jsonl or faces.jsonl. @throws Error{disk_full, output_unwritable}
void write_evidence(const std::filesystem::path& file, const nlohmann::ordered_json& lines);

}  // namespace naru
