/// Many readers of a range each, every one at a bounded rate: each byte is compared with the file itself.
#pragma once

#include <nlohmann/json.hpp>

#include "benchmarks/server/load_options.h"

namespace load {

/// What they saw, and the memory of the server meanwhile.
nlohmann::json run_slow(const Options& options);

}  // namespace load
