/// The target of a request line, taken apart.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

struct Target {
  std::string path;  ///< percent-decoded, begins with '/'
  std::vector<std::pair<std::string, std::string>> query;
};

/// Origin form ("/a/b?c=d") or absolute form ("https://host/a/b"), of which scheme and host are left out: nothing here
/// depends on them.
/// What could be read in two ways is refused rather than repaired: escapes that are not two hexadecimal digits; NUL and
/// other control characters; '\'; an escaped '/'; empty, "." and ".." parts of the path, escaped or not; '#'; text that
/// is not UTF-8; more than 100 parts of the query. In the query '+' is a space, as forms write it.
/// @throws Error{request_invalid}
Target parse_target(std::string_view target);

}  // namespace naru::server
