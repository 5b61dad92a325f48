/// Files that the configuration names and that hold a secret: keys, and what identity providers ask for.
#pragma once

#include <filesystem>
#include <string_view>

namespace naru::server {

/// Refuses a file that more than its owner and its group may read, or more than its owner may change. A group may read
/// it, since keys are often kept for the group of a service, and systemd's credentials show so. Links are followed; of
/// a file that is not there nothing is said.
/// @param name of the configuration's key, for the message
/// @throws Error{config_invalid}
void require_private(const std::filesystem::path& file, std::string_view name);

}  // namespace naru::server
