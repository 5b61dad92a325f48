/// The way back from a delivered dataset to its patients, by the link table in the report of a job.
///
/// Two persons of the job's hospital must want it, each by a token of their own: a steward who asks and a reviewer, who
/// is somebody else, who approves. What was done stands in the ledger ("job.reidentified", or
/// "job.reidentification_failed" where it could not be done), which is signed and exported at once, and, with the
/// reason and the pseudonyms, in the record of the job. Nobody is told anything that does not stand there. Both tokens
/// end with it, whether it could be done or not: they are for one act.
#pragma once

#include <string>
#include <vector>

#include "pipeline/reidentify.h"

namespace naru::server {

struct Services;

struct JobReidentification {
  std::string job_id;
  std::string steward_token, reviewer_token;  ///< with the scope `review`
  std::string reason;                         ///< why; stays in the job's record
  std::vector<std::string> pseudonyms;        ///< as ReidentifyOptions
};

/// @throws Error{unauthenticated, forbidden} for the tokens, which then go on; Error{not_found} no job of their
/// hospital; Error{input_missing} it has no link table, or no record; else as the functions of pipeline/reidentify.h,
/// but that writes no log of keys; Error{disk_full, output_unwritable, store_unavailable} where it could not be written
/// down
Reidentified reidentify_job(Services& services, const JobReidentification& asked);

}  // namespace naru::server
