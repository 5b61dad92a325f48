/// What people decided about held series and about the text found in them: decisions.jsonl of a report.
///
/// One JSON object a line, schema naru.decision/1, only ever appended to. Each line holds a SHA-256 over itself and
/// names that of the line before it, so a line that was changed, moved or taken out of the middle shows. It stays with
/// the hospital.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace naru {

enum class Ruling {
  redact,   ///< it is blanked, though the program was not sure
  keep,     ///< it identifies nobody: it stays as it is
  exclude,  ///< the series stays out for good
};

/// The word of --decide, and back. @throws Error{usage}
std::string_view name(Ruling ruling);
Ruling ruling_from_name(std::string_view word);

struct Decision {
  std::string time;  ///< UTC, YYYY-MM-DDThh:mm:ssZ
  std::string by, why;
  std::string id;  ///< of a region, or of a held series or case
  Ruling ruling = Ruling::exclude;
  std::string reason;             ///< the code for which the series or case was held
  std::string files_sha256;       ///< of a series or case: what it held, see HeldEntry; else empty
  nlohmann::ordered_json region;  ///< of a region: its line of pixels.jsonl; else null
  bool blanks_all = false;        ///< redact of a whole that was held for more than its regions: it releases that
};

struct Decisions {
  std::vector<Decision> all;        ///< in order: of two on one id the later one counts
  std::vector<std::string> sha256;  ///< that each line holds
  std::string text;                 ///< the file as it stands

  /// That of the last line; empty where nothing was decided.
  std::string head() const { return sha256.empty() ? "" : sha256.back(); }
};

/// The decisions in a report; none where it, or its decisions.jsonl, does not exist.
/// @throws Error{dataset_invalid} where the file cannot be read, a line is no decision, or the chain is broken
Decisions read_decisions(const std::filesystem::path& report);

/// Appends to decisions.jsonl and returns once the disk has it: all of `decisions`, or nothing. Waits for no one.
/// @param seen what the caller knows to be there
/// @throws Error{output_busy} where a run or another reviewer is at work on the report, or was since `seen` was read
/// @throws Error{dataset_invalid, output_unwritable, disk_full}
void append_decisions(const std::filesystem::path& report, const Decisions& seen, std::span<const Decision> decisions);

nlohmann::ordered_json to_json(const Decision& decision);

/// What the record of a job says of them: each act of deciding once, and the last line's checksum.
nlohmann::ordered_json review_json(const Decisions& decisions);

}  // namespace naru
