/// record.json of a job, which stays with the hospital (DATA/reports/JOB): what has to be said there after the job
/// ended.
///
/// Nothing removes it; the law asks for three years. Where it cannot be changed now the server's log says so, and the
/// next start makes good what of the period is missing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace naru::server {

struct Services;
class Transaction;

/// When the data of the job were destroyed, and until when the law wants the record.
void note_destruction(const std::filesystem::path& data, const std::string& job_id, std::int64_t now_ms);

/// Every period that the grant was approved for, the one in force last: {period, decided, reviewer}, and `amendment`
/// where it came by one, `revoked` where the grant was, by whom `reviewer` says then. What an amendment of before this
/// was written down replaced is not known.
nlohmann::ordered_json period_history(Transaction& transaction, const std::string& grant_id);

/// Adds who was led back to the patients of the job, who approved it and why, to `reidentifications`.
/// @throws Error{input_missing} where the record is missing or is none; Error{disk_full, output_unwritable}
void note_reidentification(const std::filesystem::path& data, const std::string& job_id,
                           const nlohmann::ordered_json& act);

/// Puts the period in force, and the history, into the records of the grant's jobs. Does not throw.
void note_period(Services& services, const std::string& grant_id) noexcept;
/// At start: of all grants whose end was amended, or that were revoked.
void note_periods(Services& services);

}  // namespace naru::server
