/// Bytes to and from a non-blocking socket, in the clear or by TLS. Never waits: says what to wait for.
///
/// OpenSSL works on the descriptor itself, without the pair of memory buffers that a stream of Asio puts between: with
/// 10,000 slow readers that is a third of the memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

extern "C" {
struct ssl_st;
}

namespace naru::server {

enum class IoState { done, wants_read, wants_write, ended, failed };  ///< ended: the peer sends no more

struct IoResult {
  IoState state;
  std::size_t bytes = 0;  ///< > 0 where `done`, except of handshake
};

struct SslDeleter {
  void operator()(ssl_st* ssl) const;
};
using SslHandle = std::unique_ptr<ssl_st, SslDeleter>;

class Channel {
 public:
  /// Borrows the descriptor. No `ssl`: in the clear.
  Channel(int descriptor, SslHandle ssl);
  ~Channel();

  bool is_tls() const { return ssl_ != nullptr; }
  IoResult handshake();
  IoResult read(std::span<char> out);
  /// `has_more`: more is written at once, so a small packet may wait for it. After wants_* the same bytes, or the same
  /// and more, have to be offered again.
  IoResult write(std::string_view bytes, bool has_more);
  /// Bytes [offset, offset + size) of the file: by sendfile in the clear and where the kernel does TLS (kTLS).
  /// failed: the file is shorter.
  IoResult send_file(int file, std::uint64_t offset, std::uint64_t size);
  void say_goodbye();  ///< close_notify and the end of writing

 private:
  IoResult of_ssl(int result);

  int descriptor_;
  SslHandle ssl_;
  bool has_kernel_tls_ = false;
};

}  // namespace naru::server
