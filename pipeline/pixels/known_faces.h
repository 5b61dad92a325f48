/// What was found of faces when stacks were looked at: a run that goes on, or applies decisions, need not search again.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "pipeline/deid_records.h"
#include "pipeline/pixels/stack_face.h"
#include "pipeline/scan.h"

namespace naru {

/// A file below the work folder, sealed with the project's key: what is in it decides about what leaves.
class KnownFaces {
 public:
  /// Reads what is there, of this version. @throws Error{output_unwritable}
  KnownFaces(std::filesystem::path file, const ProjectKey& key);

  /// Empty where the stack was not looked at, or one of its files is another by now (InputRecord::identity). What it
  /// gives refers to this. @throws Error{output_unwritable} where the file is gone
  std::optional<StackFace> find(const Scan& scan, std::size_t stack);

  /// Keeps nothing of a stack that could not be read, or was too large: it is tried again.
  /// @throws Error{disk_full, output_unwritable}
  void add(const Scan& scan, std::size_t stack, const StackFace& face);

 private:
  struct Known {
    std::uint64_t offset = 0;  ///< of the record, whose second line holds the rest: cuts are large
    bool may_show = false;
    std::string because;
  };

  DeidRecords records_;
  std::map<std::string, Known> known_;  ///< by a hash over the stack's files
};

}  // namespace naru
