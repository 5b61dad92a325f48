#include "server/ingest/multipart.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/ascii_case.h"
#include "core/error.h"
#include "server/http/message.h"

namespace naru::server {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
/// Spaces and tabs may stand after a boundary (RFC 2046 5.1.1); more than a few were put there to keep us busy.
constexpr std::size_t kMaxPaddingBytes = 256;

Error malformed(const char* what) {
  return Error(ErrorCode::request_invalid, std::string("the multipart body is malformed: ") + what);
}

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

/// Takes a value, quoted or not, from the front of `text`; empty where there is none.
std::optional<std::string> take_value(std::string_view& text) {
  if (!text.starts_with('"')) {
    const std::string_view token = text.substr(0, text.find_first_of("; \t"));
    text.remove_prefix(token.size());
    return token.empty() ? std::nullopt : std::optional(std::string(token));
  }
  std::string value;
  for (std::size_t n = 1; n < text.size(); ++n) {
    if (text[n] == '"') {
      text.remove_prefix(n + 1);
      return value;
    }
    if (text[n] == '\\' && ++n == text.size()) break;
    value += text[n];
  }
  return std::nullopt;
}

void check_boundary(std::string_view boundary) {
  constexpr std::size_t kMaxLength = 200;  // RFC 2046 allows 70, Orthanc sends 73
  constexpr std::string_view kMarks = "'()+_,-./:=? ";
  const bool is_allowed = std::ranges::all_of(boundary, [&](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (boundary.empty() || boundary.size() > kMaxLength || boundary.back() == ' ' || !is_allowed) {
    throw Error(ErrorCode::request_invalid, "Content-Type: the boundary is missing or is none (RFC 2046 5.1.1)");
  }
}

}  // namespace

std::optional<std::string_view> MediaType::parameter(std::string_view wanted) const {
  const auto found = std::ranges::find(parameters, wanted, &std::pair<std::string, std::string>::first);
  return found == parameters.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::optional<MediaType> parse_media_type(std::string_view text) {
  const std::size_t end = std::min(text.find(';'), text.size());
  MediaType type{in_small_letters(trimmed(text.substr(0, end))), {}};
  const std::size_t slash = type.name.find('/');
  if (slash == std::string::npos) return std::nullopt;
  if (!is_token(std::string_view(type.name).substr(0, slash)) ||
      !is_token(std::string_view(type.name).substr(slash + 1))) {
    return std::nullopt;
  }
  std::string_view rest = trimmed(text.substr(end));
  while (rest.starts_with(';')) {
    rest = trimmed(rest.substr(1));
    if (rest.empty()) break;
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos || !is_token(rest.substr(0, equals))) return std::nullopt;
    std::string name = in_small_letters(rest.substr(0, equals));
    rest.remove_prefix(equals + 1);
    auto value = take_value(rest);
    if (!value || type.parameter(name)) return std::nullopt;
    type.parameters.emplace_back(std::move(name), std::move(*value));
    rest = trimmed(rest);
  }
  return rest.empty() ? std::optional(std::move(type)) : std::nullopt;
}

MultipartReader::MultipartReader(std::string_view boundary, PartHandler& handler)
    : delimiter_("\r\n--" + std::string(boundary)), handler_(handler), held_(kLineEnd) {
  check_boundary(boundary);  // the first delimiter may stand at the very beginning: held_ begins as a line's end does
}

void MultipartReader::write(std::span<const std::byte> bytes) {
  constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
  while (!bytes.empty() && state_ != State::epilogue) {
    const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    bytes = bytes.subspan(piece.size());
    held_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    while (step()) {
    }
  }
}

void MultipartReader::finish() const {
  if (state_ != State::epilogue) throw malformed("it ends before its last boundary");
}

/// @return whether something was dealt with
bool MultipartReader::step() {
  switch (state_) {
    case State::preamble:
    case State::data: return pass_data();
    case State::after_delimiter: return read_delimiter_line();
    case State::header: return read_header();
    case State::epilogue: break;
  }
  held_.clear();
  return false;
}

/// Passes on what is no delimiter for certain.
bool MultipartReader::pass_data() {
  const std::size_t at = find(delimiter_);
  const bool is_found = at != std::string::npos;
  const std::size_t safe = is_found ? at : held_.size() - std::min(held_.size(), delimiter_.size() - 1);
  const std::size_t skipped = std::min(skip_bytes_, safe);
  skip_bytes_ = is_found ? 0 : skip_bytes_ - skipped;
  if (state_ == State::data && safe > skipped) {
    handler_.data(std::as_bytes(std::span(held_).subspan(skipped, safe - skipped)));
  }
  held_.erase(0, is_found ? at + delimiter_.size() : safe);
  if (is_found && state_ == State::data) handler_.end();
  if (is_found) state_ = State::after_delimiter;
  return is_found;
}

/// What stands after a boundary: "--" at the end of all, else nothing but padding.
bool MultipartReader::read_delimiter_line() {
  if (held_.starts_with("--")) {
    state_ = State::epilogue;
    held_.clear();
    return false;
  }
  const std::size_t end = find(kLineEnd);
  if (end == std::string::npos && held_.size() < kMaxPaddingBytes) return false;
  if (end == std::string::npos || !trimmed(std::string_view(held_).substr(0, end)).empty()) {
    throw malformed("something stands after a boundary");
  }
  held_.erase(0, end);  // the line's end stays: a header of no lines is an empty line right after it
  state_ = State::header;
  return true;
}

bool MultipartReader::read_header() {
  constexpr std::string_view kHeaderEnd = "\r\n\r\n";
  const std::size_t end = find(kHeaderEnd);
  if (end > kMaxPartHeaderBytes && held_.size() > kMaxPartHeaderBytes) {
    throw Error(ErrorCode::body_too_large, "the header of a part is too long");
  }
  if (end == std::string::npos) return false;
  if (++part_count_ > kMaxParts) {
    throw Error(ErrorCode::body_too_large, "the body has too many parts: send at most 10000 at once");
  }
  MediaType type{"text/plain", {}};
  std::string_view lines = std::string_view(held_).substr(0, end);
  while (!lines.empty()) {
    lines.remove_prefix(kLineEnd.size());
    const std::string_view line = lines.substr(0, lines.find(kLineEnd));
    lines.remove_prefix(line.size());
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) throw malformed("a part's header");
    if (!is_equal_but_for_case(line.substr(0, colon), "content-type")) continue;
    const auto parsed = parse_media_type(line.substr(colon + 1));
    if (!parsed) throw malformed("a part's Content-Type");
    type = *parsed;
  }
  held_.erase(0, end + kLineEnd.size());  // the empty line stays: the delimiter of a part without bytes begins with it
  skip_bytes_ = kLineEnd.size();
  state_ = State::data;
  handler_.begin(type);
  return true;
}

}  // namespace naru::server
