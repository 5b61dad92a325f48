/// One connection to PostgreSQL: the only code that speaks to libpq.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/store/database.h"

struct pg_conn;
struct pg_result;

namespace naru::server {

/// Used by one thread at a time.
class PostgresqlConnection {
 public:
  /// Connects. Unless the url says otherwise: TLS with the server's name checked (sslmode=verify-full, which does not
  /// concern sockets of the same machine), 5 s to connect, 30 s until a silent peer counts as gone.
  /// @throws Error{store_unavailable}; Error{config_invalid} a url that does not parse, or has a password in it
  explicit PostgresqlConnection(const std::string& url);
  ~PostgresqlConnection();
  PostgresqlConnection(const PostgresqlConnection&) = delete;
  PostgresqlConnection& operator=(const PostgresqlConnection&) = delete;

  struct Result {
    Rows rows;
    std::int64_t changed_count = 0;
  };

  /// One statement, prepared on first use. @throws as Transaction::query
  Result run(std::string_view sql, std::span<const Value> values);

  /// `begin`, which begins a transaction, and its first statement with one wait for both. @throws as run
  Result run_first(const std::string& begin, std::string_view sql, std::span<const Value> values);

  /// Statements without parameters; their rows are dropped. What takes longer than `patience` breaks the connection.
  void run_script(const std::string& sql, std::chrono::seconds patience);

  /// As run_script, for COMMIT: where the connection is lost, the error says that the outcome is not known.
  void commit();

  /// Ends a transaction that changed nothing; what comes next waits for it.
  void end_reading();

  bool is_idle() const;  ///< connected, and in no transaction, or in one that ends
  bool is_lost() const;

 private:
  struct ResultDeleter {
    void operator()(pg_result* result) const;
  };
  using ResultPointer = std::unique_ptr<pg_result, ResultDeleter>;

  void settle();
  void send_prepared(std::string_view sql, std::span<const Value> values);
  static Result result_of(pg_result* result);
  std::string prepared(std::string_view sql, std::span<const Value> values);
  ResultPointer last_result(std::chrono::seconds patience);
  ResultPointer next_result(std::chrono::steady_clock::time_point deadline);
  void wait_for_input(std::chrono::steady_clock::time_point deadline);
  void lose();
  [[noreturn]] void fail(const pg_result* result);

  pg_conn* connection_ = nullptr;
  bool is_ending_ = false;                                 ///< a COMMIT is under way that nobody waited for
  std::unordered_map<std::string, std::string> prepared_;  ///< name by statement and types
};

}  // namespace naru::server
