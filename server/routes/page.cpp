#include "server/routes/page.h"

#include <fmt/format.h>

#include <charconv>

#include "core/error.h"

namespace naru::server {

PageRequest page_of(const Request& request, std::string_view kind) {
  PageRequest page;
  if (const auto limit = request.query_value("limit")) {
    const auto [end, problem] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
    if (problem != std::errc() || end != limit->data() + limit->size() || page.limit < 1 || page.limit > kMaxPageSize) {
      throw Error(ErrorCode::request_invalid, fmt::format("limit must be a number from 1 to {}", kMaxPageSize));
    }
  }
  if (const auto token = request.query_value("page_token")) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    const bool is_of_list = token->starts_with(kind) && token->substr(kind.size()).starts_with('-');
    if (!is_of_list || token->size() > 128 || token->find_first_not_of(kLetters) != std::string_view::npos) {
      throw Error(ErrorCode::request_invalid, "page_token is not one that this list gave");
    }
    page.after = *token;
  }
  return page;
}

}  // namespace naru::server
