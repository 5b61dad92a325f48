#include "dicom/dcmtk/peer_table.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace naru::dicom {

namespace {

/// Of one address, connections that are no associations yet.
constexpr int kMaxConnecting = 4;

/// In numbers; empty where there is none.
std::string peer_address(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  std::array<char, NI_MAXHOST> host{};
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::getpeername(socket, generic, &length) != 0) return {};
  if (::getnameinfo(generic, length, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) return {};
  return host.data();
}

}  // namespace

thread_local std::list<PeerTable::Peer>::iterator PeerTable::seated_;
thread_local bool PeerTable::is_seated_ = false;

PeerTable::Seat::Seat(PeerTable& table) : table_(table) { is_seated_ = false; }

bool PeerTable::Seat::is_taken() const { return is_seated_; }

void PeerTable::Seat::leave() {
  if (!is_seated_) return;
  const std::lock_guard lock(table_.mutex_);
  if (seated_->is_association) --table_.association_count_;
  table_.peers_.erase(seated_);
  is_seated_ = false;
}

PeerTable::Time PeerTable::deadline(Phase phase) const {
  const auto now = std::chrono::steady_clock::now();
  switch (phase) {
    case Phase::connecting: return now + std::chrono::seconds(options_.association_timeout_s);
    case Phase::idle: return now + std::chrono::seconds(options_.idle_timeout_s);
    case Phase::data: return now + std::chrono::seconds(options_.data_timeout_s);
    case Phase::ours: break;
  }
  return Time::max();
}

bool PeerTable::admit(int socket) {
  const std::string address = peer_address(socket);
  const auto& allowed = options_.peer_addresses;
  const std::lock_guard lock(mutex_);
  if (is_closed_ || address.empty()) return false;
  if (!allowed.empty() && std::ranges::find(allowed, address) == allowed.end()) return false;
  const auto connecting =
      std::ranges::count_if(peers_, [&](const Peer& peer) { return !peer.is_association && peer.address == address; });
  if (connecting >= kMaxConnecting) return false;
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  const int at_once = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  seated_ = peers_.insert(peers_.end(), {socket, address, false, deadline(Phase::connecting)});
  is_seated_ = true;
  return true;
}

bool PeerTable::begin_association() {
  const std::lock_guard lock(mutex_);
  if (association_count_ >= options_.max_associations) return false;
  ++association_count_;
  seated_->is_association = true;
  return true;
}

void PeerTable::enter(Phase phase) {
  const std::lock_guard lock(mutex_);
  seated_->deadline = deadline(phase);
}

void PeerTable::cut_off_late() {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  for (const Peer& peer : peers_) {
    if (peer.deadline < now) ::shutdown(peer.socket, SHUT_RDWR);
  }
}

void PeerTable::cut_off_all() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  for (const Peer& peer : peers_) ::shutdown(peer.socket, SHUT_RDWR);
}

}  // namespace naru::dicom
