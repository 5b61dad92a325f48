/// A request's JSON body, field by field. Messages name the field and what would do, never the value.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/message.h"

namespace naru::server {

class JsonBody {
 public:
  /// @throws Error{request_invalid} unless the body is a JSON object that nests at most 16 deep;
  /// Error{media_type_unsupported} unless Content-Type says application/json
  explicit JsonBody(const Request& request);

  // Each @throws Error{request_invalid} where the field is missing (but for the optional ones), of another kind, or out
  // of bounds.
  std::string text(std::string_view name, std::size_t max_bytes);
  std::optional<std::string> optional_text(std::string_view name, std::size_t max_bytes);
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::vector<std::string> texts(std::string_view name, std::size_t max_count, std::size_t max_bytes);

  /// Call last. @throws Error{request_invalid} where the body has a field that nobody asked for
  void finish() const;

 private:
  const nlohmann::json* find(std::string_view name);

  nlohmann::json json_;
  std::vector<std::string> asked_;
};

/// A word that people chose for a thing: 1 to 64 letters, digits, '-', '_', '.', not beginning with '.'.
/// @throws Error{request_invalid}
void check_word(std::string_view field, std::string_view word);

/// `limit` and `page_token` of a list.
struct Page {
  std::int64_t limit = 100;
  std::string after;  ///< the last id of the page before; empty: from the begin
};
/// @throws Error{request_invalid} limit outside 1 to 1000
Page page_of(const Request& request);

/// {NAME: items, "next_page_token": last id where there may be more}. `items` holds at most limit + 1 rows.
nlohmann::ordered_json page_json(std::string_view name, std::vector<nlohmann::ordered_json> items, const Page& page);

}  // namespace naru::server
