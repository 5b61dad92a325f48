/// Fields of a small JSON body, each checked for kind and size.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/message.h"

namespace naru::server {

/// Every function throws Error{request_invalid} naming the field.
class JsonBody {
 public:
  /// @param known the fields that there may be; any other is an error
  /// @throws Error{media_type_unsupported} unless the request says application/json; Error{request_invalid}
  JsonBody(const Request& request, std::initializer_list<std::string_view> known);

  bool has(std::string_view field) const { return json_.contains(field); }
  bool is_null(std::string_view field) const { return has(field) && json_.at(std::string(field)).is_null(); }

  std::string text(std::string_view field, std::size_t max_bytes) const;
  std::optional<std::string> text_if(std::string_view field, std::size_t max_bytes) const;
  bool boolean(std::string_view field) const;
  std::int64_t integer(std::string_view field) const;
  std::vector<std::string> texts(std::string_view field, std::size_t max_count, std::size_t max_bytes) const;
  /// The object in `field`, with these fields.
  JsonBody object(std::string_view field, std::initializer_list<std::string_view> known) const;

 private:
  JsonBody(nlohmann::ordered_json json, std::initializer_list<std::string_view> known);
  void check(std::initializer_list<std::string_view> known) const;
  const nlohmann::ordered_json& at(std::string_view field) const;

  nlohmann::ordered_json json_;
};

}  // namespace naru::server
