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

/// The files that a DICOMDIR names, in its order, as paths relative to its folder with '/' between their parts.
/// Names that are absolute, climb out of the folder or hold characters that no file name may have are left out.
/// @param file the whole DICOMDIR
/// @return empty where the file cannot be read as a directory
std::optional<std::vector<std::string>> referenced_files(std::span<const std::byte> file);

}  // namespace naru::dicom
