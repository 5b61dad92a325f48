/// Names that nobody can guess, from libsodium's random numbers.
#pragma once

#include <string>
#include <string_view>

namespace naru::server {

/// "PREFIX-" and 32 hexadecimal digits (128 bits): ids of rows and files. "job-5f0c...".
std::string random_id(std::string_view prefix);

/// 43 characters of URL-safe base64 (256 bits): secrets of tokens, sessions and signed links.
std::string random_secret();

}  // namespace naru::server
