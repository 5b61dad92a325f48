#include "server/ingest/organisation.h"

#include <fmt/format.h>

#include "core/error.h"
#include "server/store/database.h"

namespace naru::server {

std::string organisation_id(Database& database, const std::string& name, std::string_view key) {
  const Rows rows = in_transaction(database, Access::read, [&](Transaction& transaction) {
    return transaction.query("SELECT id FROM organisations WHERE name = $1 AND disabled_ms IS NULL", {name});
  });
  if (!rows.empty()) return rows[0].text(0);
  throw Error(ErrorCode::config_invalid,
              fmt::format("{}: there is no organisation \"{}\": make it first, or correct the name", key, name));
}

}  // namespace naru::server
