/// A real PostgreSQL of the test's own: in a temporary folder, on a socket that only this user reaches.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace naru::server::test {

/// Where `initdb`, `postgres` and `pg_dump` lie; empty where PostgreSQL is not installed.
std::filesystem::path postgresql_programs();

class PostgresqlServer {
 public:
  /// Makes a cluster and starts it. As root it runs as the user "postgres" or "nobody", since it refuses to be root's.
  PostgresqlServer();
  ~PostgresqlServer();
  PostgresqlServer(const PostgresqlServer&) = delete;
  PostgresqlServer& operator=(const PostgresqlServer&) = delete;

  void start();
  void stop();  ///< at once: connections are cut

  /// Of a database of this server, which need not be there.
  std::string url(const std::string& name) const;

  /// Makes an empty database. @return its url
  std::string create_database();

 private:
  void run(const std::vector<std::string>& arguments) const;
  pid_t spawn(const std::vector<std::string>& arguments) const;

  naru::test::TempFolder folder_;
  pid_t process_ = -1;
  int database_count_ = 0;
};

}  // namespace naru::server::test
