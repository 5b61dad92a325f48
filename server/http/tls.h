/// The server's side of TLS: certificate, key and what is spoken.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "server/http/channel.h"

extern "C" {
struct ssl_ctx_st;
}

namespace naru::server {

/// TLS 1.2 (ECDHE with AEAD alone) and 1.3, HTTP/1.1 by ALPN, no renegotiation, no compression; small records
/// (RecordSize) and buffers given back while a connection rests, since most of the memory of 10,000 connections would
/// be these.
class TlsServer {
 public:
  /// @throws Error{config_invalid} where certificate (PEM, with its chain) or key cannot be read or do not fit
  TlsServer(std::filesystem::path certificate, std::filesystem::path key);

  SslHandle new_connection() const;
  /// Reads both files again, for connections from now on. @throws Error{config_invalid}: the old ones stay in use
  void reload();

 private:
  std::shared_ptr<ssl_ctx_st> load() const;

  const std::filesystem::path certificate_, key_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace naru::server
