#include "server/store/copy_file.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "pipeline/file_descriptor.h"
#include "pipeline/files.h"
#include "server/random_id.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kWhat = "a copy of the database";

void sync(const fs::path& path, int flags) {
  const FileDescriptor opened(::open(path.c_str(), flags | O_CLOEXEC));
  if (!opened.is_open() || ::fsync(opened.number()) != 0) throw write_error(errno, kWhat);
}

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

}  // namespace

void publish_copy(const fs::path& file, const std::function<void(const fs::path&)>& make) {
  const fs::path temporary = folder_of(file) / fmt::format(".{}.tmp", random_id("copy"));
  try {
    {
      const FileDescriptor created(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!created.is_open()) throw write_error(errno, kWhat);
    }
    make(temporary);
    sync(temporary, O_RDONLY);
    std::error_code failure;
    fs::rename(temporary, file, failure);
    if (failure) throw write_error(failure.value(), kWhat);
    sync(folder_of(file), O_RDONLY | O_DIRECTORY);
  } catch (...) {
    std::error_code ignored;
    for (const char* ending : {"", "-wal", "-journal"}) fs::remove(temporary.string() + ending, ignored);
    throw;
  }
}

}  // namespace naru::server
