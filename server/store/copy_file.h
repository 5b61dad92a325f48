/// How a copy of the database comes to its place: whole or not at all, and readable by its owner alone.
#pragma once

#include <filesystem>
#include <functional>

namespace naru::server {

/// Lets `make` fill a new file of mode 0600 beside `file`, waits until it is on the disk and gives it the name `file`.
/// Where anything fails it is removed. @throws what `make` throws; Error{disk_full, output_unwritable}
void publish_copy(const std::filesystem::path& file, const std::function<void(const std::filesystem::path&)>& make);

}  // namespace naru::server
