/// Who may act: neither the account nor its organisation is disabled. The one place that says so.
#pragma once

#include <string_view>

namespace naru::server {

/// For a FROM or a JOIN, all columns of `users`; called live_users.
inline constexpr std::string_view kLiveUsers =
    "(SELECT users.* FROM users JOIN organisations ON organisations.id = users.organisation_id "
    "WHERE users.disabled_ms IS NULL AND organisations.disabled_ms IS NULL) live_users";

}  // namespace naru::server
