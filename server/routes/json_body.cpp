#include "server/routes/json_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "pipeline/verify_files.h"
#include "server/ingest/multipart.h"

namespace naru::server {

namespace {

[[noreturn]] void fail(std::string_view field, std::string_view problem) {
  throw Error(ErrorCode::request_invalid, fmt::format("field \"{}\" {}", field, problem));
}

std::string checked_text(const nlohmann::ordered_json& json, std::string_view field, std::size_t max_bytes) {
  if (!json.is_string()) fail(field, "must be text");
  const auto& text = json.get_ref<const std::string&>();
  if (text.size() > max_bytes) fail(field, fmt::format("is longer than {} bytes", max_bytes));
  if (text.find('\0') != std::string::npos) fail(field, "holds a NUL");  // no database keeps it
  return text;
}

void check_media_type(const Request& request) {
  const auto type = parse_media_type(request.headers.find("Content-Type").value_or(""));
  if (type && type->name == "application/json") return;
  throw Error(ErrorCode::media_type_unsupported, "the body must be application/json");
}

}  // namespace

JsonBody::JsonBody(const Request& request, std::initializer_list<std::string_view> known) {
  check_media_type(request);
  json_ = parse_foreign(request.body);
  check(known);
}

JsonBody::JsonBody(nlohmann::ordered_json json, std::initializer_list<std::string_view> known)
    : json_(std::move(json)) {
  check(known);
}

void JsonBody::check(std::initializer_list<std::string_view> known) const {
  if (!json_.is_object()) throw Error(ErrorCode::request_invalid, "the body is no JSON object");
  for (const auto& [field, value] : json_.items()) {
    if (std::ranges::find(known, std::string_view(field)) != known.end()) continue;
    // The name comes from the client: shown only as far as it can be a name.
    const bool is_name =
        field.size() <= 64 && field.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string::npos;
    fail(is_name ? field : "?", "is not known here");
  }
}

const nlohmann::ordered_json& JsonBody::at(std::string_view field) const {
  const auto found = json_.find(field);
  if (found == json_.end()) fail(field, "is missing");
  return *found;
}

std::string JsonBody::text(std::string_view field, std::size_t max_bytes) const {
  return checked_text(at(field), field, max_bytes);
}

std::optional<std::string> JsonBody::text_if(std::string_view field, std::size_t max_bytes) const {
  if (!has(field)) return std::nullopt;
  return text(field, max_bytes);
}

bool JsonBody::boolean(std::string_view field) const {
  if (!at(field).is_boolean()) fail(field, "must be true or false");
  return at(field).get<bool>();
}

std::int64_t JsonBody::integer(std::string_view field) const {
  const auto& json = at(field);
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 53;  // what every JSON reader keeps exact
  const bool fits = json.is_number_unsigned() ? json.get<std::uint64_t>() <= kLargest : json.is_number_integer();
  if (!fits) fail(field, "must be a whole number");
  return json.get<std::int64_t>();
}

std::vector<std::string> JsonBody::texts(std::string_view field, std::size_t max_count, std::size_t max_bytes) const {
  const auto& json = at(field);
  if (!json.is_array()) fail(field, "must be a list");
  if (json.size() > max_count) fail(field, fmt::format("has more than {} entries", max_count));
  std::vector<std::string> texts;
  for (const auto& entry : json) texts.push_back(checked_text(entry, field, max_bytes));
  return texts;
}

JsonBody JsonBody::object(std::string_view field, std::initializer_list<std::string_view> known) const {
  if (!at(field).is_object()) fail(field, "must be an object");
  return {at(field), known};
}

}  // namespace naru::server
