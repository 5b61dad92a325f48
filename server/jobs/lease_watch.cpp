#include "server/jobs/lease_watch.h"

#include <utility>

namespace naru::server {

std::vector<SeenLease> LeaseWatch::dead(std::span<const SeenLease> leases, Time now) {
  std::map<std::string, Since> still_there;
  std::vector<SeenLease> dead;
  for (const SeenLease& lease : leases) {
    const auto before = seen_.find(lease.job_id);
    const bool is_unchanged = before != seen_.end() && before->second.lease == lease;
    const Time since = is_unchanged ? before->second.first_seen : now;
    still_there[lease.job_id] = {lease, since};
    if (now - since >= patience_) dead.push_back(lease);
  }
  seen_ = std::move(still_there);
  return dead;
}

}  // namespace naru::server
