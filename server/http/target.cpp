#include "server/http/target.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/text.h"

namespace naru::server {

namespace {
constexpr std::size_t kMaxQueryParts = 100;

[[noreturn]] void refuse_target(const char* what) {
  throw Error(ErrorCode::request_invalid, std::string("the target of the request has ") + what);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

char unescaped(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) {
    refuse_target("an escape that is not % and two hexadecimal digits");
  }
  return static_cast<char>(value);
}

std::string decoded(std::string_view text, bool is_query) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      c = unescaped(text.substr(i + 1, 2));
      i += 2;
      if (!is_query && c == '/') refuse_target("an escaped '/' in its path");
    } else if (is_query && c == '+') {
      c = ' ';
    }
    if (is_control(c) && !(is_query && (c == '\n' || c == '\r' || c == '\t'))) refuse_target("a control character");
    out += c;
  }
  if (valid_utf8(out) != out) refuse_target("text that is not UTF-8");
  return out;
}

void check_parts(std::string_view path) {
  if (path.find('\\') != std::string_view::npos) refuse_target("a '\\' in its path");
  for (std::size_t begin = 1; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") refuse_target("an empty, '.' or '..' part in its path");
    begin = end + 1;
  }
}

/// What follows scheme and host of the absolute form; the origin form as it is.
std::string origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t end_of_host = target.find_first_of("/?", scheme.size());
    if (end_of_host == scheme.size()) refuse_target("no host after its scheme");
    if (end_of_host == std::string_view::npos) return "/";
    const std::string_view rest = target.substr(end_of_host);
    return std::string(rest.starts_with('?') ? "/" : "").append(rest);
  }
  return std::string(target);
}
}  // namespace

Target parse_target(std::string_view text) {
  const std::string origin = origin_form(text);
  const std::string_view target = origin;
  if (!target.starts_with('/')) refuse_target("a path that does not begin with '/'");
  if (target.find('#') != std::string_view::npos) refuse_target("a '#'");
  const std::size_t question = target.find('?');
  Target out;
  out.path = decoded(target.substr(0, question), false);
  check_parts(out.path);
  if (question == std::string_view::npos) return out;
  for (std::string_view rest = target.substr(question + 1); !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) {
      out.query.emplace_back(decoded(pair.substr(0, equals), true),
                             decoded(pair.substr(std::min(equals + 1, pair.size())), true));
    }
    if (out.query.size() > kMaxQueryParts) refuse_target("more than 100 parts in its query");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace naru::server
