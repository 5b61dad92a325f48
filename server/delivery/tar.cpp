#include "server/delivery/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <mutex>

#include "core/digest.h"
#include "core/error.h"
#include "pipeline/file_descriptor.h"
#include "pipeline/files.h"

namespace naru::server {

namespace {

constexpr std::uint64_t kBlockBytes = 512;
constexpr std::size_t kReadBytes = std::size_t{1} << 20;

struct FreeArchive {
  void operator()(::archive* a) const { archive_write_free(a); }
};
struct FreeEntry {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

la_ssize_t append(::archive*, void* text, const void* bytes, std::size_t size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

/// The header of one member, as libarchive writes it.
std::string header_of(const std::string& path, std::uint64_t size_bytes) {
  std::string text;
  const std::unique_ptr<::archive, FreeArchive> writer(archive_write_new());
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  archive_write_set_format_pax_restricted(writer.get());
  archive_write_set_bytes_per_block(writer.get(), 0);  // nothing is held back
  archive_entry_set_pathname_utf8(entry.get(), path.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size_bytes));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), 0, 0);
  if (archive_write_open(writer.get(), &text, nullptr, append, nullptr) != ARCHIVE_OK ||
      archive_write_header(writer.get(), entry.get()) < ARCHIVE_WARN) {
    throw Error(ErrorCode::internal, "the header of a tar member could not be made");
  }
  archive_write_fail(writer.get());  // or freeing it writes the whole member, all zeros
  return text;
}

Segment bytes_segment(std::string bytes) {
  const std::uint64_t size = bytes.size();
  return {std::move(bytes), {}, size};
}

void add_file(Sha256& hash, const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<std::byte> buffer(kReadBytes);
  ssize_t size = -1;
  while (file.is_open() && (size = ::read(file.number(), buffer.data(), buffer.size())) > 0) {
    hash.update(std::span(buffer).first(static_cast<std::size_t>(size)));
  }
  if (size != 0) throw Error(ErrorCode::internal, "a file of a dataset cannot be read; run naru admin fsck");
}

}  // namespace

std::shared_ptr<const std::vector<Segment>> tar_segments(const DatasetListing& listing) {
  auto segments = std::make_shared<std::vector<Segment>>();
  for (const DatasetObject& file : listing.files) {
    segments->push_back(bytes_segment(header_of(listing.dataset.name + "/" + file.path, file.size_bytes)));
    if (file.size_bytes == 0) continue;
    segments->push_back(file.bytes->front());
    const std::uint64_t over = file.size_bytes % kBlockBytes;
    if (over != 0) segments->push_back(bytes_segment(std::string(kBlockBytes - over, '\0')));
  }
  segments->push_back(bytes_segment(std::string(2 * kBlockBytes, '\0')));
  return segments;
}

std::uint64_t tar_size_bytes(const std::vector<Segment>& segments) {
  std::uint64_t size = 0;
  for (const Segment& segment : segments) size += segment.size_bytes;
  return size;
}

std::string tar_sha256(Services& services, const DatasetListing& listing) {
  const auto file = receipt_folder(services, listing.dataset.id) / "tar.sha256";
  constexpr std::size_t kHexDigits = 64;
  if (auto known = read_file(file, kHexDigits); known && known->size() == kHexDigits) return *known;
  // It may take minutes: one thread may be at it, not all that serve the others.
  static std::mutex reading;
  const std::unique_lock turn(reading, std::try_to_lock);
  if (!turn) throw Error(ErrorCode::draining, "the checksum of a tar is being made: ask again later");
  Sha256 hash;
  for (const Segment& segment : *listing.tar) {
    if (segment.file.empty()) {
      hash.update(std::as_bytes(std::span(segment.bytes)));
    } else {
      add_file(hash, segment.file);
    }
  }
  std::string sum = hash.finish();
  write_file(file, sum);
  return sum;
}

}  // namespace naru::server
