#include <algorithm>
#include <utility>

#include "core/error.h"
#include "server/http/long_body.h"
#include "server/http/problem.h"
#include "server/http/release_on_pool.h"
#include "server/http/response_header.h"
#include "server/http/session.h"

namespace naru::server {

namespace asio = boost::asio;

namespace {
constexpr std::uint64_t kMaxLingerBytes = 1 << 20;
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::chrono::milliseconds kTimeBetweenQuestions{500};
constexpr std::chrono::seconds kTimeBetweenComments{15};

/// Tells a transfer its end, exactly once, on the pool.
class TransferEnd {
 public:
  TransferEnd(HandlerPool& pool, const LongBody* body, const std::uint64_t& sent_bytes)
      : pool_(pool),
        transfer_(body ? body->transfer : nullptr),
        size_bytes_(body ? body->size_bytes : 0),
        sent_bytes_(sent_bytes) {}
  ~TransferEnd() {
    if (!transfer_) return;
    pool_.submit(
        [transfer = std::move(transfer_), sent = sent_bytes_, is_whole = sent_bytes_ == size_bytes_]() mutable {
          transfer->finished(sent, is_whole);
          transfer = nullptr;
        });
  }
  TransferEnd(const TransferEnd&) = delete;

 private:
  HandlerPool& pool_;
  std::shared_ptr<Transfer> transfer_;
  std::uint64_t size_bytes_;
  const std::uint64_t& sent_bytes_;
};

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
  const TransferEnd end(*door_.pool, std::get_if<LongBody>(&response.body), sent_bytes_);
  const bool has_events = std::holds_alternative<std::shared_ptr<EventSource>>(response.body);
  bool keeps_alive = exchange.may_keep_alive && exchange.is_body_read && !door_.is_draining && !has_events;
  std::string header;
  try {
    header = response_header(response, {exchange.request_id, channel_.is_tls(), keeps_alive, content_length(response)});
  } catch (const std::exception& error) {
    keeps_alive = false;
    response = problem_response(error, exchange.request_id);
    header = response_header(response, {exchange.request_id, channel_.is_tls(), false, content_length(response)});
  }
  const bool has_body = exchange.request.method != Method::head && !is_without_body(response.status);
  exchange.parser.reset();  // a long body may take hours: keep little meanwhile
  exchange.request.headers = {};
  exchange.request.query = {};
  exchange.request.path_values = {};
  response.headers = {};
  exchange.request.body = {};
  bool is_sent = false;
  if (auto* text = std::get_if<std::string>(&response.body)) {
    if (has_body) header += *text;
    is_sent = co_await write_all(header, false);
    if (is_sent && has_body) sent_bytes_ = text->size();
  } else {
    is_sent = co_await write_all(header, has_body);
    std::string().swap(header);
    if (is_sent && has_body) {
      if (has_events) {
        is_sent = co_await send_events(std::move(std::get<std::shared_ptr<EventSource>>(response.body)));
      } else {
        is_sent = co_await send_pieces(std::move(std::get<LongBody>(response.body)));
      }
    }
  }
  log(exchange, response.status);
  lingers_ = is_sent && !keeps_alive;
  co_return is_sent&& keeps_alive;
}

Task<bool> Session::send_pieces(LongBody body) {
  const std::shared_ptr<Transfer> transfer = body.transfer;
  LongBodyReader reader(std::move(body));
  if (reader.is_short()) co_return false;
  channel_.bound_unsent_bytes();
  Pace pace{.silence = std::chrono::seconds(door_.config.send_timeout_s)};
  std::shared_ptr<const OpenFile> file;
  const std::filesystem::path* opened = nullptr;
  transfer_ = transfer.get();
  bool goes_on = true;
  while (goes_on && !reader.is_done()) {
    if (transfer && !transfer->may_go_on(sent_bytes_)) {
      abort();
      break;
    }
    const LongBodyReader::Piece piece = reader.piece();
    if (piece.file && piece.file != opened) {
      file = door_.files.open(*piece.file);
      opened = piece.file;
      if (!file) break;
    }
    goes_on = co_await send_piece(reader, file.get(), pace);
  }
  transfer_ = nullptr;
  co_return reader.is_done();
}

/// Until the end of what is now the reader's next piece.
Task<bool> Session::send_piece(LongBodyReader& reader, const OpenFile* file, Pace& pace) {
  const std::uint64_t end = reader.passed_bytes() + reader.piece().size_bytes;
  while (reader.passed_bytes() < end) {
    const LongBodyReader::Piece piece = reader.piece();
    const std::uint64_t size = std::min(piece.size_bytes, end - reader.passed_bytes());
    const IoResult result = piece.file ? channel_.send_file(file->descriptor(), piece.offset, size)
                                       : channel_.write(piece.bytes.substr(0, size), !piece.is_last);
    if (result.state == IoState::done) {
      reader.pass(result.bytes);
      sent_bytes_ = reader.passed_bytes();
      pace.bytes += result.bytes;
      door_.counters.sent_bytes += result.bytes;
      continue;
    }
    const bool goes_on = co_await wait(result.state, pace);
    if (!goes_on) co_return false;
  }
  co_return !is_over_;
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

void Session::log(const Exchange& exchange, int status) {
  ++door_.counters.responses[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)];
  const std::chrono::duration<double, std::milli> elapsed = Steady::now() - exchange.began;
  door_.log.add({.request_id = exchange.request_id,
                 .method = exchange.request.path.empty() ? "" : name(exchange.request.method),
                 .route = exchange.request.route,
                 .client_address = address_,
                 .user_id = exchange.request.caller.user_id,
                 .status = status,
                 .sent_bytes = sent_bytes_,
                 .elapsed_ms = elapsed.count()});
}

}  // namespace naru::server
