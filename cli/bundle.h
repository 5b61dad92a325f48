/// Files that libraries want at run time, where they came with the program.
#pragma once

#include <filesystem>

namespace naru::cli {

/// Points DCMTK at its data dictionaries and tesseract at its languages in `PROGRAM's folder/../share/naru`, unless the
/// environment says otherwise (DCMDICTPATH, TESSDATA_PREFIX) or they are not there: then the libraries look in their
/// own places. For the start of a program, before there are threads and before a library was used.
void use_bundled_files();

/// The same for a given folder, which need not exist.
void use_bundled_files(const std::filesystem::path& share);

}  // namespace naru::cli
