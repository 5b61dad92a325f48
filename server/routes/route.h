/// The table of routes: method, path, who may, what it takes. docs/api/openapi.yaml lists the same; a test compares.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "server/auth/caller.h"
#include "server/http/message.h"

namespace naru::server {

struct Services;

/// Who may use a route.
enum class Door {
  open,       ///< anybody: health, sign-in
  signed_in,  ///< any account, for its own things
  roles,      ///< an account with one of the route's roles
  link,       ///< whoever holds a signed link, or as `roles`
};

inline constexpr std::uint64_t kSmallBodyBytes = std::uint64_t{1} << 20;

struct Route {
  Method method;
  std::string_view pattern;  ///< "/api/v1/jobs/{job_id}"
  Door door;
  Roles roles;
  Scope scope;  ///< that a token needs
  Response (*handle)(Services& services, Request& request);
  /// Instead of `handle`, for bodies that are not held in memory.
  std::unique_ptr<BodySink> (*receive)(Services& services, Request& request) = nullptr;
  std::uint64_t max_body_bytes = kSmallBodyBytes;
  bool is_idempotent_creation = false;  ///< takes Idempotency-Key
  bool is_immediate = false;  ///< waits for nothing, not even for a handler's thread; `open`, without {} in its pattern
};

/// All routes, each file's part after the other.
std::vector<Route> all_routes();

// One file a resource.
std::span<const Route> account_routes();
std::span<const Route> session_routes();
std::span<const Route> upload_routes();
std::span<const Route> study_routes();
std::span<const Route> stow_routes();
std::span<const Route> grant_routes();
std::span<const Route> job_routes();
std::span<const Route> dataset_routes();
std::span<const Route> drs_routes();
std::span<const Route> ledger_routes();
std::span<const Route> operation_routes();

}  // namespace naru::server
