/// The addresses by which this server is called.
#pragma once

#include <cstdint>
#include <string>

#include "server/config.h"

namespace naru::server {

/// Where it listens: "https://127.0.0.1:8600".
std::string listening_url(const ListenConfig& listen, std::uint16_t port);

/// What stands in links where the configuration says no public_url. To "any address" (0.0.0.0, ::) no client can go:
/// the machine's name stands in its place.
std::string default_public_url(const ListenConfig& listen, std::uint16_t port);

}  // namespace naru::server
