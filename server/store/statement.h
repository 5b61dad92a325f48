/// What both engines check before a statement reaches them.
#pragma once

#include <span>
#include <string_view>

#include "server/store/database.h"

namespace naru::server {

/// How many parameters a statement has: the greatest N of its $N.
/// @throws Error{internal} where one between is left out
int parameter_count(std::string_view sql);

/// @throws Error{request_invalid} for a text that is no UTF-8, holds NUL or is longer than kMaxTextBytes
void check_values(std::span<const Value> values);

constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;  ///< of one value; the longest are events and results

}  // namespace naru::server
