/// A request under way on a connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/message.h"
#include "server/http/request_parser.h"

namespace naru::server {

/// How long a connection may keep us waiting for one thing: at most `silence` without a byte, and in all not longer
/// than `silence` and the time that the bytes take at 512 a second. So who sends or takes a byte now and then is cut
/// off too.
struct Pace {
  std::chrono::steady_clock::duration silence{};
  std::uint64_t bytes = 0;
  std::chrono::steady_clock::duration waited{};
};

/// What the access log says of a request at its end.
struct Served {
  std::string request_id, user_id;
  std::string_view method, route;  ///< of static lifetime
  int status = 0;
  bool keeps_alive = false;  ///< the connection, if all is sent
  std::chrono::steady_clock::time_point began;
};

struct Exchange {
  Request request;
  std::optional<RequestParser> parser;  ///< none: the header was refused
  std::string request_id;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  Pace body_pace;
  bool is_body_read = false;    ///< to its end
  bool wants_continue = false;  ///< the client waits for 100 before it sends the body
  bool may_keep_alive = false;
};

}  // namespace naru::server
