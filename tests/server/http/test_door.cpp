#include "tests/server/http/test_door.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace naru::server::testing {

RawClient::RawClient(std::uint16_t port, int receive_buffer_bytes) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer_bytes > 0) {
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  const timeval limit{kHangLimit.count(), 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    close(descriptor_);
    descriptor_ = -1;
  }
}

RawClient::~RawClient() {
  if (descriptor_ >= 0) close(descriptor_);
}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // the server closed: what it said tells
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void RawClient::end_sending() { shutdown(descriptor_, SHUT_WR); }

void RawClient::reset() {
  const linger now{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(descriptor_);
  descriptor_ = -1;
}

bool RawClient::receive() {
  std::array<char, 64 << 10> bytes;
  const ssize_t count = recv(descriptor_, bytes.data(), bytes.size(), 0);
  EXPECT_FALSE(count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "nothing came for a minute";
  if (count <= 0) return false;
  input_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string RawClient::read_until(std::string_view mark) {
  std::size_t at = 0;
  while ((at = input_.find(mark)) == std::string::npos && receive()) continue;
  const std::size_t size = at == std::string::npos ? input_.size() : at + mark.size();
  std::string out = input_.substr(0, size);
  input_.erase(0, size);
  return out;
}

std::string RawClient::read(std::size_t size) {
  while (input_.size() < size && receive()) continue;
  std::string out = input_.substr(0, size);
  input_.erase(0, out.size());
  return out;
}

std::string RawClient::read_all() {
  while (receive()) continue;
  return std::move(input_);
}

std::string RawClient::Answer::field(std::string_view name) const {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const std::size_t at = header.find(line);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + line.size();
  return header.substr(begin, header.find("\r\n", begin) - begin);
}

RawClient::Answer RawClient::answer(bool has_body) {
  Answer out;
  out.header = read_until("\r\n\r\n");
  if (out.header.size() < 12) return out;
  out.status = std::stoi(out.header.substr(9, 3));
  const std::string length = out.field("Content-Length");
  if (has_body && !length.empty()) out.body = read(std::stoul(length));
  return out;
}

void wait_until(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + kHangLimit;
  while (!holds()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "it did not happen within a minute";
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace naru::server::testing
