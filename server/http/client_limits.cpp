#include "server/http/client_limits.h"

#include <algorithm>

#include "server/client_address.h"

namespace naru::server {

namespace {
constexpr double kBurstSeconds = 2;
constexpr std::chrono::seconds kTimeBetweenSweeps{1};
const std::string kOthers = "others";
}  // namespace

bool ClientLimits::is_exempt(std::string_view address) const {
  return !options_.loopback_is_limited && is_loopback(address);
}

void ClientLimits::fill(Client& client, Time now) const {
  const double seconds = std::chrono::duration<double>(now - client.filled).count();
  const double rate = options_.requests_per_second;
  client.requests_left = std::min(rate * kBurstSeconds, client.requests_left + std::max(0.0, seconds) * rate);
  client.filled = std::max(client.filled, now);
}

void ClientLimits::forget_idle(Time now) {
  if (now < swept_ + kTimeBetweenSweeps) return;
  swept_ = now;
  const double full = options_.requests_per_second * kBurstSeconds;
  for (auto one = clients_.begin(); one != clients_.end();) {
    fill(one->second, now);
    const bool is_idle = one->second.connections == 0 && one->second.requests_left >= full;
    one = is_idle ? clients_.erase(one) : std::next(one);
  }
}

std::string ClientLimits::key(const std::string& address, Time now) {
  std::string own = client_key(address);
  if (clients_.size() < options_.max_addresses || clients_.contains(own)) return own;
  forget_idle(now);
  return clients_.size() < options_.max_addresses ? own : kOthers;
}

ClientLimits::Client& ClientLimits::client(const std::string& key, Time now) {
  const double full = options_.requests_per_second * kBurstSeconds;
  Client& found = clients_.try_emplace(key, Client{0, full, now}).first->second;
  fill(found, now);
  return found;
}

std::optional<std::string> ClientLimits::open(const std::string& address, Time now) {
  if (options_.max_connections == 0 || is_exempt(address)) return "";
  const std::lock_guard lock(mutex_);
  std::string ticket = key(address, now);
  Client& one = client(ticket, now);
  if (one.connections >= options_.max_connections) return std::nullopt;
  ++one.connections;
  return ticket;
}

void ClientLimits::close(const std::string& ticket) {
  if (ticket.empty()) return;
  const std::lock_guard lock(mutex_);
  --clients_.at(ticket).connections;
}

bool ClientLimits::take_request(const std::string& address, Time now) {
  if (options_.requests_per_second == 0 || is_exempt(address)) return true;
  const std::lock_guard lock(mutex_);
  Client& one = client(key(address, now), now);
  if (one.requests_left < 1) return false;
  one.requests_left -= 1;
  return true;
}

}  // namespace naru::server
