/// The organisation that the configuration names.
#pragma once

#include <string>
#include <string_view>

namespace naru::server {

class Database;

/// Its id. @param key of the configuration, for the error
/// @throws Error{config_invalid} where there is none of this name
std::string organisation_id(Database& database, const std::string& name, std::string_view key);

}  // namespace naru::server
