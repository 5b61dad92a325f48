#include "server/http/http_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "core/error.h"
#include "core/log.h"
#include "server/http/session.h"
#include "server/trouble_log.h"

namespace naru::server {

namespace asio = boost::asio;

namespace {
constexpr int kThreads = 2;
constexpr int kBacklog = 4096;
constexpr int kMaxAcceptsInARow = 64;
constexpr std::chrono::milliseconds kTimeBetweenTicks{500}, kPauseAfterAcceptError{100};

[[noreturn]] void refuse_config(const std::string& what) { throw Error(ErrorCode::config_invalid, what); }

asio::ip::address parse_address(const std::string& text) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(text, error);
  if (error) refuse_config("listen.address is no IP address: write for example 127.0.0.1, 0.0.0.0 or ::");
  return address;
}

std::unique_ptr<TlsServer> make_tls(const ListenConfig& config) {
  if (config.tls_certificate.empty() != config.tls_key.empty()) {
    refuse_config("listen.tls_certificate and listen.tls_key are given both or not at all");
  }
  if (!config.tls_certificate.empty()) return std::make_unique<TlsServer>(config.tls_certificate, config.tls_key);
  if (!config.plain_is_allowed && !parse_address(config.address).is_loopback()) {
    refuse_config(
        "listen.address is not loopback: give a certificate (listen.tls_certificate, listen.tls_key), or set "
        "listen.plain_is_allowed where a proxy does TLS");
  }
  return nullptr;
}

/// Each connection is an open file, each file being sent another.
void raise_file_limit(int max_connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const auto wanted = static_cast<rlim_t>(max_connections) + 512;
  if (limit.rlim_cur < wanted) {
    log::warning("the system allows {} open files; {} connections want {}: raise LimitNOFILE", limit.rlim_cur,
                 max_connections, wanted);
  }
}

std::string text_of(const sockaddr_storage& from) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (from.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, text.data(), text.size());
    return text.data();
  }
  inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(from).sin6_addr, text.data(), text.size());
  const std::string_view mapped = "::ffff:";  // an IPv4 client of a socket that takes both
  const std::string address = text.data();
  return address.starts_with(mapped) && address.find('.') != std::string::npos ? address.substr(mapped.size())
                                                                               : address;
}
}  // namespace

DoorState::DoorState(const ListenConfig& config_, Application& application_)
    : config(config_),
      application(application_),
      limits({.requests_per_second = config.requests_per_second,
              .max_connections = config.max_connections_per_address,
              .loopback_is_limited = config.loopback_is_limited}),
      tls(make_tls(config)),
      log(config.access_log) {}

struct HttpServer::Parts {
  Parts(const ListenConfig& config, Application& application) : door(config, application) {}

  void listen();
  void run_thread(SessionThread& thread);
  Task<void> tick(SessionThread& thread);
  Task<void> accept_all();
  bool accept_some();  ///< false: the system has no room for another connection
  void take(int descriptor, const sockaddr_storage& from);
  void for_each_session(void (*act)(Session&));

  DoorState door;
  std::array<SessionThread, kThreads> sessions;
  std::vector<std::thread> threads;
  std::optional<Acceptor> acceptor;
  std::uint16_t port = 0;
  std::size_t taken = 0;
  std::atomic<bool> is_stopping = false;
};

void HttpServer::Parts::listen() {
  const asio::ip::tcp::endpoint endpoint(parse_address(door.config.address), door.config.port);
  acceptor.emplace(sessions[0].context.get_executor());
  boost::system::error_code error;
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(kBacklog, error);
  if (!error) acceptor->native_non_blocking(true, error);
  if (error) {
    refuse_config("cannot listen on " + door.config.address + ", port " + std::to_string(door.config.port) + ": " +
                  error.message());
  }
  port = acceptor->local_endpoint().port();
}

Task<void> HttpServer::Parts::accept_all() {
  Timer pause(sessions[0].context.get_executor());
  boost::system::error_code error;
  while (acceptor->is_open()) {
    co_await acceptor->async_wait(Acceptor::wait_read, asio::redirect_error(kAwait, error));
    if (error || accept_some()) continue;
    warn_at_times("the system has no room for another connection: it is asked again and again");
    pause.expires_after(kPauseAfterAcceptError);
    co_await pause.async_wait(asio::redirect_error(kAwait, error));
  }
}

bool HttpServer::Parts::accept_some() {
  for (int i = 0; i < kMaxAcceptsInARow; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int descriptor =
        accept4(acceptor->native_handle(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      take(descriptor, from);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return true;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return false;
    }
  }
  return true;
}

void HttpServer::Parts::take(int descriptor, const sockaddr_storage& from) {
  std::string address = text_of(from);
  std::optional<std::string> ticket;
  if (door.counters.connections < door.config.max_connections) ticket = door.limits.open(address, Steady::now());
  if (!ticket) {
    ++door.counters.refused;
    close(descriptor);
    return;
  }
  const int yes = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ++door.counters.accepted;
  ++door.counters.connections;
  SessionThread& thread = sessions[taken++ % kThreads];
  const auto protocol = from.ss_family == AF_INET ? asio::ip::tcp::v4() : asio::ip::tcp::v6();
  asio::post(thread.context,
             [this, &thread, protocol, descriptor, address = std::move(address), ticket = std::move(*ticket)] {
               Socket socket(thread.context.get_executor(), protocol, descriptor);
               auto session = std::make_unique<Session>(door, thread, std::move(socket), address, ticket);
               if (is_stopping) return;
               Session& running = *session;
               asio::co_spawn(thread.context.get_executor(), running.run(std::move(session)), asio::detached);
             });
}

Task<void> HttpServer::Parts::tick(SessionThread& thread) {
  boost::system::error_code error;
  while (!is_stopping) {
    thread.tick.expires_after(kTimeBetweenTicks);
    co_await thread.tick.async_wait(asio::redirect_error(kAwait, error));
    const auto now = Steady::now();
    for (Session* session : thread.sessions) session->tick(now);
  }
}

void HttpServer::Parts::for_each_session(void (*act)(Session&)) {
  for (SessionThread& thread : sessions) {
    asio::post(thread.context, [&thread, act] {
      for (Session* session : thread.sessions) act(*session);
    });
  }
}

HttpServer::HttpServer(const ListenConfig& config, Application& application)
    : parts_(std::make_unique<Parts>(config, application)) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::start() {
  Parts& parts = *parts_;
  parts.listen();
  raise_file_limit(parts.door.config.max_connections);
  std::signal(SIGPIPE, SIG_IGN);  // sendfile and TLS know no MSG_NOSIGNAL
  parts.door.pool = std::make_unique<HandlerPool>(parts.door.config.handler_threads,
                                                  static_cast<std::size_t>(parts.door.config.max_waiting_requests));
  asio::co_spawn(parts.sessions[0].context.get_executor(), parts.accept_all(), asio::detached);
  for (SessionThread& thread : parts.sessions) {
    asio::co_spawn(thread.context.get_executor(), parts.tick(thread), asio::detached);
    parts.threads.emplace_back([&thread] { thread.context.run(); });
  }
}

std::uint16_t HttpServer::port() const { return parts_->port; }

void HttpServer::wake() {
  parts_->for_each_session([](Session& session) { session.wake(); });
}

void HttpServer::reload_certificate() {
  if (parts_->door.tls) parts_->door.tls->reload();
}

void HttpServer::drain() {
  Parts& parts = *parts_;
  parts.door.is_draining = true;
  asio::post(parts.sessions[0].context, [&parts] {
    boost::system::error_code ignored;
    parts.acceptor->close(ignored);
  });
  parts.for_each_session([](Session& session) { session.drain(); });
  const auto end = Steady::now() + std::chrono::seconds(parts.door.config.drain_s);
  while (parts.door.counters.connections > 0 && Steady::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  stop();
}

void HttpServer::stop() {
  Parts& parts = *parts_;
  if (parts.is_stopping.exchange(true)) return;
  asio::post(parts.sessions[0].context, [&parts] {
    boost::system::error_code ignored;
    if (parts.acceptor) parts.acceptor->close(ignored);
  });
  parts.for_each_session([](Session& session) { session.abort(); });
  for (SessionThread& thread : parts.sessions) {
    asio::post(thread.context, [&thread] { thread.tick.cancel(); });
  }
  for (std::thread& thread : parts.threads) thread.join();  // when the last session has ended
  parts.door.pool.reset();                                  // when the last `finished` has returned
}

HttpCounters HttpServer::counters() const {
  const DoorState& door = parts_->door;
  HttpCounters out;
  out.accepted = door.counters.accepted;
  out.refused = door.counters.refused;
  out.timed_out = door.counters.timed_out;
  for (std::size_t i = 0; i < out.responses.size(); ++i) out.responses[i] = door.counters.responses[i];
  out.sent_bytes = door.counters.sent_bytes;
  out.received_bytes = door.counters.received_bytes;
  out.dropped_log_lines = door.log.dropped_count();
  out.connections = door.counters.connections;
  out.event_streams = door.counters.event_streams;
  out.waiting_requests = door.pool ? static_cast<std::int64_t>(door.pool->waiting_count()) : 0;
  return out;
}

}  // namespace naru::server
