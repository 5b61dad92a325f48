#include "server/private_file.h"

#include <sys/stat.h>

#include "core/log.h"

namespace naru::server {

void warn_if_open(const std::filesystem::path& file, std::string_view name) {
  constexpr mode_t kForbidden = S_IWGRP | S_IRWXO;
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || (status.st_mode & kForbidden) == 0) return;
  log::warning("{} {} is open to others: run chmod 600 on it, or chmod 640 where its group is the server's",
               Public{name}, Public{file.string()});
}

}  // namespace naru::server
