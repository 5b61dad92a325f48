#include "pipeline/scratch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "core/error.h"
#include "pipeline/files.h"

namespace naru {

ScratchFile::ScratchFile(const std::filesystem::path& folder, std::uint64_t size_bytes) {
  std::string name = (folder / ".scratch-XXXXXX").string();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) throw write_error(errno, "a scratch file");
  ::unlink(name.c_str());
  const int full = ::posix_fallocate(descriptor, 0, static_cast<off_t>(size_bytes));
  void* const at =
      full == 0 ? ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) : MAP_FAILED;
  const int problem = full == 0 ? errno : full;
  ::close(descriptor);
  if (at == MAP_FAILED) throw write_error(problem, "a scratch file");
  bytes_ = {static_cast<std::byte*>(at), size_bytes};
}

ScratchFile::~ScratchFile() { ::munmap(bytes_.data(), bytes_.size()); }

void ScratchFile::release_pages() const { ::madvise(bytes_.data(), bytes_.size(), MADV_DONTNEED); }

}  // namespace naru
