/// The databases that every test of the store, and of what is kept in it, runs over.
///
///   class Accounts : public testing::TestWithParam<DatabaseCase> {};
///   NARU_FOR_EACH_DATABASE(Accounts);
///   TEST_P(Accounts, AreFoundByLogin) {
///     const auto database = GetParam().make();
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "server/store/database.h"

namespace naru::server::test {

struct DatabaseCase {
  std::string name;  ///< "sqlite" or "postgresql"

  /// A new, empty database with the whole schema. It is gone at the program's end.
  std::unique_ptr<Database> make() const;

  /// The url of a new database without a schema, for tests that open it themselves, several times. Gone at the
  /// program's end.
  std::string make_url() const;
};

class PostgresqlServer;

/// The one of this program, started on first use and stopped at its end. Not to be called where none is installed.
PostgresqlServer& postgresql_server();

/// SQLite always; PostgreSQL, started by this program, where it is installed: where not, one printed line says so.
std::vector<DatabaseCase> databases_under_test();

inline void PrintTo(const DatabaseCase& database, std::ostream* stream) { *stream << database.name; }

inline std::string case_name(const testing::TestParamInfo<DatabaseCase>& row) { return row.param.name; }

#define NARU_FOR_EACH_DATABASE(Suite)                                                                       \
  INSTANTIATE_TEST_SUITE_P(Databases, Suite, testing::ValuesIn(naru::server::test::databases_under_test()), \
                           naru::server::test::case_name)

}  // namespace naru::server::test
