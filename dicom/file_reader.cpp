#include "dicom/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace naru::dicom {

FileReader::FileReader(const std::filesystem::path& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status {};
  if (is_open() && fstat(descriptor_, &status) == 0) size_bytes_ = static_cast<std::uint64_t>(status.st_size);
}

FileReader::~FileReader() {
  if (is_open()) close(descriptor_);
}

std::size_t FileReader::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t count =
        pread(descriptor_, out.data() + filled, out.size() - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

}  // namespace naru::dicom
