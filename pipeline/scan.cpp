#include "pipeline/scan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <mutex>
#include <utility>

#include "core/digest.h"
#include "dicom/dicomdir.h"
#include "dicom/pixels.h"
#include "pipeline/archive.h"

namespace naru {

namespace {

constexpr std::size_t kProbeBytes = std::size_t{1} << 16;
constexpr std::int64_t kFilesAtOnce = 8;

struct FileHeader {
  InputRecord record;
  std::vector<dicom::Instance> planes;
};

class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  /// The size of a regular file; empty for anything else.
  std::optional<std::uint64_t> size_bytes() const {
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(status.st_size);
  }

  /// Fills `bytes` as far as the file goes; empty on a read error.
  std::optional<std::size_t> read(std::span<std::byte> bytes) const {
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t count = ::read(descriptor_, bytes.data() + filled, bytes.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return std::nullopt;
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    return filled;
  }

 private:
  int descriptor_;
};

void reject(InputRecord& record, Code code) {
  record.disposition = Disposition::rejected;
  record.reason = code;
}

/// Reads and hashes the whole file; keeps its first kHeaderPrefixBytes in `prefix`. False on a read error.
/// @param read fills a span as far as the file goes, empty on an error
/// @param expected_bytes how much `read` will give if that is known: no more is allocated
template <class Read>
bool read_and_hash(Read read, std::uint64_t expected_bytes, InputRecord& record, std::vector<std::byte>& prefix) {
  std::array<std::byte, kProbeBytes> probe;  // a file that grew, or an archive's member: most end with the prefix
  Sha256 hash;
  prefix.resize(static_cast<std::size_t>(std::min<std::uint64_t>(expected_bytes, dicom::kHeaderPrefixBytes)));
  auto count = read(std::span(prefix));
  if (!count) return false;
  prefix.resize(*count);
  hash.update(prefix);
  record.size_bytes = prefix.size();
  while ((count = read(std::span(probe))) && *count > 0) {
    hash.update(std::span(probe).first(*count));
    record.size_bytes += *count;
  }
  record.sha256 = hash.finish();
  return count.has_value();
}

FileHeader unusable(std::filesystem::path path, Code code) {
  FileHeader header;
  header.record.path = std::move(path);
  reject(header.record, code);
  return header;
}

/// Takes what the DICOM reader says of a file whose beginning is in `prefix`.
void parse_header(FileHeader& header, std::span<const std::byte> prefix) {
  auto result = dicom::read_instance(prefix, header.record.size_bytes);
  header.record.sop_instance_uid = std::move(result.sop_instance_uid);
  if (result.reason) reject(header.record, *result.reason);
  // A DICOMDIR holds no image that could be lost: it is set aside, not rejected.
  if (result.reason && dicom::is_dicomdir(prefix)) header.record.disposition = Disposition::excluded;
  header.record.notes = std::move(result.notes);
  header.planes = std::move(result.planes);
}

FileHeader read_plain_file(const InputFile& input, std::vector<std::byte>& prefix) {
  FileHeader header;
  header.record.path = input.path;
  const OpenFile file(input.path);
  const auto size_bytes = file.size_bytes();
  const auto read = [&](std::span<std::byte> bytes) { return file.read(bytes); };
  if (!size_bytes || !read_and_hash(read, *size_bytes, header.record, prefix)) {
    return unusable(input.path, Code::unreadable);
  }
  parse_header(header, prefix);
  return header;
}

/// Of the bytes from Pixel Data on; empty where they are not all in `prefix`, or lie deflated in it.
std::string pixels_sha256(const dicom::Instance& instance, const InputRecord& record,
                          std::span<const std::byte> prefix) {
  constexpr std::string_view kDeflatedUid = "1.2.840.10008.1.2.1.99";
  const std::uint64_t offset = instance.pixels.offset_bytes;
  if (instance.pixels.transfer_syntax_uid == kDeflatedUid || prefix.size() < record.size_bytes ||
      offset >= prefix.size()) {
    return "";
  }
  return sha256_hex(prefix.subspan(static_cast<std::size_t>(offset)));
}

FileHeader read_member(ArchiveReader& reader, const ArchiveMember& member, const std::filesystem::path& archive,
                       std::vector<std::byte>& prefix) {
  FileHeader header;
  header.record.path = archive.string() + '!' + member.name;
  header.record.place = ArchivePlace{archive, member.index, ""};
  const auto read = [&](std::span<std::byte> bytes) { return reader.read(bytes); };
  if (member.is_encrypted) {
    reject(header.record, Code::encrypted);
  } else if (!read_and_hash(read, member.size_bytes, header.record, prefix)) {
    reject(header.record, reader.state() == ArchiveReader::State::too_large ? Code::too_large : Code::corrupt);
  } else {
    parse_header(header, prefix);
  }
  if (!header.planes.empty()) {
    header.record.place->pixels_sha256 = pixels_sha256(header.planes.front(), header.record, prefix);
  }
  return header;
}

std::vector<FileHeader> read_archive(const std::filesystem::path& path, std::vector<std::byte>& prefix,
                                     const CancelToken& cancel) {
  std::vector<FileHeader> headers;
  ArchiveReader reader(path);
  while (const auto member = reader.next(cancel)) headers.push_back(read_member(reader, *member, path, prefix));
  // An archive that breaks off has a line of its own beside those of the members before.
  if (reader.state() == ArchiveReader::State::unreadable) headers.push_back(unusable(path, Code::unreadable));
  if (reader.state() == ArchiveReader::State::corrupt) headers.push_back(unusable(path, Code::corrupt));
  if (reader.state() == ArchiveReader::State::too_large) headers.push_back(unusable(path, Code::too_large));
  if (headers.empty()) headers.push_back(unusable(path, Code::not_dicom));  // no file in it: still one line
  return headers;
}

std::vector<FileHeader> read_input(const InputFile& input, std::vector<std::byte>& prefix, const CancelToken& cancel) {
  std::vector<FileHeader> headers;
  if (input.reason) {
    headers.push_back(unusable(input.path, *input.reason));
  } else if (is_archive_name(input.path)) {
    headers = read_archive(input.path, prefix, cancel);
  } else {
    headers.push_back(read_plain_file(input, prefix));
  }
  return headers;
}

std::vector<FileHeader> read_headers(const std::vector<InputFile>& files, Executor& executor, const CancelToken& cancel,
                                     const OnProgress& on_progress) {
  std::vector<std::vector<FileHeader>> headers(files.size());
  Progress progress{"reading headers", 0, files.size(), "files", 0};
  std::mutex progress_mutex;
  executor.parallel_for(static_cast<std::int64_t>(files.size()), kFilesAtOnce,
                        [&](std::int64_t begin, std::int64_t end) {
                          std::vector<std::byte> prefix;
                          std::uint64_t bytes = 0;
                          for (std::int64_t i = begin; i < end; ++i) {
                            cancel.throw_if_canceled();
                            const auto index = static_cast<std::size_t>(i);
                            headers[index] = read_input(files[index], prefix, cancel);
                            for (const FileHeader& header : headers[index]) bytes += header.record.size_bytes;
                          }
                          const std::lock_guard lock(progress_mutex);
                          progress.done += static_cast<std::uint64_t>(end - begin);
                          progress.bytes += bytes;
                          on_progress(progress);
                        });
  std::vector<FileHeader> flat;
  for (auto& of_input : headers) std::ranges::move(of_input, std::back_inserter(flat));
  return flat;
}

PlaneTally& tally(InputRecord& record, Disposition disposition) {
  return record.planes[static_cast<std::size_t>(disposition)];
}

void add_to(PlaneTally& tally, std::optional<Code> reason) {
  if (tally.count++ == 0) tally.reason = reason;
}

/// @pre the file has image planes
void decide(InputRecord& record) {
  for (const Disposition disposition :
       {Disposition::used, Disposition::quarantined, Disposition::rejected, Disposition::excluded}) {
    if (tally(record, disposition).count == 0) continue;
    record.disposition = disposition;
    record.reason = tally(record, disposition).reason;
    return;
  }
}

/// Slices at one position: the same picture twice, or two pictures?
bool same_pixels(const Scan& scan, std::size_t a, std::size_t b) {
  const auto& place_a = scan.inputs[scan.input_of_candidate[a]].place;
  const auto& place_b = scan.inputs[scan.input_of_candidate[b]].place;
  if (place_a && place_b) return !place_a->pixels_sha256.empty() && place_a->pixels_sha256 == place_b->pixels_sha256;
  if (place_a || place_b) return false;  // would need the archive once more; two pictures is the safe answer
  const auto read = [&](std::size_t candidate, std::vector<std::uint16_t>& values) {
    const dicom::Instance& instance = scan.candidates[candidate].instance;
    values.resize(static_cast<std::size_t>(instance.pixels.rows * instance.pixels.columns));
    return !dicom::read_pixels(scan.inputs[scan.input_of_candidate[candidate]].path, instance, values);
  };
  std::vector<std::uint16_t> first, second;
  return read(a, first) && read(b, second) && first == second;
}

}  // namespace

Scan scan_inputs(const std::vector<InputFile>& files, const dicom::StackOptions& options, Executor& executor,
                 const CancelToken& cancel, const OnProgress& on_progress) {
  dicom::initialize();
  auto headers = read_headers(files, executor, cancel, on_progress);
  Scan scan;
  scan.inputs.reserve(headers.size());
  for (FileHeader& header : headers) {
    for (dicom::Instance& plane : header.planes) {
      scan.input_of_candidate.push_back(scan.inputs.size());
      scan.candidates.push_back({std::move(plane), header.record.reason, header.record.sha256});
    }
    scan.inputs.push_back(std::move(header.record));
  }
  auto sorted = dicom::build_stacks(
      scan.candidates, [&](std::size_t a, std::size_t b) { return same_pixels(scan, a, b); }, options);
  scan.stacks = std::move(sorted.stacks);
  scan.sequences = std::move(sorted.sequences);
  scan.placements = std::move(sorted.placements);
  for (std::size_t c = 0; c < scan.candidates.size(); ++c) {
    const auto& [disposition, reason, stack] = scan.placements[c];
    InputRecord& record = scan.inputs[scan.input_of_candidate[c]];
    add_to(tally(record, disposition), reason);
    decide(record);
  }
  return scan;
}

bool is_partly_used(const InputRecord& input) {
  const auto used = static_cast<std::size_t>(Disposition::used);
  std::size_t count = 0;
  for (const PlaneTally& planes : input.planes) count += planes.count;
  return input.planes[used].count > 0 && input.planes[used].count < count;
}

void mark_plane(Scan& scan, std::size_t candidate, Disposition disposition, std::optional<Code> reason) {
  InputRecord& record = scan.inputs[scan.input_of_candidate[candidate]];
  dicom::Placement& placement = scan.placements[candidate];
  --tally(record, placement.disposition).count;
  placement.disposition = disposition;
  placement.reason = reason;
  add_to(tally(record, disposition), reason);
  decide(record);
}

}  // namespace naru
