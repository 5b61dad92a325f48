/// Whom the address of a client stands for.
#pragma once

#include <string>
#include <string_view>

namespace naru::server {

/// This machine, or a proxy on it that speaks for others.
bool is_loopback(std::string_view address);

/// What the limits of an address are counted by: the address, or the first 64 bits of an IPv6 one, which is what one
/// customer gets.
std::string client_key(const std::string& address);

}  // namespace naru::server
