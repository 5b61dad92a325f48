/// Recipes as jobs hold them: TOML, or nothing for the kind's default. Nothing here opens a file.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/work_order.h"

namespace naru::server {

/// The TOML of what a client sent: the name of a built-in, or TOML itself.
/// @throws Error{recipe_invalid} naming line and column
std::string recipe_toml(WorkKind kind, std::string_view name_or_toml);

/// What others than the hospital are told of what a client sent: the name, or the TOML without lists of words and
/// comments. @throws Error{recipe_invalid}
std::string told_recipe(std::string_view name_or_toml);

/// Whether some of the work can be done on a GPU: all that makes volumes, and the search for text. @param toml of
/// recipe_toml
bool has_gpu_part(WorkKind kind, std::string_view toml);

/// The same for two recipes exactly where they ask for the same, whatever their spelling.
std::string recipe_identity(WorkKind kind, std::string_view name_or_toml);

}  // namespace naru::server
