#include "server/http/header_scanner.h"

#include <string>

#include "core/error.h"

namespace naru::server {

namespace {
[[noreturn]] void refuse_header(const char* what) {
  throw Error(ErrorCode::request_invalid, std::string("the header of the request has ") + what);
}

[[noreturn]] void too_large(const char* what) {
  throw Error(ErrorCode::header_too_large, std::string("the header of the request has ") + what);
}

void check_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') refuse_header("a line that continues the one before");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) refuse_header("a line without a name and ':'");
  if (line.substr(0, colon).find_first_of(" \t") != std::string_view::npos) refuse_header("a space in a field's name");
}
}  // namespace

std::optional<std::size_t> HeaderScanner::scan(std::string_view bytes) {
  for (; looked_at_ < bytes.size(); ++looked_at_) {
    const char c = bytes[looked_at_];
    const bool is_after_return = looked_at_ > line_begin_ && bytes[looked_at_ - 1] == '\r';
    if (c == '\0') refuse_header("a NUL");
    if ((c == '\n') != is_after_return) refuse_header("a line that does not end with CR LF");
    if (looked_at_ - line_begin_ > kMaxLineBytes) too_large("a line longer than 8 KiB");
    if (looked_at_ >= kMaxHeaderBytes) too_large("more than 32 KiB");
    if (c != '\n') continue;
    const std::string_view line = bytes.substr(line_begin_, looked_at_ - 1 - line_begin_);
    line_begin_ = looked_at_ + 1;
    if (line.empty()) {
      if (lines_ == 0) refuse_header("no request line");
      return ++looked_at_;
    }
    if (lines_++ == 0) continue;
    if (lines_ - 1 > kMaxFields) too_large("more than 100 fields");
    check_field(line);
  }
  return std::nullopt;
}

}  // namespace naru::server
