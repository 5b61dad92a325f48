/// What `naru inspect` prints for people: study, series, stacks with their findings, then the files that are in none.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pipeline/scan.h"

namespace naru::cli {

/// At most 100 columns wide but for paths and long UIDs, and valid UTF-8. Paths are printed only `with_files`: they may
/// hold patients' names.
std::string inspect_text(const Scan& scan, bool with_files);

/// The same as one document, `naru.inspect/1`.
nlohmann::ordered_json inspect_json(const Scan& scan, bool with_files);

}  // namespace naru::cli
