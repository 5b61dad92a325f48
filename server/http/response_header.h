/// The header of a response as bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace naru::server {

struct HeaderContext {
  std::string_view request_id;
  bool is_tls = false, keeps_alive = true;
  std::optional<std::uint64_t> content_length;  ///< none: the body ends with the connection
};

/// Status line, the response's own fields, and what every response carries: Date, Server, X-Request-Id,
/// X-Content-Type-Options; unless the response has its own, Cache-Control: no-store, Referrer-Policy and a
/// Content-Security-Policy that allows nothing; Strict-Transport-Security on TLS; Content-Length but for 1xx, 204, 304.
/// @throws Error{internal} where a field holds a control character (header injection)
std::string response_header(const Response& response, const HeaderContext& context);

/// Statuses whose responses have no body: 1xx, 204, 304.
bool is_without_body(int status);

}  // namespace naru::server
