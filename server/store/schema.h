/// The tables, as a list of forward migrations. Released ones are never changed; new ones are added at the end.
#pragma once

#include <span>
#include <string_view>

namespace naru::server {

struct Migration {
  int version;           ///< 1, 2, ... without gaps
  std::string_view why;  ///< for the operator's log
  std::string_view sql;  ///< statements with ';' between, for both engines
};

std::span<const Migration> migrations();

}  // namespace naru::server
