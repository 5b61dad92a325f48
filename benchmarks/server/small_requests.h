/// Small requests, one after the other on each of many connections that stay open.
#pragma once

#include <nlohmann/json.hpp>

#include "benchmarks/server/load_options.h"

namespace load {

/// Takes the requests in turn; "{n}" in one of them is a number that no other one has.
nlohmann::json run_small(const Options& options);

}  // namespace load
