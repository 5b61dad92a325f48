#include "server/http/open_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace naru::server {

OpenFile::~OpenFile() { close(descriptor_); }

std::shared_ptr<const OpenFile> OpenFiles::open(const std::filesystem::path& file) {
  const std::lock_guard lock(mutex_);
  if (const auto known = files_.find(file.string()); known != files_.end()) {
    if (auto shared = known->second.lock()) return shared;
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
