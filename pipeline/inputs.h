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

/// True where `path` is `folder` or lies below it, both with their links resolved as far as they exist.
bool is_inside(const std::filesystem::path& path, const std::filesystem::path& folder);

/// Lists every file below the INPUTs in a fixed order: arguments as given, folders recursively and sorted. A DICOMDIR
/// stands for itself and the files that it references; "-" reads one path a line from `standard_input`. Links to files
/// and to folders are followed, each folder once. `ours` are OUT, report and work folder: what lies in them is left
/// out. What is no regular file or may not be read, or standard input names in vain, is an entry with `unreadable`.
/// @throws Error{usage} where an argument lies inside one of `ours`
/// @throws Error{input_missing} naming the argument by its position (its text may be a patient's name)
/// @throws Error{input_unreadable} where nothing at all may be read
/// @throws Error{input_empty} where no file is found
std::vector<InputFile> list_inputs(std::span<const std::string> arguments, std::istream& standard_input,
                                   std::span<const std::filesystem::path> ours);

}  // namespace naru
