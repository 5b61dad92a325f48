/// What the law asks to be kept of a job (Personal Information Protection Act 28-4 and its guidelines), as far as only
/// people know it.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace naru {

/// Every member is one key of the TOML, and a string there.
struct JobRecord {
  std::optional<std::string> purpose, recipient, decision_number, period, cohort, reviewer;
  std::optional<std::string> destruction_date;  ///< YYYY-MM-DD, a day of the calendar
};

/// @param origin names it in messages
/// @throws Error{usage} "record ORIGIN:LINE:COLUMN: ..." for a syntax error, an unknown key, a value that is no text of
/// 1 to 1000 bytes, or a date that is none
JobRecord parse_job_record(std::string_view toml, std::string_view origin);

/// @throws Error{usage} where `file` cannot be read, or as parse_job_record
JobRecord load_job_record(const std::filesystem::path& file);

/// From what to_json gave. @throws Error{usage} as parse_job_record, without a place
JobRecord job_record_from(const nlohmann::ordered_json& json);

/// All keys, null where nothing is known.
nlohmann::ordered_json to_json(const JobRecord& record);

}  // namespace naru
