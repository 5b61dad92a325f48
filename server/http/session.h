/// One connection: reads requests one after the other, asks the Application on the pool and sends what it says.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>

#include "server/http/asio.h"
#include "server/http/channel.h"
#include "server/http/door.h"
#include "server/http/exchange.h"
#include "server/http/message.h"

namespace naru::server {

class Session;
class Sending;
struct Served;

/// What the sessions of one thread share. All of it is touched by that thread alone.
struct SessionThread {
  boost::asio::io_context context{1};
  Timer tick{context.get_executor()};
  std::unordered_set<Session*> sessions;
  std::array<char, 64 << 10> scratch;  ///< read into, so that a connection that rests holds no buffer
};

class Session {
 public:
  /// `ticket`: of ClientLimits::open.
  Session(DoorState& door, SessionThread& thread, Socket socket, std::string address, std::string ticket);
  ~Session();
  Session(const Session&) = delete;

  Task<void> run(std::unique_ptr<Session> self);  ///< which goes when this ends

  // By the thread of the session:
  void tick(Steady::time_point now);  ///< every half second: time-outs, may_go_on
  void wake();                        ///< a stream of events asks its source now
  void drain();                       ///< closes where no request is under way
  void abort();                       ///< ends at the next chance, with a reset

 private:
  enum class Start { anew, goes_on };  ///< of a request: only the former is refused where the pool is full

  Task<bool> shake_hands();
  Task<bool> serve();  ///< one request, but for a long body of its response; whether another may follow
  // Reading: session.cpp. None of these: the connection is over.
  Task<std::size_t> read_header();  ///< 0: over. @throws Error where it is refused
  void begin(Exchange& exchange, std::size_t header_size);
  Task<std::optional<Response>> answer(Exchange& exchange, std::size_t header_size);
  Task<std::optional<Response>> admit(Exchange& exchange, Admission& admission);
  Task<std::optional<Response>> receive(Exchange& exchange, std::uint64_t max_bytes);
  Task<bool> read_whole_body(Exchange& exchange, std::uint64_t max_bytes);
  Task<std::optional<std::size_t>> read_body(Exchange& exchange, std::span<char> out);
  // Sending: session_sending.cpp. False: the connection is over.
  Task<bool> send(Exchange& exchange, Response response);  ///< of a long body only the header: it is `sending_` then
  Task<bool> send_long_body();
  IoResult send_some();  ///< of `sending_`
  Task<bool> send_events(std::shared_ptr<EventSource> source);
  Task<bool> write_all(std::string_view bytes, bool has_more);
  Task<void> linger();
  void log(const Served& served);

  /// Waits for the socket; false where the connection is over.
  Task<bool> wait(IoState what, Pace& pace);
  /// Runs `work` on the pool. @throws what it throws; Error{draining} where the pool is full and this starts anew
  Task<void> on_pool(Start start, std::function<void()> work);

  DoorState& door_;
  SessionThread& thread_;
  Socket socket_;
  Channel channel_;
  const std::string address_, ticket_;
  std::string input_;  ///< what was read and not used
  Steady::time_point deadline_ = Steady::time_point::max();
  std::unique_ptr<Sending> sending_;
  std::uint64_t sent_bytes_ = 0;  ///< of the body under way
  Timer* event_timer_ = nullptr;
  bool is_over_ = false;  ///< ended by us, with a reset
  bool is_idle_ = false;  ///< between two requests
  bool has_served_ = false;
  bool lingers_ = false;  ///< the last response goes out before the connection is closed
  bool is_woken_ = false;
};

}  // namespace naru::server
