/// A connection of the load program, in the clear or by TLS.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace load {

class Connection {
 public:
  /// Connects to 127.0.0.1 and waits for it. `receive_buffer_bytes` 0: as the system has it.
  /// @throws std::runtime_error
  Connection(std::uint16_t port, SSL_CTX* tls, int receive_buffer_bytes);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;

  void send(std::string_view bytes);  ///< waits
  void stop_waiting();                ///< from now on `receive` does not
  /// Bytes received; 0: the end; -1: none now. @throws std::runtime_error
  long receive(std::span<char> out);
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  SSL* ssl_ = nullptr;
};

}  // namespace load
