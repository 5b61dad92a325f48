#include "server/http/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstdint>

#include "core/error.h"
#include "server/http/header_scanner.h"
#include "server/http/target.h"

namespace naru::server {

namespace http = boost::beast::http;

namespace {
[[noreturn]] void refuse_request(const std::string& what) { throw Error(ErrorCode::request_invalid, what); }

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return Method::get;
    case http::verb::head: return Method::head;
    case http::verb::post: return Method::post;
    case http::verb::put: return Method::put;
    case http::verb::patch: return Method::patch;
    case http::verb::delete_: return Method::delete_;
    default: throw Error(ErrorCode::method_not_allowed, "the server knows GET, HEAD, POST, PUT, PATCH and DELETE");
  }
}

using Message = http::request<http::buffer_body>;

/// Request smuggling lives on two readers of one body length: whatever two could read differently is refused.
void check_framing(const Message& message) {
  const auto lengths = message.count(http::field::content_length);
  const auto codings = message.count(http::field::transfer_encoding);
  if (lengths > 1 || codings > 1 || (lengths == 1 && codings == 1)) {
    refuse_request("the length of the body is said more than once: send one Content-Length or one Transfer-Encoding");
  }
  if (lengths == 1) {
    const auto length = message[http::field::content_length];
    if (length.empty() || length.find_first_not_of("0123456789") != boost::beast::string_view::npos) {
      refuse_request("Content-Length is not a number");
    }
  }
  if (codings == 0) return;
  if (!boost::beast::iequals(message[http::field::transfer_encoding], "chunked")) {
    refuse_request("the only Transfer-Encoding that the server reads is \"chunked\"");
  }
  if (message.version() != 11) refuse_request("HTTP/1.0 knows no Transfer-Encoding");
}

void check_host(const Message& message) {
  const auto hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() == 11)) refuse_request("a request carries one Host field");
}
}  // namespace

struct RequestParser::Parts {
  http::request_parser<http::buffer_body> parser;
};

RequestParser::RequestParser() : parts_(std::make_unique<Parts>()) {
  parts_->parser.header_limit(kMaxHeaderBytes + 1);
  parts_->parser.body_limit(UINT64_MAX);  // the session counts: the limit is the route's. (None would refuse all.)
}

RequestParser::~RequestParser() = default;

Request RequestParser::parse_header(std::string_view header) {
  auto& parser = parts_->parser;
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(header.data(), header.size()), error);
  if (error || !parser.is_header_done()) refuse_request("the header of the request is malformed");
  const Message& message = parser.get();
  if (message.version() != 10 && message.version() != 11) refuse_request("the server speaks HTTP/1.0 and HTTP/1.1");
  check_framing(message);
  check_host(message);
  Request request;
  request.method = method_of(message.method());
  Target target = parse_target(view(message.target()));
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  for (const auto& field : message) request.headers.add(std::string(field.name_string()), std::string(field.value()));
  if (const auto length = parser.content_length()) request.content_length = *length;
  parser.eager(true);
  return request;
}

bool RequestParser::has_body() const { return !parts_->parser.is_done(); }
bool RequestParser::keeps_alive() const { return parts_->parser.get().keep_alive(); }

bool RequestParser::expects_continue() const {
  const Message& message = parts_->parser.get();
  return message.version() == 11 && boost::beast::iequals(message[http::field::expect], "100-continue");
}

RequestParser::Step RequestParser::read_body(std::string_view in, std::span<char> out) {
  auto& parser = parts_->parser;
  auto& body = parser.get().body();
  body.data = out.data();
  body.size = out.size();
  body.more = true;
  boost::beast::error_code error;
  Step step;
  if (!parser.is_done()) step.consumed = parser.put(boost::asio::buffer(in.data(), in.size()), error);
  step.produced = out.size() - body.size;
  step.is_done = parser.is_done();
  if (error && error != http::error::need_more && error != http::error::need_buffer) {
    refuse_request("the body of the request is malformed");
  }
  return step;
}

}  // namespace naru::server
