#include "pipeline/deid_records.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/files.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLengthBytes = 4;
constexpr std::uint32_t kMaxRecordBytes = std::uint32_t{64} << 20;

std::array<std::byte, kLengthBytes> length_bytes(std::size_t length) {
  std::array<std::byte, kLengthBytes> bytes{};
  for (std::size_t i = 0; i < kLengthBytes; ++i) bytes[i] = static_cast<std::byte>(length >> (8 * i) & 0xFF);
  return bytes;
}

/// The sealed record at `offset`; empty where the file does not hold it whole.
std::string sealed_at(const OpenFile& file, std::uint64_t offset) {
  std::array<std::byte, kLengthBytes> prefix{};
  if (file.read_at(offset, prefix) != kLengthBytes) return "";
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) length |= std::to_integer<std::uint32_t>(prefix[i]) << (8 * i);
  if (length > kMaxRecordBytes || offset + kLengthBytes + length > file.size_bytes()) return "";
  std::string sealed(length, '\0');
  const auto bytes = std::as_writable_bytes(std::span(sealed));
  return file.read_at(offset + kLengthBytes, bytes) == length ? sealed : "";
}

/// Both lines of a record, each with its end; empty where it is none of this key.
std::string opened(const std::string& sealed, const ProjectKey& key) {
  return key.unseal_if_ours(std::as_bytes(std::span(sealed))).value_or("");
}

std::string_view line_of(std::string_view opened) {
  return opened.substr(std::min(opened.find('\n'), opened.size() - 1) + 1);
}

}  // namespace

DeidRecords::DeidRecords(std::filesystem::path file, const ProjectKey& key) : file_(std::move(file)), key_(key) {}

DeidRecords::~DeidRecords() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void DeidRecords::for_each(const Visit& visit) {
  const OpenFile file(file_);
  if (!file.is_open()) return;
  end_ = 0;
  for (std::string sealed; !(sealed = sealed_at(file, end_)).empty(); end_ += kLengthBytes + sealed.size()) {
    const std::string text = opened(sealed, key_);
    const Json record = Json::parse(text.substr(0, text.find('\n')), nullptr, false);
    if (record.is_object()) visit(end_, record, line_of(text));
  }
  if (::truncate(file_.c_str(), static_cast<off_t>(end_)) != 0) throw write_error(errno, "the work folder beside OUT");
}

std::uint64_t DeidRecords::append(const Json& record, std::string_view line) {
  const auto sealed = key_.seal(json_line(record).append(line));
  const auto length = length_bytes(sealed.size());
  std::vector<std::byte> bytes(length.begin(), length.end());
  bytes.insert(bytes.end(), sealed.begin(), sealed.end());
  const std::lock_guard lock(mutex_);
  if (descriptor_ < 0) descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) throw write_error(errno, "the work folder beside OUT");
  const std::uint64_t offset = end_;
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count =
        ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw write_error(errno, "the work folder beside OUT");
    done += static_cast<std::size_t>(count);
  }
  end_ += bytes.size();
  return offset;
}

std::string DeidRecords::read_line(std::uint64_t offset) {
  {
    const std::lock_guard lock(mutex_);
    if (!reader_) reader_ = std::make_unique<OpenFile>(file_);
  }
  const std::string text = opened(sealed_at(*reader_, offset), key_);
  if (text.empty()) throw Error(ErrorCode::output_unwritable, "a record vanished from the work folder: run again");
  return std::string(line_of(text));
}

}  // namespace naru
