/// Tells whose worker is gone, without trusting any clock but this process's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace naru::server {

/// A lease as it stands in the database.
struct SeenLease {
  std::string job_id;
  std::int64_t fence = 0, until_ms = 0;
  bool operator==(const SeenLease&) const = default;
};

/// A lease is dead where it was seen unchanged for `patience` of monotonic time. A living worker changes its lease with
/// every heartbeat, several times in that while. What the wall clock says, or whether it jumped, decides nothing: after
/// a jump forward no lease looks expired, after a jump back no dead one looks valid for hours.
class LeaseWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit LeaseWatch(std::chrono::milliseconds patience) : patience_(patience) {}

  /// @param leases all that others hold now
  std::vector<SeenLease> dead(std::span<const SeenLease> leases, Time now);

 private:
  struct Since {
    SeenLease lease;
    Time first_seen;
  };
  std::chrono::milliseconds patience_;
  std::map<std::string, Since> seen_;  ///< by job
};

}  // namespace naru::server
