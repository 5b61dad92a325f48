#include "pipeline/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <iconv.h>
#include <locale.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <utility>

#include "core/ascii_case.h"
#include "core/error.h"
#include "core/text.h"
#include "dicom/file_reader.h"

namespace naru {

namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 18;

/// While it lives this thread's characters are UTF-8. libarchive gives names in the locale's charset, and none where it
/// has no such characters, as in the "C" locale of a program.
class Utf8Characters {
 public:
  Utf8Characters() : utf8_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = uselocale(utf8_);
  }
  ~Utf8Characters() {
    if (utf8_ == nullptr) return;
    uselocale(before_);
    freelocale(utf8_);
  }
  Utf8Characters(const Utf8Characters&) = delete;
  Utf8Characters& operator=(const Utf8Characters&) = delete;

 private:
  locale_t utf8_, before_ = nullptr;
};

/// Empty where the bytes are no text of `charset`.
std::optional<std::string> utf8_from(const char* charset, std::string bytes) {
  constexpr std::size_t kMostBytesOfOne = 3;  // in UTF-8, of what one byte or two of CP949 say
  const iconv_t converter = iconv_open("UTF-8", charset);
  if (converter == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  std::string text(bytes.size() * kMostBytesOfOne, '\0');
  char *in = bytes.data(), *out = text.data();
  std::size_t left = bytes.size(), room = text.size();
  const bool is_read = iconv(converter, &in, &left, &out, &room) != static_cast<std::size_t>(-1);
  iconv_close(converter);
  if (!is_read) return std::nullopt;
  text.resize(text.size() - room);
  return text;
}

/// See ArchiveMember. Bytes of no stated charset are those of the computer that packed them.
std::string member_name(archive_entry* entry, std::size_t index) {
  const char* const bytes = archive_entry_pathname(entry);
  if (bytes == nullptr || *bytes == '\0') return fmt::format("member-{}", index);
  const std::string name(bytes);
  return valid_utf8(name) == name ? name : utf8_from("CP949", name).value_or(name);
}

bool is_gzip(const std::filesystem::path& path) {
  std::array<char, 2> magic{};
  std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
  return magic[0] == '\x1f' && magic[1] == '\x8b';
}

/// As every tar does (POSIX.1-2017, pax: two blocks of zeros). One that was cut between two members does not.
bool ends_with_zeros(const std::filesystem::path& path) {
  std::array<char, 512> block{};
  std::ifstream file(path, std::ios::binary);
  file.seekg(-static_cast<std::streamoff>(block.size()), std::ios::end);
  file.read(block.data(), block.size());
  return file && std::ranges::count(block, '\0') == static_cast<std::ptrdiff_t>(block.size());
}

}  // namespace

/// Inflates a file of one gzip member or more (RFC 1952) as far as it goes: zlib's own reader of files keeps back what
/// stands before a wrong checksum. What follows the last member counts for nothing, as with gzip itself.
class GzipStream {
 public:
  explicit GzipStream(const std::filesystem::path& path) : file_(path, std::ios::binary), packed_(kBlockBytes, '\0') {
    constexpr int kGzipWindowBits = 15 + 16;
    is_open_ = file_.is_open() && inflateInit2(&stream_, kGzipWindowBits) == Z_OK;
  }
  ~GzipStream() { inflateEnd(&stream_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  bool is_open() const { return is_open_; }
  /// Z_OK; Z_DATA_ERROR where the bytes are not those that were packed, Z_BUF_ERROR where the file is cut.
  int problem() const { return problem_; }

  /// As many bytes as there are for `out`: 0 behind the last, and where `problem()` is not Z_OK.
  std::size_t read(std::span<std::byte> out) {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    while (stream_.avail_out > 0 && problem_ == Z_OK && !is_at_end_) inflate_more();
    return out.size() - stream_.avail_out;
  }

 private:
  void inflate_more() {
    if (stream_.avail_in == 0) fill();
    if (is_between_ && !starts_member()) {
      is_at_end_ = true;
      return;
    }
    if (std::exchange(is_between_, false)) inflateReset(&stream_);
    const int result = stream_.avail_in == 0 ? Z_BUF_ERROR : inflate(&stream_, Z_NO_FLUSH);
    is_between_ = result == Z_STREAM_END;
    if (result != Z_OK && !is_between_) problem_ = result == Z_BUF_ERROR ? Z_BUF_ERROR : Z_DATA_ERROR;
  }

  bool starts_member() const { return stream_.avail_in > 0 && *stream_.next_in == 0x1f; }

  void fill() {
    file_.read(packed_.data(), static_cast<std::streamsize>(packed_.size()));
    stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());
    stream_.avail_in = static_cast<uInt>(file_.gcount());
  }

  std::ifstream file_;
  std::vector<char> packed_;
  z_stream stream_{};
  int problem_ = Z_OK;
  bool is_open_ = false, is_between_ = false, is_at_end_ = false;
};

bool is_archive_name(const std::filesystem::path& path) {
  const std::string name = in_small_letters(path.filename().native());
  constexpr std::array<std::string_view, 4> kEndings = {".zip", ".tar", ".tar.gz", ".tgz"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); });
}

void ArchiveReader::Close::operator()(::archive* a) const { archive_read_free(a); }

ArchiveReader::ArchiveReader(const std::filesystem::path& path) : path_(path), archive_(archive_read_new()) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  if (failure || ::access(path.c_str(), R_OK) != 0) {
    state_ = State::unreadable;
  } else {
    open();
  }
  max_expanded_bytes_ = std::max(kMinExpandedBytes, failure ? 0 : size * kMaxExpansion);
}

void ArchiveReader::open() {
  archive_read_support_format_zip(archive_.get());
  archive_read_support_format_tar(archive_.get());
  int result = ARCHIVE_OK;
  errno = 0;
  if (is_gzip(path_)) {
    gzip_ = std::make_unique<GzipStream>(path_);
    block_.resize(kBlockBytes);
    result = gzip_->is_open() ? archive_read_open(archive_.get(), this, nullptr, inflate_some, nullptr) : ARCHIVE_FATAL;
  } else {
    result = archive_read_open_filename(archive_.get(), path_.c_str(), kBlockBytes);
  }
  if (result == ARCHIVE_OK) return;
  dicom::throw_if_too_many_are_open(errno);
  state_ = State::corrupt;
}

la_ssize_t ArchiveReader::inflate_some(::archive* a, void* reader, const void** bytes) {
  auto& self = *static_cast<ArchiveReader*>(reader);
  const std::size_t count = self.gzip_->read(self.block_);
  *bytes = self.block_.data();
  if (count > 0 || self.gzip_->problem() == Z_OK) return static_cast<la_ssize_t>(count);
  archive_set_error(a, EIO, "damaged");
  return -1;
}

ArchiveReader::~ArchiveReader() = default;

std::optional<ArchiveMember> ArchiveReader::next(const CancelToken& cancel) {
  archive_entry* entry = nullptr;
  pass_rest(cancel);
  const Utf8Characters names;
  while (state_ == State::good) {
    cancel.throw_if_canceled();
    const int result = archive_read_next_header(archive_.get(), &entry);
    if (result == ARCHIVE_EOF) {
      pass_end(cancel);
      return std::nullopt;
    }
    count_expanded(kEntryBytes);
    if (result < ARCHIVE_WARN) {
      inflate_to_end(cancel);
      if (state_ == State::good) state_ = State::corrupt;
    }
    // Links, pipes and devices have a name among the files, but no bytes: where a link leads is not followed.
    if (state_ != State::good || archive_entry_filetype(entry) == AE_IFDIR) continue;
    const std::size_t index = next_index_++;
    ArchiveMember member{index, 0, archive_entry_size_is_set(entry) != 0, member_name(entry, index),
                         archive_entry_is_data_encrypted(entry) != 0};
    if (member.has_size)
      member.size_bytes = static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry)));
    left_bytes_ = member.has_size ? std::optional(member.size_bytes) : std::nullopt;
    must_inflate_rest_ = !member.is_encrypted && (!member.has_size || gzip_);
    return member;
  }
  return std::nullopt;
}

/// libarchive would inflate what it cannot step over, without our bound.
void ArchiveReader::pass_rest(const CancelToken& cancel) {
  if (!must_inflate_rest_) return;
  must_inflate_rest_ = false;
  std::vector<std::byte> piece(kBlockBytes);
  while (read(piece).value_or(0) == piece.size()) cancel.throw_if_canceled();
}

/// To the checksum of a .tar.gz, which says of all members whether they are what was packed.
void ArchiveReader::inflate_to_end(const CancelToken& cancel) {
  for (std::size_t count = gzip_ ? 1 : 0; count > 0 && state_ == State::good;) {
    cancel.throw_if_canceled();
    count = gzip_->read(block_);
    count_expanded(count);
  }
}

/// Behind the last member stands the end mark, or the checksum of a .tar.gz.
void ArchiveReader::pass_end(const CancelToken& cancel) {
  inflate_to_end(cancel);
  const bool is_tar = (archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
  if ((gzip_ && gzip_->problem() != Z_OK) || (is_tar && !gzip_ && !ends_with_zeros(path_))) state_ = State::corrupt;
}

bool ArchiveReader::is_unproven() const {
  return gzip_ && (gzip_->problem() == Z_DATA_ERROR || state_ == State::too_large);
}

void ArchiveReader::count_expanded(std::uint64_t bytes) {
  expanded_bytes_ += bytes;
  if (expanded_bytes_ > max_expanded_bytes_) state_ = State::too_large;
}

std::optional<std::size_t> ArchiveReader::read(std::span<std::byte> bytes) {
  std::size_t filled = 0;
  while (filled < bytes.size() && state_ == State::good) {
    const la_ssize_t count = archive_read_data(archive_.get(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
    count_expanded(static_cast<std::uint64_t>(count));
    if (left_bytes_) *left_bytes_ -= std::min(*left_bytes_, static_cast<std::uint64_t>(count));
  }
  // libarchive compares the checksum of a member that is stored only where more than the member is asked for.
  std::byte beyond{};
  if (left_bytes_ == 0U && filled > 0 && archive_read_data(archive_.get(), &beyond, 1) != 0) return std::nullopt;
  return state_ == State::good ? std::optional(filled) : std::nullopt;
}

MemoryFile::MemoryFile(std::span<const std::byte> bytes) : descriptor_(::memfd_create("naru", MFD_CLOEXEC)) {
  const Error failure(ErrorCode::memory_exceeded, "no memory for a member of an archive: give a larger --memory");
  if (descriptor_ < 0) throw failure;
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written <= 0) {
      ::close(descriptor_);
      throw failure;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

std::filesystem::path MemoryFile::path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

}  // namespace naru
