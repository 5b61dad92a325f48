#include "server/jobs/job_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "pipeline/file_descriptor.h"
#include "pipeline/files.h"
#include "server/jobs/job_row.h"
#include "server/store/database.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

/// Makes renames in `folder` last.
void sync_folder(const fs::path& folder) {
  const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || ::fsync(opened.number()) != 0) throw write_error(errno, "the data folder of the server");
}

}  // namespace

std::string job_id_of_dataset(std::string_view dataset_id) {
  return fmt::format("job-{}", dataset_id.substr(std::min(dataset_id.size(), dataset_id.find('-') + 1)));
}

int threads_of_one(int threads, int worker_count) {
  const int all = threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, all / std::max(1, worker_count));
}

std::string device_for(std::string_view asked, std::size_t gpu_count, std::optional<std::size_t> gpu) {
  const bool may_choose = asked == "auto" || asked == "cuda";
  if (asked == "auto" && gpu_count == 0) return "cpu";
  return may_choose && gpu && gpu_count > 1 ? fmt::format("{}:{}", asked, *gpu) : std::string(asked);
}

void place_dataset(const fs::path& out, const fs::path& dataset) {
  std::error_code failure;
  fs::create_directories(dataset.parent_path(), failure);
  if (failure) throw write_error(failure.value(), "the data folder of the server");
  if (fs::exists(dataset, failure)) return;
  if (::rename(out.c_str(), dataset.c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST) {
    throw write_error(errno, "the folder of datasets");
  }
  sync_folder(dataset.parent_path());
  sync_folder(out.parent_path());
}

}  // namespace naru::server
