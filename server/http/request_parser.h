/// One request from its bytes, by Beast's parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "server/http/message.h"

namespace naru::server {

class RequestParser {
 public:
  RequestParser();
  ~RequestParser();

  /// `header`: as HeaderScanner found it. Fills everything but `client_address`, `request_id`, the body and what
  /// `admit` fills. Refused beside what is malformed: an HTTP version other than 1.0 and 1.1, none or several Host
  /// fields, a target of which parse_target wants nothing, and whatever leaves the length of the body open to reading
  /// (several Content-Length, Content-Length with Transfer-Encoding, Transfer-Encoding other than "chunked" or in
  /// HTTP/1.0).
  /// @throws Error{request_invalid}, Error{method_not_allowed}
  Request parse_header(std::string_view header);

  bool has_body() const;
  bool keeps_alive() const;  ///< the client would send another request on this connection
  bool expects_continue() const;

  /// Decodes body bytes from `in` to `out`. Where nothing is consumed nor produced more of `in` is needed.
  /// @throws Error{request_invalid} for malformed chunks
  struct Step {
    std::size_t consumed = 0, produced = 0;
    bool is_done = false;
  };
  Step read_body(std::string_view in, std::span<char> out);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace naru::server
