/// DICOMDIR: the list of a medium's files (PS3.3 annex F, PS3.10 section 8).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace naru::dicom {

/// True where the file's meta information says Media Storage Directory. A prefix of the file is enough.
bool is_dicomdir(std::span<const std::byte> prefix);

struct ReferencedFiles {
  std::vector<std::string> paths;  ///< in its order, relative to its folder, with '/' between their parts
  /// Names left out: they are absolute, climb out of the folder or hold characters that no file name may have.
  std::size_t left_out_count = 0;
};

/// The files that a DICOMDIR names.
/// @param file the whole DICOMDIR
/// @return empty where the file cannot be read as a directory to its end
std::optional<ReferencedFiles> referenced_files(std::span<const std::byte> file);

}  // namespace naru::dicom
