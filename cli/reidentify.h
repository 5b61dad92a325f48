#pragma once

#include "cli/command.h"
#include "pipeline/reidentify.h"

namespace naru::cli {

/// Prints the rows; what was not found goes to the log. @return the exit status
int print_reidentified(const Reidentified& result, const Context& context);

}  // namespace naru::cli
