/// Downloads under way: each is a row from its first byte on, stops when its grant ends, and is charged to the quota.
///
/// Begins and ends of downloads that come at the same time share a transaction.
///
/// The whole range is charged when a download begins, and what was not sent is given back at its end. A server that
/// dies in between gives nothing back, and counts all as sent: nobody knows how much was, the quota is never exceeded,
/// and a grant's used bytes are those of its deliveries.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/delivery/access.h"
#include "server/http/message.h"
#include "server/store/shared_writes.h"

namespace naru::server {

struct Services;

class Transfers {
 public:
  Transfers();
  ~Transfers();

  /// Records and charges a download of bytes [first, first + size) of an object, durable on return.
  /// @throws Error{quota_exceeded, grant_ended, gone}; Error{store_unavailable}
  std::shared_ptr<Transfer> begin(Services& services, const DatasetAccess& access, const std::string& object_id,
                                  std::uint64_t first, std::uint64_t size_bytes);

  void stop_grant(const std::string& grant_id);
  void stop_dataset(const std::string& dataset_id);

  /// Stops what may no longer go on (end dates, tokens and sessions that ended, accounts that were disabled or lost
  /// their role, what was revoked or destroyed while it began), and records the ends that the database did not take
  /// before. Called every second.
  void sweep(Services& services);

  /// At start: downloads that a server left open are ended as `interrupted`.
  static void close_interrupted(Services& services);

  std::size_t active_count() const;
  std::uint64_t sent_bytes() const { return sent_bytes_.load(std::memory_order_relaxed); }

  struct Ended;  ///< what is to be recorded of one

 private:
  struct Parties;
  struct ByContent {
    bool operator()(const std::shared_ptr<const Parties>& a, const std::shared_ptr<const Parties>& b) const;
  };
  class Download;
  void ended(Services& services, const Ended& end);

  SharedWrites writes_;
  mutable std::mutex mutex_;  ///< of the rest
  std::unordered_map<const Download*, std::weak_ptr<Download>> active_;
  std::set<std::shared_ptr<const Parties>, ByContent> parties_;  ///< `sweep` drops those of no download
  std::vector<Ended> unrecorded_;
  std::atomic<std::uint64_t> sent_bytes_{0};
};

}  // namespace naru::server
