#include "server/http/range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/ascii_case.h"
#include "core/error.h"
#include "server/http/problem.h"

namespace naru::server {

namespace {

/// Whether the list of entity tags, or "*", holds `etag`. Tags are quoted and hold no '"', but may hold ','.
bool holds(std::string_view list, std::string_view etag, bool weak_counts) {
  if (trimmed(list) == "*") return true;
  while (true) {
    list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
    const bool is_weak = list.starts_with("W/");
    if (is_weak) list.remove_prefix(2);
    if (!list.starts_with('"')) return false;
    const std::size_t end = list.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (list.substr(0, end + 1) == etag && (weak_counts || !is_weak)) return true;
    list.remove_prefix(end + 1);
  }
}

struct Number {
  bool is_there = false;
  std::uint64_t value = 0;
};

/// Digits alone, or nothing. What is too large for 64 bits is the largest number: it lies behind every end.
std::optional<Number> number(std::string_view text) {
  if (text.empty()) return Number{};
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  Number out{true, 0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.value);
  if (error == std::errc::result_out_of_range) out.value = UINT64_MAX;
  return out;
}

/// Of one "first-last", "first-" or "-suffix".
Selection of_range(std::string_view range, std::uint64_t size) {
  const Selection whole{200, 0, size};
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto first = number(range.substr(0, dash)), last = number(range.substr(dash + 1));
  if (!first || !last || (!first->is_there && !last->is_there)) return whole;
  if (!first->is_there) {
    const std::uint64_t suffix = std::min(last->value, size);
    return suffix == 0 ? Selection{416, 0, 0} : Selection{206, size - suffix, suffix};
  }
  if (last->is_there && last->value < first->value) return whole;
  if (first->value >= size) return {416, 0, 0};
  const std::uint64_t end = last->is_there ? std::min(last->value, size - 1) : size - 1;
  return {206, first->value, end - first->value + 1};
}

}  // namespace

Selection select(const Request& request, const Representation& representation) {
  const auto& [etag, size] = representation;
  const Headers& headers = request.headers;
  if (const auto match = headers.find("If-Match"); match && !holds(*match, etag, false)) return {412, 0, 0};
  if (const auto none = headers.find("If-None-Match"); none && holds(*none, etag, true)) return {304, 0, 0};
  const auto range = headers.find("Range");
  if (!range || request.method != Method::get) return {200, 0, size};
  if (const auto condition = headers.find("If-Range"); condition && trimmed(*condition) != etag) return {200, 0, size};
  const std::size_t equals = range->find('=');
  const bool is_of_bytes =
      equals != std::string_view::npos && is_equal_but_for_case(trimmed(range->substr(0, equals)), "bytes");
  if (!is_of_bytes) return {200, 0, size};
  const std::string_view ranges = trimmed(range->substr(equals + 1));
  if (ranges.find(',') != std::string_view::npos) return {200, 0, size};
  return of_range(ranges, size);
}

Response ranged_response(const Request& request, const Representation& representation, LongBody body) {
  const Selection selection = select(request, representation);
  if (selection.status == 412) {
    return problem_response(Error(ErrorCode::precondition_failed, "If-Match names another version"),
                            request.request_id);
  }
  Response response;
  if (selection.status == 416) {
    response = problem_response(Error(ErrorCode::range_unsatisfiable, "no byte of the asked range exists"),
                                request.request_id);
    response.headers.add("Content-Range", fmt::format("bytes */{}", representation.size_bytes));
  }
  response.status = selection.status;
  response.headers.add("ETag", representation.etag);
  response.headers.add("Accept-Ranges", "bytes");
  if (selection.status == 206) {
    response.headers.add("Content-Range",
                         fmt::format("bytes {}-{}/{}", selection.first, selection.first + selection.size_bytes - 1,
                                     representation.size_bytes));
  }
  if (selection.status != 200 && selection.status != 206) return response;
  body.first = selection.first;
  body.size_bytes = selection.size_bytes;
  response.body = std::move(body);
  return response;
}

}  // namespace naru::server
