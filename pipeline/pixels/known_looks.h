/// What files showed when they were looked at: a run that goes on, or applies decisions, need not look again.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "pipeline/deid_records.h"
#include "pipeline/pixels/text_detector.h"
#include "pipeline/scan.h"

namespace naru {

/// A file below the work folder, sealed with the project's key: what is in it decides about what leaves.
class KnownLooks {
 public:
  struct Known {
    std::string sha256;  ///< of the file
    TextLook look;
  };

  /// Reads what is there, of this build of the program. @param recipe_sha256 looks of another recipe do not count
  /// @throws Error{output_unwritable}
  KnownLooks(std::filesystem::path file, const ProjectKey& key, std::string recipe_sha256);

  /// Empty where the file was not looked at, or is another by now (InputRecord::identity).
  std::optional<Known> find(const InputRecord& input) const;

  /// Thread-safe. @param input with its checksum. @throws Error{disk_full, output_unwritable}
  void add(const InputRecord& input, const TextLook& look);

 private:
  DeidRecords records_;
  std::string recipe_sha256_;
  std::map<std::string, Known> known_;  ///< by identity
};

}  // namespace naru
