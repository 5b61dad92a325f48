/// The DICOM files of OUT, written by many threads at a time.
#pragma once

#include <filesystem>
#include <mutex>
#include <set>
#include <string>

#include "dicom/deidentify/deidentify.h"
#include "pipeline/deid_instance.h"

namespace naru {

class DeidWriter {
 public:
  /// @param out the folder that becomes OUT
  /// @param probe called with "write" when the first piece of a file is written; what it throws leaves no file behind
  DeidWriter(std::filesystem::path out, dicom::DeidProbe probe) : out_(std::move(out)), probe_(std::move(probe)) {}

  /// True for the first who asks for this path; whoever comes later may not write there.
  bool claim(const std::string& file);

  /// Writes the file of a claimed path, and the folders that lead to it. A file that an earlier run left there is
  /// replaced. Thread-safe. @throws Error{disk_full, output_unwritable}
  FileFacts write(const std::string& file, const dicom::DeidOutput& output);

  /// After the last `write`: what the disk said of the files meanwhile. @throws as write
  void end_flush() { flush_.end(); }

  /// True where the file reads as it was written.
  bool reads_back(const std::string& file, const dicom::DeidOutput& output) const;

 private:
  void make_folder_of(const std::filesystem::path& file);

  std::filesystem::path out_;
  dicom::DeidProbe probe_;
  DiskFlush flush_;
  std::mutex mutex_;
  std::set<std::string> claimed_;
  std::set<std::filesystem::path> folders_;
};

/// Removes what is in none of `files` (paths below `out`), and folders that hold nothing.
void remove_all_but(const std::filesystem::path& out, const std::set<std::string>& files);

}  // namespace naru
