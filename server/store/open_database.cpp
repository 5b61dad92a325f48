#include <string_view>

#include "core/error.h"
#include "server/store/database.h"
#include "server/store/migrate.h"
#include "server/store/postgresql_database.h"
#include "server/store/sqlite_database.h"

namespace naru::server {

namespace {

constexpr std::string_view kSqlite = "sqlite:";

std::unique_ptr<Database> open_engine(const std::string& url) {
  if (url.starts_with(kSqlite) && url.size() > kSqlite.size()) return open_sqlite(url.substr(kSqlite.size()));
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return open_postgresql(url);
  throw Error(ErrorCode::config_invalid, "the database's url is neither sqlite:PATH nor postgresql://HOST/NAME");
}

}  // namespace

std::unique_ptr<Database> open_database(const std::string& url, bool may_be_new) {
  auto database = open_engine(url);
  migrate(*database, migrations(), may_be_new);
  return database;
}

}  // namespace naru::server
