#include "pipeline/deid_records.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
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

std::optional<Json> opened(const std::string& sealed, const ProjectKey& key) {
  const auto text = key.unseal_if_ours(std::as_bytes(std::span(sealed)));
  if (!text) return std::nullopt;
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

}  // namespace

DeidRecords::DeidRecords(std::filesystem::path file, const ProjectKey& key) : file_(std::move(file)), key_(key) {}

DeidRecords::~DeidRecords() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void DeidRecords::for_each(const std::function<void(std::uint64_t, const Json&)>& visit) {
  const OpenFile file(file_);
  if (!file.is_open()) return;
  end_ = 0;
  for (std::string sealed; !(sealed = sealed_at(file, end_)).empty(); end_ += kLengthBytes + sealed.size()) {
    if (const auto record = opened(sealed, key_)) visit(end_, *record);
  }
  if (::truncate(file_.c_str(), static_cast<off_t>(end_)) != 0) throw write_error(errno, "the work folder beside OUT");
}

std::uint64_t DeidRecords::append(const Json& record) {
  const auto sealed = key_.seal(json_line(record));
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

Json DeidRecords::read(std::uint64_t offset) {
  {
    const std::lock_guard lock(mutex_);
    if (!reader_) reader_ = std::make_unique<OpenFile>(file_);
  }
  const auto record = opened(sealed_at(*reader_, offset), key_);
  if (!record) throw Error(ErrorCode::output_unwritable, "a record vanished from the work folder: run again");
  return *record;
}

}  // namespace naru
