#include "pipeline/header_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include "core/digest.h"
#include "dicom/dicomdir.h"
#include "dicom/fragment_check.h"
#include "dicom/trailing_bytes.h"
#include "pipeline/archive.h"
#include "pipeline/open_file.h"
#include "pipeline/prefix.h"

namespace naru {

namespace {

void reject(InputRecord& record, Code code) {
  record.disposition = Disposition::rejected;
  record.reason = code;
}

FileHeader unusable(std::filesystem::path path, Code code) {
  FileHeader header;
  header.record.path = std::move(path);
  reject(header.record, code);
  return header;
}

/// Reads as much of a file as its headers take, and takes what the DICOM reader says of it. False on a read error.
/// @param prefix what was read of this file already
template <class Read>
bool read_header(FileHeader& header, Prefix& prefix, Read read) {
  dicom::HeaderResult result;
  for (std::size_t size = kFirstPrefixBytes;; size *= kPrefixGrowth) {
    const auto wanted = std::min<std::uint64_t>({size, header.record.size_bytes, dicom::kHeaderPrefixBytes});
    if (!prefix.grow(static_cast<std::size_t>(wanted), read)) return false;
    result = dicom::read_instance(prefix.bytes(), header.record.size_bytes);
    if (!result.needs_more || prefix.bytes().size() < wanted || size >= dicom::kHeaderPrefixBytes) break;
  }
  header.record.sop_instance_uid = std::move(result.sop_instance_uid);
  if (result.reason) reject(header.record, *result.reason);
  // A DICOMDIR holds no image that could be lost: it is set aside, not rejected.
  if (result.reason && dicom::is_dicomdir(prefix.bytes())) header.record.disposition = Disposition::excluded;
  header.record.notes = std::move(result.notes);
  header.planes = std::move(result.planes);
  if (header.planes.empty() && result.pixels) {
    header.other = OtherImage{0, std::move(*result.pixels), std::move(result.palette)};
  }
  return true;
}

/// What must be the same for a finished case to stay: the file, its place in an archive, its headers byte by byte.
std::string identity_of(std::string_view file, std::size_t member, const FileHeader& header, const Prefix& prefix) {
  const auto length = header.planes.empty()
                          ? prefix.bytes().size()
                          : std::min<std::uint64_t>(prefix.bytes().size(), header.planes.front().pixels.offset_bytes);
  const std::string headers = sha256_hex(prefix.bytes().first(static_cast<std::size_t>(length)));
  return fmt::format("{} {} {}", file, member, headers);
}

/// Compressed pixels beyond the prefix: a file that ends within them is known without reading them.
void check_fragments(FileHeader& header, const OpenFile& file, std::size_t read_bytes) {
  if (header.planes.empty() || header.record.reason || read_bytes == header.record.size_bytes) return;
  const dicom::PixelFormat& pixels = header.planes.front().pixels;
  if (!pixels.is_encapsulated) return;
  const auto read = [&](std::uint64_t offset, std::span<std::byte> bytes) {
    return file.read_at(offset, bytes).value_or(0);
  };
  const auto found = dicom::check_fragments_of_file(read, pixels.offset_bytes, file.size_bytes());
  if (found.problem) reject(header.record, *found.problem);
  if (!found.has_end_mark) header.record.notes.push_back(Note::missing_delimiter);
}

/// @param read as dicom::ReadAt, of the whole file
void note_trailing_bytes(FileHeader& header, const dicom::ReadAt& read) {
  std::vector<Note>& notes = header.record.notes;
  const auto has = [&](Note note) { return std::ranges::find(notes, note) != notes.end(); };
  if (header.planes.empty() || header.record.reason) return;
  if (has(Note::trailing_bytes) || has(Note::wrong_transfer_syntax)) return;
  if (dicom::has_trailing_bytes(read, header.planes.front().pixels, header.record.size_bytes)) {
    notes.push_back(Note::trailing_bytes);
  }
}

FileHeader read_plain_file(const std::filesystem::path& path, Prefix& prefix) {
  FileHeader header;
  header.record.path = path;
  prefix.clear();
  const OpenFile file(path);
  file.expect_few_reads();
  header.record.size_bytes = file.size_bytes();
  const auto read = [&](std::size_t offset, std::span<std::byte> bytes) { return file.read_at(offset, bytes); };
  if (!file.is_open() || !read_header(header, prefix, read)) return unusable(path, Code::unreadable);
  check_fragments(header, file, prefix.bytes().size());
  note_trailing_bytes(header, [&](std::uint64_t offset, std::span<std::byte> bytes) {
    return file.read_at(offset, bytes).value_or(0);
  });
  header.record.identity = identity_of(file.identity(), 0, header, prefix);
  return header;
}

FileHeader read_member(ArchiveReader& reader, const ArchiveMember& member, const std::filesystem::path& archive,
                       const std::string& identity, Prefix& prefix) {
  FileHeader header;
  header.record.path = archive.string() + '!' + member.name;
  header.record.place = ArchivePlace{archive, member.index};
  prefix.clear();
  const auto read = [&](std::size_t, std::span<std::byte> bytes) { return reader.read(bytes); };
  std::optional<std::uint64_t> size_bytes = member.size_bytes;
  if (!member.is_encrypted && !member.has_size) size_bytes = measure_member(reader, prefix);
  header.record.size_bytes = size_bytes.value_or(0);
  if (member.is_encrypted) {
    reject(header.record, Code::encrypted);
  } else if (!size_bytes || !read_header(header, prefix, read)) {
    reject(header.record, reader.state() == ArchiveReader::State::too_large ? Code::too_large : Code::corrupt);
  } else {
    header.record.identity = identity_of(identity, member.index, header, prefix);
  }
  return header;
}

std::vector<FileHeader> read_archive(const std::filesystem::path& path, Prefix& prefix, const CancelToken& cancel) {
  std::vector<FileHeader> headers;
  const OpenFile file(path);
  const std::string identity = file.identity();
  const auto add_line = [&](Code code) {
    headers.push_back(unusable(path, code));
    headers.back().record.size_bytes = file.size_bytes();
  };
  ArchiveReader reader(path);
  while (const auto member = reader.next(cancel)) {
    headers.push_back(read_member(reader, *member, path, identity, prefix));
  }
  // Nobody can say which of them was changed.
  const bool is_too_large = reader.state() == ArchiveReader::State::too_large;
  for (FileHeader& header : headers) {
    if (reader.is_unproven()) reject(header.record, is_too_large ? Code::too_large : Code::corrupt);
  }
  // An archive that breaks off has a line of its own beside those of the members before.
  if (reader.state() == ArchiveReader::State::unreadable) add_line(Code::unreadable);
  if (reader.state() == ArchiveReader::State::corrupt) add_line(Code::corrupt);
  if (reader.state() == ArchiveReader::State::too_large) add_line(Code::too_large);
  if (headers.empty()) add_line(Code::not_dicom);  // no file in it: still one line
  return headers;
}

std::vector<FileHeader> read_input(const InputFile& input, Prefix& prefix, const CancelToken& cancel) {
  std::vector<FileHeader> headers;
  if (input.reason) {
    headers.push_back(unusable(input.path, *input.reason));
    if (*input.reason != Code::unreadable) headers.back().record.size_bytes = OpenFile(input.path).size_bytes();
  } else if (is_archive_name(input.path)) {
    headers = read_archive(input.path, prefix, cancel);
  } else {
    headers.push_back(read_plain_file(input.path, prefix));
  }
  return headers;
}

}  // namespace

std::vector<FileHeader> read_headers(const std::vector<InputFile>& files, Executor& executor, const CancelToken& cancel,
                                     const OnProgress& on_progress) {
  std::vector<std::vector<FileHeader>> headers(files.size());
  Progress progress{"reading headers", 0, files.size(), "files", 0};
  std::mutex progress_mutex;
  on_readers(reader_count(executor.thread_count()), files.size(),
             [&](std::size_t begin, std::size_t end, Prefix& prefix) {
               std::uint64_t bytes = 0;
               for (std::size_t i = begin; i < end; ++i) {
                 cancel.throw_if_canceled();
                 headers[i] = read_input(files[i], prefix, cancel);
                 for (const FileHeader& header : headers[i]) bytes += header.record.size_bytes;
               }
               const std::lock_guard lock(progress_mutex);
               progress.done += end - begin;
               progress.bytes += bytes;
               on_progress(progress);
             });
  std::vector<FileHeader> flat;
  std::size_t count = 0;
  for (const auto& of_input : headers) count += of_input.size();
  flat.reserve(count);
  for (auto& of_input : headers) {
    std::ranges::move(of_input, std::back_inserter(flat));
    of_input = {};
  }
  return flat;
}

}  // namespace naru
