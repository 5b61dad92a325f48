/// A recipe as a request gives it: the name of a built-in one, or TOML. Never a path.
#pragma once

#include <string>
#include <string_view>

namespace naru::server {

/// The recipe's TOML, checked; "" stays "" (the pipeline then chooses by modality).
/// @throws Error{recipe_invalid}
std::string recipe_text(std::string_view name_or_toml);

}  // namespace naru::server
