/// Files being sent: one descriptor a file, however many read it. A name may get another file meanwhile.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace naru::server {

class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

class OpenFiles {
 public:
  /// The file that has this name now. Null where it cannot be opened.
  std::shared_ptr<const OpenFile> open(const std::filesystem::path& file);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<const OpenFile>> files_;
  std::size_t sweep_at_ = 64;  ///< entries of closed files go when so many are there
};

}  // namespace naru::server
