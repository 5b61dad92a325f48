/// Writes small .zip, .tar and .tar.gz files for tests.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace naru::test {

struct ArchiveOptions {
  std::string password;  ///< zip only; empty: not encrypted
  std::vector<std::pair<std::string, std::string>> symbolic_links = {}, hard_links = {};  ///< tar only: name, target
  std::vector<std::string> pipes = {};                                                    ///< tar only
  bool is_stored = false;                                                                 ///< zip only: not compressed
  bool says_utf8 = false;  ///< names are marked as UTF-8; else their bytes are written as they are
};

/// One archive, its form chosen by the name's ending, with `members` (name, bytes) in this order.
void write_archive(const std::filesystem::path& path, const std::vector<std::pair<std::string, std::string>>& members,
                   const ArchiveOptions& options = {});

}  // namespace naru::test
