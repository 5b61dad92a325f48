/// How much one client address may ask for.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace naru::server {

/// Counts connections and requests of each address. Safe to call from several threads.
///
/// Requests: a bucket that holds one second's worth twice over and fills with `requests_per_second`. An IPv6 client is
/// its /64, which is what one customer gets. The table is bounded: addresses without connections and with a full bucket
/// are forgotten, and when `max_addresses` are known the rest share one bucket.
class ClientLimits {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Options {
    int requests_per_second = 0, max_connections = 0;  ///< 0: no limit
    bool loopback_is_limited = false;
    std::size_t max_addresses = 65536;
  };
  explicit ClientLimits(Options options) : options_(options) {}

  /// The ticket that `close` takes; none: too many connections.
  std::optional<std::string> open(const std::string& address, Time now);
  void close(const std::string& ticket);
  bool take_request(const std::string& address, Time now);  ///< false: too many requests

 private:
  struct Client {
    int connections = 0;
    double requests_left = 0;
    Time filled;
  };
  bool is_exempt(std::string_view address) const;
  std::string key(const std::string& address, Time now);
  Client& client(const std::string& key, Time now);
  void fill(Client& client, Time now) const;
  void forget_idle(Time now);

  const Options options_;
  std::mutex mutex_;
  std::unordered_map<std::string, Client> clients_;
  Time swept_;
};

}  // namespace naru::server
