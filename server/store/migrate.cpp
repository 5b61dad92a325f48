#include "server/store/migrate.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"

namespace naru::server {

namespace {

void make_version_table(Database& database, bool may_be_new) {
  in_transaction(database, Access::write, [&](Transaction& transaction) {
    transaction.run_script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, why TEXT NOT NULL)");
    if (may_be_new || schema_version(transaction) > 0) return;
    throw Error(ErrorCode::store_unavailable,
                "the database is empty, and data that it should know lie in the data folder: bring it back from a "
                "backup; nothing was done");
  });
}

/// Whether this call applied it.
bool apply(Database& database, const Migration& migration) {
  return in_transaction(database, Access::write, [&](Transaction& transaction) {
    if (schema_version(transaction) >= migration.version) return false;
    transaction.run_script(migration.sql);
    transaction.execute("INSERT INTO schema_version (version, why) VALUES ($1, $2)",
                        {migration.version, std::string(migration.why)});
    return true;
  });
}

}  // namespace

int schema_version(Transaction& transaction) {
  return static_cast<int>(transaction.query("SELECT COALESCE(MAX(version), 0) FROM schema_version").at(0).integer(0));
}

void migrate(Database& database, std::span<const Migration> migrations, bool may_be_new) {
  database.exclusively([&] {
    make_version_table(database, may_be_new);
    const int present =
        in_transaction(database, Access::read, [](Transaction& transaction) { return schema_version(transaction); });
    const int known = migrations.empty() ? 0 : migrations.back().version;
    if (present > known) {
      throw Error(ErrorCode::config_invalid,
                  fmt::format("the database has schema version {}, this program knows {}: run a newer naru, or restore "
                              "a backup made before",
                              present, known));
    }
    for (const Migration& migration : migrations) {
      if (apply(database, migration)) {
        log::info("database: schema version {} ({})", migration.version, Public{migration.why});
      }
    }
  });
}

}  // namespace naru::server
