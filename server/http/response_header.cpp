#include "server/http/response_header.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "core/error.h"

namespace naru::server {

namespace {
struct Reason {
  int status;
  std::string_view text;
};

constexpr std::array kReasons = {
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{415, "Unsupported Media Type"},
    Reason{416, "Range Not Satisfiable"},
    Reason{422, "Unprocessable Content"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{503, "Service Unavailable"},
    Reason{507, "Insufficient Storage"},
};

std::string_view reason(int status) {
  const auto found = std::ranges::find(kReasons, status, &Reason::status);
  return found == kReasons.end() ? "" : found->text;
}

/// The time as RFC 9110 5.6.7 writes it. A second is written once by each thread.
std::string_view date() {
  thread_local std::time_t written = 0;
  thread_local std::string text;
  if (const std::time_t now = std::time(nullptr); now != written) {
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
    written = now;
  }
  return text;
}

bool ends_a_field(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

void append(std::string& out, std::string_view name, std::string_view value) {
  if (std::ranges::any_of(name, ends_a_field) || std::ranges::any_of(value, ends_a_field)) {
    throw Error(ErrorCode::internal, "a field of a response holds a control character");
  }
  out.append(name).append(": ").append(value).append("\r\n");
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kDefaults = {{
    {"Cache-Control", "no-store"},
    {"Referrer-Policy", "no-referrer"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
}};
}  // namespace

bool is_without_body(int status) { return status < 200 || status == 204 || status == 304; }

std::string response_header(const Response& response, const HeaderContext& context) {
  std::string out;
  out.reserve(512);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
  append(out, "Date", date());
  append(out, "Server", "naru");
  append(out, "X-Request-Id", context.request_id);
  append(out, "X-Content-Type-Options", "nosniff");
  if (context.is_tls) append(out, "Strict-Transport-Security", "max-age=31536000");
  for (const auto& [name, value] : kDefaults) {
    if (!response.headers.find(name)) append(out, name, value);
  }
  for (const auto& [name, value] : response.headers.fields()) append(out, name, value);
  if (context.content_length && !is_without_body(response.status)) {
    append(out, "Content-Length", fmt::to_string(*context.content_length));
  }
  append(out, "Connection", context.keeps_alive ? "keep-alive" : "close");
  return out.append("\r\n");
}

}  // namespace naru::server
