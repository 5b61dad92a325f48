/// What the ledger says of grants, their amendments, datasets, downloads, studies, users and organisations, against
/// their rows: a row that somebody changed by hand is found.
///
/// Compared is what the leaves say. Those of earlier versions say less, so less is compared.
#pragma once

#include <vector>

#include "server/fsck.h"

namespace naru::server {

/// Codes "grant_unlike_ledger", ..., with the row's id and, in `what`, the field: "row" where it is missing, or the
/// ledger knows nothing of it. "study_unlike_grant": the files that a grant covers are no longer as they were.
/// Reads every leaf. The server must not run.
std::vector<FsckProblem> differences_from_ledger(Services& services);

}  // namespace naru::server
