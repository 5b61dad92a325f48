/// One connection to an SQLite file: the only code that speaks to the library.
///
/// The file is held alone (locking_mode=EXCLUSIVE) with a write-ahead log: SQLite before 3.51.3 can lose or damage what
/// two connections of a write-ahead log write at once, and one connection cannot meet it. The log is chosen for its
/// cost, one fsync a transaction (synchronous=FULL) where a rollback journal needs three or four. Source:
/// https://www.sqlite.org/wal.html "The WAL-Reset Bug".
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "server/store/database.h"

struct sqlite3;
struct sqlite3_backup;
struct sqlite3_stmt;

namespace naru::server {

/// The file is damaged, or no database at all.
class DamagedFile : public Error {
 public:
  using Error::Error;
};

/// Used by one thread at a time.
class SqliteConnection {
 public:
  /// Opens the file, which is created (mode 0600) where it is missing.
  /// @throws Error{store_unavailable} it cannot be opened, or another program holds it; DamagedFile
  explicit SqliteConnection(const std::filesystem::path& file);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  struct Result {
    Rows rows;
    std::int64_t changed_count = 0;
  };

  /// One statement; its compiled form is kept for the next time. @throws as Transaction::query; DamagedFile
  Result run(std::string_view sql, std::span<const Value> values, Access access);

  /// Statements with ';' between.
  void run_script(const std::string& sql);

  bool is_in_transaction() const;

  /// Whether the disk or the library failed in a way after which the file is better opened again.
  bool is_broken() const { return is_broken_; }

  /// A copy of the file, made page by page between transactions, which the copy sees as well. One at a time.
  /// @throws Error{store_unavailable}
  void begin_copy(const std::filesystem::path& file);
  bool copy_pages(int count);  ///< true once all are copied. @throws Error{store_unavailable}
  void end_copy();

 private:
  struct Statement {
    sqlite3_stmt* compiled;
    std::vector<int> places;  ///< of $1, $2, ... among the parameters
  };

  const Statement& statement(std::string_view sql);
  Rows step_through(sqlite3_stmt* compiled);
  void forget_statements();
  [[noreturn]] void fail(int code);

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
  sqlite3* database_ = nullptr;
  sqlite3* copy_ = nullptr;
  sqlite3_backup* copying_ = nullptr;
  bool is_broken_ = false;
};

}  // namespace naru::server
