/// Bytes to and from a non-blocking socket, in the clear or by TLS. Never waits: says what to wait for.
///
/// OpenSSL works on the descriptor itself, without the pair of memory buffers that a stream of Asio puts between: with
/// 10,000 slow readers that is a third of the memory.
#pragma once

#include <chrono>
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

/// Records of TLS are small, and long for a peer that takes much: a record that waits to go out is what a connection of
/// a slow reader holds, and what each record costs is most of what a fast one pays.
class RecordSize {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kSmallBytes = 4096, kLongBytes = 16384;

  /// `bytes` went out. @return the size of records from now on
  std::size_t after(std::size_t bytes, Time now);

 private:
  Time began_ = {};
  std::size_t bytes_ = 0, size_ = kSmallBytes;
};

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
  /// A reader who is slow must not fill the memory of the kernel: no more than a few records wait unsent, while what is
  /// on its way may still grow with the distance (SO_SNDBUF would bound both). A fast one gets more room.
  void bound_unsent_bytes();
  void say_goodbye();  ///< close_notify and the end of writing

 private:
  IoResult of_ssl(int result);
  IoResult write_file_by_tls(int file, std::int64_t offset, std::size_t size);
  void write_records_of(std::size_t bytes);

  int descriptor_;
  SslHandle ssl_;
  bool has_kernel_tls_ = false;
  RecordSize record_size_;
  std::size_t record_bytes_ = RecordSize::kSmallBytes;
};

}  // namespace naru::server
