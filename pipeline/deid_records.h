/// What --resume goes by, and what the report is made from: one record for every finished instance, in one file that
/// only grows.
///
/// Records hold identifiers, so each is sealed with the project's key. Form: 4 bytes of length, little-endian, then,
/// sealed together, a line of JSON that --resume goes by and the line of the report, which is copied from here as it
/// is. A record that a killed run left half-written ends the file: what comes after it is dropped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "pipeline/open_file.h"
#include "pipeline/project_key.h"

namespace naru {

class DeidRecords {
 public:
  /// @param file need not exist: it is made with the first record
  DeidRecords(std::filesystem::path file, const ProjectKey& key);
  ~DeidRecords();
  DeidRecords(const DeidRecords&) = delete;
  DeidRecords& operator=(const DeidRecords&) = delete;

  using Visit = std::function<void(std::uint64_t offset, const nlohmann::ordered_json& record, std::string_view line)>;
  /// Calls `visit` for each record that this key made, in order, and cuts off what is no whole record. Call before the
  /// first `append`.
  void for_each(const Visit& visit);

  /// Thread-safe. @param line of the report, with its end; may be empty
  /// @return the offset by which `read_line` finds it. @throws Error{disk_full, output_unwritable}
  std::uint64_t append(const nlohmann::ordered_json& record, std::string_view line = {});

  /// Thread-safe; call after the last `append`. @throws Error{output_unwritable} where there is no record of this key
  /// at `offset`
  std::string read_line(std::uint64_t offset);

 private:
  std::filesystem::path file_;
  const ProjectKey& key_;
  std::mutex mutex_;
  int descriptor_ = -1;               ///< for `append`
  std::unique_ptr<OpenFile> reader_;  ///< for `read_line`
  std::uint64_t end_ = 0;
};

}  // namespace naru
