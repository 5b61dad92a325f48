#include "dicom/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <vector>

#include "core/error.h"

namespace naru::dicom {

void throw_if_too_many_are_open(int error_number) {
  if (error_number != EMFILE && error_number != ENFILE) return;
  throw Error(ErrorCode::input_unreadable, "too many files are open: raise the limit (ulimit -n)");
}

FileReader::FileReader(const std::filesystem::path& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status {};
  if (!is_open()) throw_if_too_many_are_open(errno);
  if (is_open() && fstat(descriptor_, &status) == 0) size_bytes_ = static_cast<std::uint64_t>(status.st_size);
}

FileReader::~FileReader() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::size_t FileReader::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  if (bytes_.data() != nullptr) {
    const auto from = bytes_.subspan(std::min<std::uint64_t>(offset, bytes_.size()));
    const std::size_t count = std::min(from.size(), out.size());
    std::copy_n(from.begin(), count, out.begin());
    return count;
  }
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

void FileDigest::take(std::uint64_t offset, std::span<const std::byte> bytes) {
  take_up_to(offset);
  const std::uint64_t known = std::min<std::uint64_t>(taken_bytes_ - offset, bytes.size());
  sha256_.update(bytes.subspan(known));
  taken_bytes_ += bytes.size() - known;
}

std::string FileDigest::finish() {
  take_up_to(std::numeric_limits<std::uint64_t>::max());
  return sha256_.finish();
}

void FileDigest::take_up_to(std::uint64_t offset) {
  constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
  if (taken_bytes_ >= offset) return;
  std::vector<std::byte> piece(std::min<std::uint64_t>(kPieceBytes, offset - taken_bytes_));
  while (taken_bytes_ < offset) {
    const std::size_t wanted = std::min<std::uint64_t>(piece.size(), offset - taken_bytes_);
    const std::size_t count = file_.read_at(taken_bytes_, std::span(piece).first(wanted));
    sha256_.update(std::span(piece).first(count));
    taken_bytes_ += count;
    if (count < wanted) return;
  }
}

}  // namespace naru::dicom
