/// Lists in pages: ?limit=N&page_token=T, and "next_page_token" in the answer while there is more.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "server/auth/accounts.h"
#include "server/http/message.h"

namespace naru::server {

inline constexpr int kMaxPageSize = 1000;

/// Limit 100 unless said, at most kMaxPageSize. The token is the id of the last item, whose ids begin with `kind`.
/// @throws Error{request_invalid}
PageRequest page_of(const Request& request, std::string_view kind);

/// The page to ask a store for: one more, which tells whether there is more.
inline PageRequest with_one_more(PageRequest page) {
  ++page.limit;
  return page;
}

/// {schema, items: [...], next_page_token} of what a store gave for with_one_more(page).
template <class Item, class ToJson>
Response page_response(std::string_view schema, std::vector<Item> items, const PageRequest& page, ToJson to_json) {
  const bool has_more = items.size() > static_cast<std::size_t>(page.limit);
  if (has_more) items.resize(static_cast<std::size_t>(page.limit), items.front());
  nlohmann::ordered_json json = {{"schema", schema}, {"items", nlohmann::ordered_json::array()}};
  for (const Item& item : items) json["items"].push_back(to_json(item));
  if (has_more) json["next_page_token"] = items.back().id;
  return json_response(json);
}

}  // namespace naru::server
