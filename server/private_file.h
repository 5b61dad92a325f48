/// Files that the configuration names and that hold a secret: keys, and what identity providers ask for.
#pragma once

#include <filesystem>
#include <string_view>

namespace naru::server {

/// Logs a warning where more than its owner and its group may read a file, or more than its owner may change it. A
/// group may read it, since keys are often kept for the group of a service, and systemd's credentials show so. It is no
/// error: secrets of containers are mounted for all as a rule. Links are followed; of a file that is not there nothing
/// is said.
/// @param name of the configuration's key, for the message
void warn_if_open(const std::filesystem::path& file, std::string_view name);

}  // namespace naru::server
