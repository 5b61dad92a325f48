/// The door of the job server: HTTP/1.1 on sockets, in the clear or by TLS, before an Application.
///
/// Two threads do all that touches sockets and never wait; `handler_threads` run the Application, which may. Nothing of
/// Boost is seen here.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "server/config.h"
#include "server/http/message.h"

namespace naru::server {

/// What was counted since the start, and how it stands now; of /metrics.
struct HttpCounters {
  std::uint64_t accepted = 0, refused = 0, timed_out = 0;  ///< connections
  std::array<std::uint64_t, 5> responses{};                ///< 1xx to 5xx
  std::uint64_t sent_bytes = 0, received_bytes = 0;        ///< of bodies
  std::uint64_t dropped_log_lines = 0;
  std::int64_t connections = 0, event_streams = 0, waiting_requests = 0;  ///< now
};

class HttpServer {
 public:
  /// @throws Error{config_invalid}: an address that is none, plain HTTP on another address than loopback without
  ///   `plain_is_allowed`, a certificate without its key, or either unreadable
  HttpServer(const ListenConfig& config, Application& application);
  ~HttpServer();  ///< stops
  HttpServer(const HttpServer&) = delete;

  /// Listens. Raises the limit of open files to what is allowed and ignores SIGPIPE, both of the whole process.
  /// @throws Error{config_invalid} where the port is taken or may not be used
  void start();
  std::uint16_t port() const;  ///< the one that the system chose where the configuration says 0
  void wake();                 ///< streams of events ask their sources at once
  /// @throws Error{config_invalid}: the old certificate stays
  void reload_certificate();
  /// Accepts nothing more, answers new requests 503, ends streams of events and lets what runs come to its end for at
  /// most `drain_s`; then stops. Returns when all is over.
  void drain();
  /// Closes everything at once. Returns when every `Transfer::finished` has returned. A second call does nothing.
  void stop();
  HttpCounters counters() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace naru::server
