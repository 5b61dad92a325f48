#include "pipeline/scan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include "core/digest.h"
#include "dicom/pixels.h"

namespace naru {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
constexpr std::int64_t kFilesAtOnce = 8;

struct FileHeader {
  InputRecord record;
  std::optional<dicom::Instance> instance;
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
bool read_and_hash(const OpenFile& file, InputRecord& record, std::vector<std::byte>& prefix) {
  Sha256 hash;
  const std::uint64_t stated = record.size_bytes;
  prefix.resize(static_cast<std::size_t>(std::min<std::uint64_t>(stated, dicom::kHeaderPrefixBytes)));
  auto count = file.read(prefix);
  if (!count) return false;
  prefix.resize(*count);
  hash.update(prefix);
  record.size_bytes = prefix.size();
  std::vector<std::byte> rest(stated > prefix.size() ? kReadBytes : 0);
  while (!rest.empty() && (count = file.read(rest)) && *count > 0) {
    hash.update(std::span(rest).first(*count));
    record.size_bytes += *count;
  }
  record.sha256 = hash.finish();
  return count.has_value();
}

FileHeader read_header(const InputFile& input, std::vector<std::byte>& prefix) {
  FileHeader header;
  header.record.path = input.path;
  if (input.reason) {
    reject(header.record, *input.reason);
    return header;
  }
  const OpenFile file(input.path);
  const auto size_bytes = file.size_bytes();
  if (!size_bytes) {
    reject(header.record, Code::unreadable);
    return header;
  }
  header.record.size_bytes = *size_bytes;
  if (!read_and_hash(file, header.record, prefix)) {
    reject(header.record, Code::unreadable);
    return header;
  }
  auto result = dicom::read_instance(prefix, header.record.size_bytes);
  header.record.sop_instance_uid = std::move(result.sop_instance_uid);
  if (result.reason) reject(header.record, *result.reason);
  header.instance = std::move(result.instance);
  return header;
}

std::vector<FileHeader> read_headers(const std::vector<InputFile>& files, Executor& executor,
                                     const CancelToken& cancel, const OnProgress& on_progress) {
  std::vector<FileHeader> headers(files.size());
  Progress progress{"reading headers", 0, files.size(), "files", 0};
  std::mutex progress_mutex;
  executor.parallel_for(static_cast<std::int64_t>(files.size()), kFilesAtOnce, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::byte> prefix;
    std::uint64_t bytes = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      cancel.throw_if_canceled();
      const auto index = static_cast<std::size_t>(i);
      headers[index] = read_header(files[index], prefix);
      bytes += headers[index].record.size_bytes;
    }
    const std::lock_guard lock(progress_mutex);
    progress.done += static_cast<std::uint64_t>(end - begin);
    progress.bytes += bytes;
    on_progress(progress);
  });
  return headers;
}

/// Slices at one position: the same picture twice, or two pictures?
bool same_pixels(const Scan& scan, std::size_t a, std::size_t b) {
  const auto read = [&](std::size_t candidate, std::vector<std::uint16_t>& values) {
    const dicom::Instance& instance = scan.candidates[candidate].instance;
    values.resize(static_cast<std::size_t>(instance.pixels.rows * instance.pixels.columns));
    return !dicom::read_pixels(scan.inputs[scan.input_of_candidate[candidate]].path, instance, values);
  };
  std::vector<std::uint16_t> first, second;
  return read(a, first) && read(b, second) && first == second;
}

}  // namespace

Scan scan_inputs(const std::vector<InputFile>& files, Executor& executor, const CancelToken& cancel,
                 const OnProgress& on_progress) {
  dicom::initialize();
  auto headers = read_headers(files, executor, cancel, on_progress);
  Scan scan;
  scan.inputs.reserve(headers.size());
  for (FileHeader& header : headers) {
    if (header.instance) {
      header.record.candidate = scan.candidates.size();
      scan.input_of_candidate.push_back(scan.inputs.size());
      scan.candidates.push_back({std::move(*header.instance), header.record.reason, header.record.sha256});
    }
    scan.inputs.push_back(std::move(header.record));
  }
  auto sorted = dicom::build_stacks(scan.candidates, [&](std::size_t a, std::size_t b) { return same_pixels(scan, a, b); });
  scan.stacks = std::move(sorted.stacks);
  for (std::size_t c = 0; c < scan.candidates.size(); ++c) {
    InputRecord& record = scan.inputs[scan.input_of_candidate[c]];
    record.disposition = sorted.placements[c].disposition;
    record.reason = sorted.placements[c].reason;
    record.stack = sorted.placements[c].stack;
  }
  return scan;
}

}  // namespace naru
