#include "server/http/channel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace naru::server {

namespace {
constexpr std::uint64_t kMaxPieceBytes = 1 << 20;   // of one sendfile: others on this thread get their turn
constexpr std::size_t kMaxTlsReadBytes = 64 << 10;  // of a file, into TLS
// Above 1 MiB/s a peer is fast; at the end of each period it is asked anew.
constexpr std::chrono::milliseconds kPeriod{250};
constexpr std::size_t kFastBytes = 256 << 10;

constexpr int kMaxUnsentBytes = 32 << 10, kMaxUnsentBytesOfFast = 256 << 10;

IoResult of_errno(IoState when_full) {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {when_full};
  return {IoState::failed};
}

IoResult of_count(ssize_t count, IoState when_full) {
  if (count < 0) return of_errno(when_full);
  return {IoState::done, static_cast<std::size_t>(count)};
}
}  // namespace

std::size_t RecordSize::after(std::size_t bytes, Time now) {
  bytes_ += bytes;
  if (now - began_ < kPeriod) {
    if (bytes_ >= kFastBytes) size_ = kLongBytes;
    return size_;
  }
  size_ = bytes_ >= kFastBytes && now - began_ < 2 * kPeriod ? kLongBytes : kSmallBytes;
  began_ = now;
  bytes_ = 0;
  return size_;
}

void SslDeleter::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Channel::Channel(int descriptor, SslHandle ssl) : descriptor_(descriptor), ssl_(std::move(ssl)) {
  if (ssl_) SSL_set_fd(ssl_.get(), descriptor_);
}

Channel::~Channel() = default;

IoResult Channel::of_ssl(int result) {
  if (result > 0) return {IoState::done, static_cast<std::size_t>(result)};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return {IoState::wants_read};
    case SSL_ERROR_WANT_WRITE: return {IoState::wants_write};
    case SSL_ERROR_ZERO_RETURN: return {IoState::ended};
    default: return {IoState::failed};
  }
}

IoResult Channel::handshake() {
  ERR_clear_error();
  const IoResult result = of_ssl(SSL_accept(ssl_.get()));
  if (result.state == IoState::done) has_kernel_tls_ = BIO_get_ktls_send(SSL_get_wbio(ssl_.get())) != 0;
  return result;
}

IoResult Channel::read(std::span<char> out) {
  if (ssl_) {
    ERR_clear_error();
    return of_ssl(SSL_read(ssl_.get(), out.data(), static_cast<int>(out.size())));
  }
  const ssize_t count = recv(descriptor_, out.data(), out.size(), 0);
  return count == 0 ? IoResult{IoState::ended} : of_count(count, IoState::wants_read);
}

IoResult Channel::write(std::string_view bytes, bool has_more) {
  if (ssl_) {
    ERR_clear_error();
    return of_ssl(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20))));
  }
  const int flags = MSG_NOSIGNAL | (has_more ? MSG_MORE : 0);
  return of_count(send(descriptor_, bytes.data(), bytes.size(), flags), IoState::wants_write);
}

IoResult Channel::send_file(int file, std::uint64_t offset, std::uint64_t size) {
  auto at = static_cast<off_t>(offset);
  const auto piece = static_cast<std::size_t>(std::min(size, kMaxPieceBytes));
  if (!ssl_) {
    const IoResult result = of_count(sendfile(descriptor_, file, &at, piece), IoState::wants_write);
    return result.state == IoState::done && result.bytes == 0 ? IoResult{IoState::failed} : result;
  }
  if (has_kernel_tls_) {
    ERR_clear_error();
    return of_ssl(static_cast<int>(SSL_sendfile(ssl_.get(), file, at, piece, 0)));
  }
  return write_file_by_tls(file, at, piece);
}

/// A call of OpenSSL writes one record; the file is read for several. What is left over is read again.
IoResult Channel::write_file_by_tls(int file, std::int64_t offset, std::size_t size) {
  std::array<char, kMaxTlsReadBytes> bytes;
  const ssize_t count = pread(file, bytes.data(), std::min(size, bytes.size()), offset);
  if (count <= 0) return {IoState::failed};
  IoResult all{IoState::done};
  for (std::string_view left(bytes.data(), static_cast<std::size_t>(count)); !left.empty();) {
    const IoResult one = write(left, false);
    if (one.state != IoState::done) {
      if (all.bytes == 0) all = one;
      break;
    }
    all.bytes += one.bytes;
    left.remove_prefix(one.bytes);
  }
  write_records_of(record_size_.after(all.bytes, std::chrono::steady_clock::now()));
  return all;
}

/// OpenSSL's buffer is as long as the records were when it was made: it goes first, unless a record waits in it.
void Channel::write_records_of(std::size_t bytes) {
  if (bytes == record_bytes_ || SSL_free_buffers(ssl_.get()) != 1) return;
  SSL_set_max_send_fragment(ssl_.get(), static_cast<long>(bytes));
  SSL_set_split_send_fragment(ssl_.get(), static_cast<long>(bytes));  // the former only brings it down
  record_bytes_ = bytes;
  bound_unsent_bytes();
}

void Channel::bound_unsent_bytes() {
  const int bytes = record_bytes_ == RecordSize::kLongBytes ? kMaxUnsentBytesOfFast : kMaxUnsentBytes;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

void Channel::say_goodbye() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  shutdown(descriptor_, SHUT_WR);
}

}  // namespace naru::server
