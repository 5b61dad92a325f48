#include "benchmarks/server/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace load {

namespace {
[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }
}  // namespace

Connection::Connection(std::uint16_t port, SSL_CTX* tls, int receive_buffer_bytes)
    : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (descriptor_ < 0) fail("socket");
  if (receive_buffer_bytes > 0) {
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  const int yes = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
  if (!tls) return;
  ssl_ = SSL_new(tls);
  SSL_set_fd(ssl_, descriptor_);
  if (SSL_connect(ssl_) != 1) fail("TLS handshake");
}

Connection::~Connection() {
  SSL_free(ssl_);
  if (descriptor_ >= 0) close(descriptor_);
}

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), ssl_(std::exchange(other.ssl_, nullptr)) {}

void Connection::send(std::string_view bytes) {
  const auto size = static_cast<long>(bytes.size());
  const long sent = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(size))
                         : static_cast<long>(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  if (sent != size) fail("send");
}

void Connection::stop_waiting() { fcntl(descriptor_, F_SETFL, O_NONBLOCK); }

long Connection::receive(std::span<char> out) {
  if (!ssl_) {
    const ssize_t count = recv(descriptor_, out.data(), out.size(), 0);
    if (count < 0 && errno != EAGAIN) fail("recv");
    return count;
  }
  ERR_clear_error();
  const int count = SSL_read(ssl_, out.data(), static_cast<int>(out.size()));
  if (count > 0) return count;
  const int error = SSL_get_error(ssl_, count);
  if (error == SSL_ERROR_WANT_READ) return -1;
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  fail("TLS");
}

}  // namespace load
