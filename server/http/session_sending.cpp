#include <algorithm>
#include <utility>

#include "core/error.h"
#include "server/http/problem.h"
#include "server/http/release_on_pool.h"
#include "server/http/response_header.h"
#include "server/http/sending.h"
#include "server/http/session.h"

namespace naru::server {

namespace asio = boost::asio;

namespace {
constexpr std::uint64_t kMaxLingerBytes = 1 << 20;
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::chrono::milliseconds kTimeBetweenQuestions{500};
constexpr std::chrono::seconds kTimeBetweenComments{15};

class Counted {
 public:
  explicit Counted(std::atomic<std::int64_t>& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;

 private:
  std::atomic<std::int64_t>& count_;
};

std::optional<std::uint64_t> content_length(const Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return text->size();
  if (const auto* body = std::get_if<LongBody>(&response.body)) return body->size_bytes;
  return std::nullopt;
}

Served served_of(const Exchange& exchange, int status, bool keeps_alive) {
  const Request& request = exchange.request;
  return {.request_id = exchange.request_id,
          .user_id = request.caller.user_id,
          .method = request.path.empty() ? "" : name(request.method),
          .route = request.route,
          .status = status,
          .keeps_alive = keeps_alive,
          .began = exchange.began};
}

void append_line(std::string& out, std::string_view field, std::string_view value) {
  if (value.empty()) return;
  out.append(field).append(": ");
  for (const char c : value) out += c == '\n' || c == '\r' ? ' ' : c;
  out += '\n';
}

std::string to_text(const std::vector<ServerEvent>& events) {
  std::string out;
  for (const ServerEvent& event : events) {
    append_line(out, "id", event.id);
    append_line(out, "event", event.kind);
    append_line(out, "data", event.data);
    out += '\n';
  }
  return out;
}
}  // namespace

Task<bool> Session::send(Exchange& exchange, Response response) {
  sent_bytes_ = 0;
  if (std::holds_alternative<std::shared_ptr<EventSource>>(response.body) &&
      door_.counters.event_streams >= door_.config.max_event_streams) {
    response = problem_response(Error(ErrorCode::draining, "too many streams of events are open: ask again later"),
                                exchange.request_id);
  }
  std::unique_ptr<Sending> sending;  // made first, so that its transfer is told whatever happens
  const std::optional<std::uint64_t> length = content_length(response);
  if (auto* body = std::get_if<LongBody>(&response.body)) {
    sending = std::make_unique<Sending>(*door_.pool, std::move(*body));
  }
  const bool has_events = std::holds_alternative<std::shared_ptr<EventSource>>(response.body);
  bool keeps_alive = exchange.may_keep_alive && exchange.is_body_read && !door_.is_draining && !has_events;
  std::string header;
  try {
    header = response_header(response, {exchange.request_id, channel_.is_tls(), keeps_alive, length});
  } catch (const std::exception& error) {
    keeps_alive = false;
    response = problem_response(error, exchange.request_id);
    header = response_header(response, {exchange.request_id, channel_.is_tls(), false, content_length(response)});
  }
  const bool has_body = exchange.request.method != Method::head && !is_without_body(response.status);
  Served served = served_of(exchange, response.status, keeps_alive);
  bool is_sent = false;
  if (auto* text = std::get_if<std::string>(&response.body)) {
    if (has_body) header += *text;
    is_sent = co_await write_all(header, false);
    if (is_sent && has_body) sent_bytes_ = text->size();
  } else {
    is_sent = co_await write_all(header, has_body);
    if (is_sent && has_body) {
      if (sending) {
        sending->served = std::move(served);
        sending_ = std::move(sending);
        co_return true;
      }
      exchange.parser.reset();  // events may take hours: keep little meanwhile
      exchange.request = {};
      is_sent = co_await send_events(std::move(std::get<std::shared_ptr<EventSource>>(response.body)));
    }
  }
  log(served);
  lingers_ = is_sent && !keeps_alive;
  co_return is_sent&& keeps_alive;
}

Task<bool> Session::send_long_body() {
  channel_.bound_unsent_bytes();
  sending_->pace.silence = std::chrono::seconds(door_.config.send_timeout_s);
  bool goes_on = !sending_->reader.is_short();
  while (goes_on && !sending_->reader.is_done()) {
    if (!sending_->may_go_on()) {
      abort();
      break;
    }
    const IoResult result = send_some();
    if (result.state != IoState::done) goes_on = co_await wait(result.state, sending_->pace);
  }
  const std::unique_ptr<Sending> ended = std::move(sending_);
  log(ended->served);
  const bool is_sent = ended->reader.is_done() && !is_over_;
  lingers_ = is_sent && !ended->served.keeps_alive;
  co_return is_sent && ended->served.keeps_alive;
}

IoResult Session::send_some() {
  Sending& sending = *sending_;
  const LongBodyReader::Piece piece = sending.reader.piece();
  if (piece.file && piece.file != sending.opened) {
    sending.file = piece.opened ? piece.opened : door_.files.open(*piece.file);
    sending.opened = piece.file;
    if (!sending.file) return {IoState::failed};
  }
  const IoResult result = piece.file ? channel_.send_file(sending.file->descriptor(), piece.offset, piece.size_bytes)
                                     : channel_.write(piece.bytes, !piece.is_last);
  if (result.state != IoState::done) return result;
  sending.reader.pass(result.bytes);
  sent_bytes_ = sending.reader.passed_bytes();
  sending.pace.bytes += result.bytes;
  door_.counters.sent_bytes += result.bytes;
  return result;
}

Task<bool> Session::send_events(std::shared_ptr<EventSource> source) {
  const ReleaseOnPool<EventSource> held(*door_.pool, std::move(source));
  const Counted counted(door_.counters.event_streams);
  Timer timer(thread_.context.get_executor());
  auto written = Steady::now();
  while (!is_over_) {
    std::vector<ServerEvent> events;
    bool is_last = false;
    try {
      co_await on_pool(Start::goes_on, [&] {
        events = held->next();
        is_last = held->is_over();
      });
    } catch (const std::exception&) {
      co_return true;  // the client comes back with Last-Event-ID
    }
    std::string text = to_text(events);
    if (text.empty() && Steady::now() - written >= kTimeBetweenComments) text = ":\n\n";
    if (!text.empty()) {
      const bool is_written = co_await write_all(text, false);
      if (!is_written) co_return false;
      written = Steady::now();
      sent_bytes_ += text.size();
    }
    if (is_last || door_.is_draining) co_return true;
    const IoResult peer = channel_.read(thread_.scratch);  // nothing is expected; that it left is
    if (peer.state == IoState::ended || peer.state == IoState::failed) co_return false;
    if (!is_woken_) {
      event_timer_ = &timer;
      timer.expires_after(kTimeBetweenQuestions);
      boost::system::error_code ignored;
      co_await timer.async_wait(asio::redirect_error(kAwait, ignored));
      event_timer_ = nullptr;
    }
    is_woken_ = false;
  }
  co_return false;
}

Task<bool> Session::write_all(std::string_view bytes, bool has_more) {
  Pace pace{.silence = std::chrono::seconds(door_.config.send_timeout_s)};
  while (!bytes.empty()) {
    const IoResult result = channel_.write(bytes, has_more);
    if (result.state == IoState::done) {
      bytes.remove_prefix(result.bytes);
      pace.bytes += result.bytes;
      continue;
    }
    const bool goes_on = co_await wait(result.state, pace);
    if (!goes_on) co_return false;
  }
  co_return !is_over_;
}

/// Closing with bytes unread would reset the connection and could take the response from the client: so end our side,
/// and drop for a little while what still comes.
Task<void> Session::linger() {
  channel_.say_goodbye();
  Pace pace{.silence = kLingerTime};
  for (std::uint64_t dropped = 0; dropped < kMaxLingerBytes;) {
    const IoResult result = channel_.read(thread_.scratch);
    dropped += result.bytes;
    if (result.state == IoState::done) continue;
    const bool goes_on = co_await wait(result.state, pace);
    if (!goes_on) break;
  }
}

void Session::log(const Served& served) {
  ++door_.counters.responses[static_cast<std::size_t>(std::clamp(served.status / 100, 1, 5) - 1)];
  const std::chrono::duration<double, std::milli> elapsed = Steady::now() - served.began;
  door_.log.add({.request_id = served.request_id,
                 .method = served.method,
                 .route = served.route,
                 .client_address = address_,
                 .user_id = served.user_id,
                 .status = served.status,
                 .sent_bytes = sent_bytes_,
                 .elapsed_ms = elapsed.count()});
}

}  // namespace naru::server
