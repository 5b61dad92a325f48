/// What all connections of a server share.
#pragma once

#include <atomic>
#include <memory>

#include "server/config.h"
#include "server/http/access_log.h"
#include "server/http/client_limits.h"
#include "server/http/handler_pool.h"
#include "server/http/http_server.h"
#include "server/http/message.h"
#include "server/http/open_files.h"
#include "server/http/tls.h"

namespace naru::server {

struct AtomicCounters {
  std::atomic<std::uint64_t> accepted = 0, refused = 0, timed_out = 0, sent_bytes = 0, received_bytes = 0;
  std::array<std::atomic<std::uint64_t>, 5> responses{};
  std::atomic<std::int64_t> connections = 0, event_streams = 0;
};

struct DoorState {
  DoorState(const ListenConfig& config_, Application& application_);

  const ListenConfig config;
  Application& application;
  AtomicCounters counters;
  std::atomic<bool> is_draining = false;
  ClientLimits limits;
  OpenFiles files;
  std::unique_ptr<TlsServer> tls;  ///< null: in the clear
  AccessLog log;
  std::unique_ptr<HandlerPool> pool;
};

}  // namespace naru::server
