/// What a grant covers, to the file. Instances only ever come to a study (destroying it takes them all), so what was
/// there when the grant was proposed is the first `instance_count` by `instances.number`; the hash shows that they are
/// still the same. Whatever comes later needs an amendment.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class Transaction;

struct StudyCohort {
  std::string study_id;
  std::int64_t instance_count = 0;
  /// Of the SHA-256s of its instances in hexadecimal, sorted, a line each. Empty: of a grant from before cohorts were
  /// bound.
  std::string instances_sha256;
  bool operator==(const StudyCohort&) const = default;
};

/// The study with the first `instance_count` of its instances as they are.
StudyCohort cohort_of_study(Transaction& transaction, const std::string& study_id, std::int64_t instance_count);

/// With all instances that it has. @throws Error{not_found} no such study of the organisation; Error{gone} it was
/// destroyed; Error{conflict} it is open, so that more may come
StudyCohort cohort_now(Transaction& transaction, const std::string& organisation_id, const std::string& study_id);

/// By study.
std::vector<StudyCohort> cohort_of_grant(Transaction& transaction, const std::string& grant_id);
std::vector<StudyCohort> cohort_of_amendment(Transaction& transaction, const std::string& amendment_id);

/// Of lines "STUDY COUNT SHA256", by study: one number for all that a grant covers.
std::string cohort_sha256(std::span<const StudyCohort> cohort);
std::int64_t instance_count(std::span<const StudyCohort> cohort);

/// How many instances the grant's studies have that came after those that it covers.
std::int64_t later_count(Transaction& transaction, const std::string& grant_id);

/// What a job works on.
struct JobInputs {
  std::vector<std::string> sha256;  ///< of its files, each once, in an order that does not change
  std::int64_t left_out_count = 0;  ///< instances that came to its studies after those that its grant covers
};

/// @param grant_id "": all files of the job's studies
/// @throws Error{gone} where a study was destroyed since the job was handed in; Error{input_empty};
/// Error{conflict} where those that the grant covers are no longer there as they were
JobInputs inputs_of_job(Transaction& transaction, const std::string& job_id, const std::string& grant_id);

}  // namespace naru::server
