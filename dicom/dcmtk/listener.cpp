#include "dicom/dcmtk/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/error.h"

namespace naru::dicom {

namespace {

constexpr int kAcseTimeout_s = 30;  // the watchdog is quicker
constexpr int kBacklog = 128;

Error bind_error(const std::string& address, std::uint16_t port, const char* reason) {
  return Error(ErrorCode::config_invalid,
               fmt::format("dicom: cannot listen on {} port {} ({}): choose others", address, port, reason));
}

/// A bound socket. Accepting from it never waits: several threads are told of one connection.
int bound_socket(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (result != 0) throw bind_error(address, port, ::gai_strerror(result));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int reuse = 1;
  const bool is_listening = socket >= 0 && ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0 &&
                            ::bind(socket, found->ai_addr, found->ai_addrlen) == 0 && ::listen(socket, kBacklog) == 0;
  if (is_listening) return socket;
  const int problem = errno;
  if (socket >= 0) ::close(socket);
  throw bind_error(address, port, std::strerror(problem));
}

std::uint16_t port_of(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6&>(address).sin6_port);
  return ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);
}

}  // namespace

Listener::Listener(const std::string& address, std::uint16_t port) {
  const int socket = bound_socket(address, port);
  const bool is_made = ASC_initializeNetwork(NET_ACCEPTOR, 0, kAcseTimeout_s, &network_).good();
  const bool is_ours = is_made && ::dup3(socket, DUL_networkSocket(network_->network), O_CLOEXEC) >= 0;
  port_ = port_of(socket);
  ::close(socket);
  if (is_ours) return;
  ASC_dropNetwork(&network_);
  throw bind_error(address, port, "DCMTK refuses");
}

Listener::~Listener() { ASC_dropNetwork(&network_); }

void Listener::stop() { ::shutdown(DUL_networkSocket(network_->network), SHUT_RDWR); }

}  // namespace naru::dicom
