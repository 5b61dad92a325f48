/// Signed links: an address that lets its holder have one object for some minutes, as who asked for it, under one
/// grant, as long as the token or session lasts by which it was asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/http/message.h"

namespace naru::server {

class KeyStore;

inline constexpr std::int64_t kLinkLifeMs = 15 * 60 * 1000;

struct Link {
  std::string object_id, credential;  ///< credential: Caller::credential of who asked for it
  std::string grant_id;               ///< "" for the hospital's own
  std::int64_t expires_ms = 0;
};

/// "/api/v1/data/OBJECT?credential=...&grant=...&expires=...&signature=..."
std::string signed_path(const KeyStore& keys, const Link& link);

/// Empty where the request carries no signature.
/// @throws Error{unauthenticated} where it does not fit, or is too old
std::optional<Link> link_of(const KeyStore& keys, const Request& request, const std::string& object_id,
                            std::int64_t now_ms);

}  // namespace naru::server
