/// One server for each database.
#pragma once

#include <memory>
#include <string>

namespace naru::server {

class PostgresqlConnection;

/// Two servers on one database of PostgreSQL, each with a data folder of its own, would each miss what the other has
/// and end the other's jobs. So a server holds an advisory lock there as long as it lives. SQLite's file lies in the
/// data folder, which is locked itself: nothing is done.
class DatabaseHold {
 public:
  /// Waits a moment for one that just ends. @param url as of open_database
  /// @throws Error{output_busy} another server has it; Error{store_unavailable, config_invalid}
  explicit DatabaseHold(std::string url);
  ~DatabaseHold();
  DatabaseHold(const DatabaseHold&) = delete;
  DatabaseHold& operator=(const DatabaseHold&) = delete;

  /// Takes the lock again where its connection was lost, as when PostgreSQL was restarted. By one thread at a time.
  /// @throws as the constructor
  void keep();

 private:
  void take();

  std::string url_;
  std::unique_ptr<PostgresqlConnection> connection_;  ///< none: SQLite, or lost
};

}  // namespace naru::server
