#include "server/routes/json_body.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "pipeline/project_key.h"

namespace naru::server {

namespace {

constexpr int kMaxDepth = 16;
constexpr std::int64_t kMaxPage = 1000;

[[noreturn]] void fail(const std::string& problem) { throw Error(ErrorCode::request_invalid, problem); }

bool is_json(const Request& request) {
  const auto type = request.headers.find("Content-Type");
  return type && type->substr(0, type->find(';')) == "application/json";
}

/// Parses, refusing what nests too deep before it costs anything.
nlohmann::json parse(const std::string& text) {
  const auto limit_depth = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kMaxDepth) fail("the body nests too deep");
    return true;
  };
  auto json = nlohmann::json::parse(text, limit_depth, false);
  if (!json.is_object()) fail("the body must be a JSON object");
  return json;
}

std::string checked_text(std::string_view name, const nlohmann::json& value, std::size_t max_bytes) {
  if (!value.is_string()) fail(fmt::format("\"{}\" must be a string", name));
  auto text = value.get<std::string>();
  if (text.empty() || text.size() > max_bytes || text.find('\0') != std::string::npos) {
    fail(fmt::format("\"{}\" must have 1 to {} bytes, none of them NUL", name, max_bytes));
  }
  return text;
}

}  // namespace

JsonBody::JsonBody(const Request& request) {
  if (!is_json(request)) throw Error(ErrorCode::media_type_unsupported, "send the body as application/json");
  json_ = parse(request.body);
}

const nlohmann::json* JsonBody::find(std::string_view name) {
  asked_.emplace_back(name);
  const auto found = json_.find(name);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

std::string JsonBody::text(std::string_view name, std::size_t max_bytes) {
  auto text = optional_text(name, max_bytes);
  if (!text) fail(fmt::format("\"{}\" is missing", name));
  return *std::move(text);
}

std::optional<std::string> JsonBody::optional_text(std::string_view name, std::size_t max_bytes) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return std::nullopt;
  return checked_text(name, *value, max_bytes);
}

std::int64_t JsonBody::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const auto number = optional_integer(name, least, most);
  if (!number) fail(fmt::format("\"{}\" is missing", name));
  return *number;
}

std::optional<std::int64_t> JsonBody::optional_integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return std::nullopt;
  // An unsigned number above what int64 holds would come out negative.
  const bool is_small =
      value->is_number_integer() &&
      (!value->is_number_unsigned() || value->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
  const std::int64_t number = is_small ? value->get<std::int64_t>() : 0;
  if (!is_small || number < least || number > most) {
    fail(fmt::format("\"{}\" must be a whole number from {} to {}", name, least, most));
  }
  return number;
}

std::vector<std::string> JsonBody::texts(std::string_view name, std::size_t max_count, std::size_t max_bytes) {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_array() || value->size() > max_count) {
    fail(fmt::format("\"{}\" must be a list of at most {} strings", name, max_count));
  }
  std::vector<std::string> texts;
  for (const nlohmann::json& item : *value) texts.push_back(checked_text(name, item, max_bytes));
  return texts;
}

void JsonBody::finish() const {
  for (const auto& [name, value] : json_.items()) {
    if (std::ranges::find(asked_, name) == asked_.end()) {
      fail(fmt::format("the body has a field that is not known here; known: {}", fmt::join(asked_, ", ")));
    }
  }
}

void check_word(std::string_view field, std::string_view word) {
  if (!is_project_name(word)) {
    fail(fmt::format("\"{}\" must be 1 to 64 letters, digits, '-', '_' or '.', not beginning with '.'", field));
  }
}

Page page_of(const Request& request) {
  Page page;
  if (const auto limit = request.query_value("limit")) {
    const auto [end, failure] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
    const bool is_number = failure == std::errc{} && end == limit->data() + limit->size();
    if (!is_number || page.limit < 1 || page.limit > kMaxPage)
      fail(fmt::format("limit must lie between 1 and {}", kMaxPage));
  }
  if (const auto token = request.query_value("page_token")) page.after = *token;
  return page;
}

nlohmann::ordered_json page_json(std::string_view name, std::vector<nlohmann::ordered_json> items, const Page& page) {
  nlohmann::ordered_json json;
  const bool has_more = static_cast<std::int64_t>(items.size()) > page.limit;
  if (has_more) items.resize(static_cast<std::size_t>(page.limit));
  if (has_more) json["next_page_token"] = items.back().at("id");
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (auto& item : items) list.push_back(std::move(item));
  json[std::string(name)] = std::move(list);
  return json;
}

}  // namespace naru::server
