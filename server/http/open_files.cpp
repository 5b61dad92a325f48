#include "server/http/open_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace naru::server {

namespace {

/// Not so once another file was put in its place: whoever asks now was promised that one.
bool is_still(const OpenFile& opened, const std::filesystem::path& file) {
  struct stat ours {};
  struct stat there {};
  return ::fstat(opened.descriptor(), &ours) == 0 && ::stat(file.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
         ours.st_dev == there.st_dev;
}

}  // namespace

OpenFile::~OpenFile() { close(descriptor_); }

std::shared_ptr<const OpenFile> OpenFiles::open(const std::filesystem::path& file) {
  const std::lock_guard lock(mutex_);
  if (const auto known = files_.find(file.string()); known != files_.end()) {
    if (auto shared = known->second.lock(); shared && is_still(*shared, file)) return shared;
  }
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  auto opened = std::make_shared<const OpenFile>(descriptor);
  files_[file.string()] = opened;
  if (files_.size() >= sweep_at_) {
    std::erase_if(files_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(64, 2 * files_.size());
  }
  return opened;
}

}  // namespace naru::server
