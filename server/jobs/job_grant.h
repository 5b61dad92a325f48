/// What a grant lets a job do, and under which key. Asked when a job is handed in, when it begins and when its dataset
/// is published: a grant that was revoked in between delivers nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pipeline/job_record.h"
#include "server/jobs/job_row.h"

namespace naru::server {

class KeyStore;
class Transaction;
struct JobInputs;

/// The purpose under which KeyStore seals the 32 bytes of a grant's key in grants.key_sealed.
inline constexpr std::string_view kGrantKeyPurpose = "grant-key";

/// @throws Error{not_found} no such grant of the job's organisation; {grant_ended} it is not active, or its end has
/// passed; {forbidden} a study outside its cohort, another kind or another recipe
void check_grant(Transaction& transaction, const JobRow& job, std::span<const std::string> study_ids,
                 std::int64_t now_ms);

/// Asked when a job is handed in alone: a dataset that was made meanwhile waits, for nobody who is disabled gets it.
/// @throws Error{conflict} the recipient of the job's grant is disabled
void check_recipient(Transaction& transaction, const JobRow& job);

/// The recipe that a job under the grant is made by where it names none; empty also where there is no such grant.
std::string recipe_of_grant(Transaction& transaction, const std::string& grant_id, const std::string& organisation_id);

/// The key for the job's pseudonyms, as 64 hexadecimal digits: the grant's own, else the organisation's; empty where
/// that has none. @throws Error{key_invalid}
std::optional<std::string> kept_job_key(Transaction& transaction, const KeyStore& keys, const JobRow& job);
/// The same; the organisation's is made on first use.
std::string job_key(Transaction& transaction, const KeyStore& keys, const JobRow& job, std::int64_t now_ms);

/// "2026-01-31 to 2026-12-31", both days in UTC.
std::string period_text(std::int64_t approved_ms, std::int64_t expires_ms);

/// What the law asks to be kept of the job, as far as the grant knows it.
JobRecord job_record_of(Transaction& transaction, const JobRow& job);

/// For the record: how many instances, and how many came too late for the grant, with what to do about it.
std::string cohort_text(const JobInputs& inputs);

}  // namespace naru::server
