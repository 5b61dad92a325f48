/// The files that the INPUT arguments stand for.
#pragma once

#include <filesystem>
#include <istream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/code.h"

namespace naru {

/// One input file. Paths may hold patient names: they go to the report, never to a log line.
struct InputFile {
  std::filesystem::path path;
  std::optional<Code> reason;  ///< set where it cannot be used whatever it holds (e.g. `unreadable`)
};

/// Lists every file below the INPUTs in a fixed order: arguments as given, folders recursively and sorted. A DICOMDIR
/// stands for itself and the files that it references; "-" reads one path a line from `standard_input`. Links to files
/// are followed, links to folders are not (loops). What lies in `excluded` folders (OUT, report, work) is left out. A
/// folder that may not be read becomes one entry with `unreadable`.
/// @throws Error{input_missing} naming the argument by its position (its text may be a patient's name)
/// @throws Error{input_unreadable} where an argument itself may not be read
/// @throws Error{input_empty} where no file is found
std::vector<InputFile> list_inputs(std::span<const std::string> arguments, std::istream& standard_input,
                                   std::span<const std::filesystem::path> excluded);

}  // namespace naru
