#include "server/http/session.h"

#include <sys/socket.h>

#include <algorithm>

#include "core/error.h"
#include "server/http/header_scanner.h"
#include "server/http/problem.h"
#include "server/http/release_on_pool.h"
#include "server/http/sending.h"
#include "server/random_id.h"

namespace naru::server {

namespace asio = boost::asio;

namespace {
constexpr std::uint64_t kMinBytesPerSecond = 512;
constexpr std::size_t kPieceBytes = 64 << 10;

void check_length(std::uint64_t bytes, std::uint64_t max_bytes) {
  if (bytes <= max_bytes) return;
  throw Error(ErrorCode::body_too_large, "the body is longer than the " + std::to_string(max_bytes) + " bytes allowed");
}

Task<bool> now(bool value) { co_return value; }
}  // namespace

Session::Session(DoorState& door, SessionThread& thread, Socket socket, std::string address, std::string ticket)
    : door_(door),
      thread_(thread),
      socket_(std::move(socket)),
      channel_(socket_.native_handle(), door.tls ? door.tls->new_connection() : SslHandle()),
      address_(std::move(address)),
      ticket_(std::move(ticket)) {
  thread_.sessions.insert(this);
}

Session::~Session() {
  thread_.sessions.erase(this);
  door_.limits.close(ticket_);
  --door_.counters.connections;
}

Task<void> Session::run([[maybe_unused]] std::unique_ptr<Session> self) {
  bool goes_on = co_await shake_hands();
  if (goes_on) {
    while (goes_on) {
      goes_on = co_await serve();
      if (sending_) goes_on = co_await send_long_body();
    }
    if (lingers_ && !is_over_) co_await linger();
  }
  if (is_over_) {  // a reset: what waits in the socket must not be sent, or nobody would take it
    const struct linger now { 1, 0 };
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
}

Task<bool> Session::shake_hands() {
  if (!channel_.is_tls()) co_return true;
  Pace pace{.silence = std::chrono::seconds(door_.config.header_timeout_s)};
  while (true) {
    const IoResult result = channel_.handshake();
    if (result.state == IoState::done) co_return true;
    const bool goes_on = co_await wait(result.state, pace);
    if (!goes_on) co_return false;
  }
}

Task<bool> Session::serve() {
  std::size_t header_size = 0;
  std::optional<Error> refusal;
  try {
    header_size = co_await read_header();
  } catch (const Error& error) {
    refusal = error;
  }
  if (header_size == 0 && !refusal) co_return false;
  const auto exchange = std::make_unique<Exchange>();
  exchange->request_id = random_id("req");
  std::optional<Response> response;
  if (refusal) {
    response = problem_response(*refusal, exchange->request_id);
  } else {
    response = co_await answer(*exchange, header_size);
  }
  if (!response) co_return false;
  const bool goes_on = co_await send(*exchange, std::move(*response));
  co_return goes_on;
}

Task<std::size_t> Session::read_header() {
  HeaderScanner scanner;
  Pace pace{.silence = std::chrono::seconds(door_.config.header_timeout_s)};
  Pace rest{.silence = std::chrono::seconds(door_.config.idle_timeout_s)};
  while (true) {
    if (const auto size = scanner.scan(input_)) co_return *size;
    const IoResult result = channel_.read(thread_.scratch);
    if (result.state == IoState::done) {
      input_.append(thread_.scratch.data(), result.bytes);
      continue;
    }
    is_idle_ = input_.empty();
    if (is_idle_ && door_.is_draining) co_return 0;
    const bool goes_on = co_await wait(result.state, is_idle_ && has_served_ ? rest : pace);
    is_idle_ = false;
    if (!goes_on) co_return 0;
  }
}

void Session::begin(Exchange& exchange, std::size_t header_size) {
  has_served_ = true;
  exchange.parser.emplace();
  exchange.request = exchange.parser->parse_header(std::string_view(input_).substr(0, header_size));
  exchange.request.client_address = address_;
  exchange.request.request_id = exchange.request_id;
  exchange.is_body_read = !exchange.parser->has_body();
  exchange.wants_continue = exchange.parser->expects_continue();
  exchange.may_keep_alive = exchange.parser->keeps_alive();
  exchange.body_pace.silence = std::chrono::seconds(door_.config.body_timeout_s);
  input_.erase(0, header_size);
  if (input_.empty()) std::string().swap(input_);
}

Task<std::optional<Response>> Session::answer(Exchange& exchange, std::size_t header_size) {
  std::optional<Response> response;
  try {
    begin(exchange, header_size);
    Admission admission;
    response = co_await admit(exchange, admission);
    if (response) co_return response;
    check_length(exchange.request.content_length.value_or(0), admission.max_body_bytes);
    if (admission.takes_long_body) {
      response = co_await receive(exchange, admission.max_body_bytes);
      co_return response;
    }
    const bool is_read = co_await read_whole_body(exchange, admission.max_body_bytes);
    if (!is_read) co_return std::nullopt;
    // Who asks may have lost the right to it: a body may take half an hour.
    co_await on_pool(Start::goes_on, [&] {
      admission = door_.application.admit(exchange.request);
      response = admission.refusal ? std::move(*admission.refusal) : door_.application.respond(exchange.request);
    });
  } catch (const std::exception& error) {
    response = error_response(error, exchange.request.path, exchange.request_id);
    // Of a method that no route has; the application answers those that another route has.
    if (response->status == 405) response->headers.add("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE");
  }
  co_return response;
}

Task<std::optional<Response>> Session::admit(Exchange& exchange, Admission& admission) {
  if (door_.is_draining) throw Error(ErrorCode::draining, "the server is stopping: ask again later");
  if (!door_.limits.take_request(address_, Steady::now())) {
    throw Error(ErrorCode::rate_limited, "too many requests from this address: wait as long as Retry-After says");
  }
  std::optional<Response> response;
  const auto begin_work = [&] {
    admission = door_.application.admit(exchange.request);
    if (admission.refusal) {
      response = std::move(*admission.refusal);
    } else if (exchange.is_body_read && !admission.takes_long_body) {
      response = door_.application.respond(exchange.request);
    }
  };
  if (door_.application.is_immediate(exchange.request)) {
    begin_work();
  } else {
    co_await on_pool(Start::anew, begin_work);
  }
  co_return response;
}

Task<std::optional<Response>> Session::receive(Exchange& exchange, std::uint64_t max_bytes) {
  std::optional<Response> response;
  ReleaseOnPool<BodySink> sink(*door_.pool);
  co_await on_pool(Start::goes_on, [&] {
    sink.hold(door_.application.receive(exchange.request));
    response = sink->refusal();
  });
  if (response) co_return response;
  std::vector<char> piece(kPieceBytes);
  auto admitted = Steady::now();
  for (std::uint64_t total = 0; true;) {
    const std::optional<std::size_t> size = co_await read_body(exchange, piece);
    if (!size) co_return std::nullopt;
    check_length(total += *size, max_bytes);
    const bool is_over = *size == 0;
    co_await on_pool(Start::goes_on, [&] {
      // Who sends may have lost the right to it: a body may take hours.
      if (is_over || Steady::now() - admitted >= door_.config.time_between_admissions) {
        response = door_.application.admit(exchange.request).refusal;
        admitted = Steady::now();
      }
      if (response) return;
      if (is_over) {
        response = sink->finish();
      } else {
        sink->write(std::as_bytes(std::span(piece.data(), *size)));
      }
    });
    if (response) co_return response;
  }
}

Task<bool> Session::read_whole_body(Exchange& exchange, std::uint64_t max_bytes) {
  std::string& body = exchange.request.body;
  std::vector<char> piece(std::min<std::uint64_t>(kPieceBytes, exchange.request.content_length.value_or(kPieceBytes)));
  while (!exchange.is_body_read) {
    const std::optional<std::size_t> size = co_await read_body(exchange, piece);
    if (!size) co_return false;
    check_length(body.size() + *size, max_bytes);
    body.append(piece.data(), *size);
  }
  co_return true;
}

/// Some bytes of the body; 0 at its end.
Task<std::optional<std::size_t>> Session::read_body(Exchange& exchange, std::span<char> out) {
  while (!exchange.is_body_read) {
    const RequestParser::Step step = exchange.parser->read_body(input_, out);
    input_.erase(0, step.consumed);
    exchange.is_body_read = step.is_done;
    if (step.produced > 0) co_return step.produced;
    if (step.is_done) break;
    if (step.consumed > 0) continue;
    if (input_.size() >= kPieceBytes) throw Error(ErrorCode::request_invalid, "the body of the request is malformed");
    if (exchange.wants_continue) {
      exchange.wants_continue = false;
      const bool is_told = co_await write_all("HTTP/1.1 100 Continue\r\n\r\n", false);
      if (!is_told) co_return std::nullopt;
    }
    const IoResult result = channel_.read(thread_.scratch);
    if (result.state == IoState::done) {
      input_.append(thread_.scratch.data(), result.bytes);
      exchange.body_pace.bytes += result.bytes;
      door_.counters.received_bytes += result.bytes;
      continue;
    }
    const bool goes_on = co_await wait(result.state, exchange.body_pace);
    if (!goes_on) co_return std::nullopt;
  }
  co_return 0;
}

/// Not a coroutine of its own: what 10,000 readers wait in is to be small.
Task<bool> Session::wait(IoState what, Pace& pace) {
  if (is_over_ || (what != IoState::wants_read && what != IoState::wants_write)) return now(false);
  const auto initiate = [this, what, &pace](auto handler) {
    const auto began = Steady::now();
    const auto left = pace.silence + std::chrono::seconds(pace.bytes / kMinBytesPerSecond) - pace.waited;
    deadline_ = began + std::min<Steady::duration>(left, pace.silence);
    socket_.async_wait(
        what == IoState::wants_read ? Socket::wait_read : Socket::wait_write,
        [this, &pace, began, handler = std::move(handler)](const boost::system::error_code& error) mutable {
          deadline_ = Steady::time_point::max();
          pace.waited += Steady::now() - began;
          handler(!error && !is_over_);
        });
  };
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(bool)>(initiate, kAwait);
}

Task<void> Session::on_pool(Start start, std::function<void()> work) {
  std::exception_ptr error;
  const auto initiate = [&](auto handler) {
    const auto executor = thread_.context.get_executor();
    const auto resume = std::make_shared<decltype(handler)>(std::move(handler));
    auto task = [&, resume, executor, guard = asio::make_work_guard(executor)] {
      try {
        work();
      } catch (...) {
        error = std::current_exception();
      }
      asio::post(executor, [resume] { (*resume)(true); });
    };
    if (start == Start::goes_on) return door_.pool->submit(std::move(task));
    if (!door_.pool->try_submit(std::move(task))) asio::post(executor, [resume] { (*resume)(false); });
  };
  const bool is_run =
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(bool)>(initiate, kAwait);
  if (!is_run) throw Error(ErrorCode::draining, "the server has more requests than it can take: ask again later");
  if (error) std::rethrow_exception(error);
}

void Session::tick(Steady::time_point now) {
  if (now >= deadline_) {
    ++door_.counters.timed_out;
    abort();
  } else if (sending_ && !sending_->may_go_on()) {
    abort();
  }
}

void Session::wake() {
  is_woken_ = true;
  if (event_timer_) event_timer_->cancel();
}

void Session::drain() {
  boost::system::error_code ignored;
  if (is_idle_) socket_.cancel(ignored);
  wake();
}

void Session::abort() {
  is_over_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  wake();
}

}  // namespace naru::server
