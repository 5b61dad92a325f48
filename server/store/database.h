/// The database, behind one interface for two engines: SQLite (default, embedded) and PostgreSQL.
///
/// SQL is written once, for both: parameters are $1, $2, ... in order of first use; columns are BIGINT and TEXT alone
/// (times in ms since 1970 UTC, hashes in hexadecimal, documents as JSON text, secrets sealed in base64). What differs
/// is asked for: `Transaction::skip_locked()`.
///
/// A transaction sees all or nothing of every other one. A write transaction of SQLite takes the one lock at once, so
/// it never fails half-way for another's sake; one of PostgreSQL may (serialisation), which is why work is given as a
/// function to `in_transaction`, which runs it again.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace naru::server {

/// NULL, a number or UTF-8 text without NUL.
using Value = std::variant<std::monostate, std::int64_t, std::string>;

/// One row of a result. Columns are counted from 0.
class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  bool is_null(std::size_t column) const { return std::holds_alternative<std::monostate>(values_.at(column)); }
  /// @throws std::bad_variant_access where the column holds something else: a defect of the statement
  std::int64_t integer(std::size_t column) const { return std::get<std::int64_t>(values_.at(column)); }
  const std::string& text(std::size_t column) const { return std::get<std::string>(values_.at(column)); }
  std::optional<std::int64_t> integer_if(std::size_t column) const;
  std::optional<std::string> text_if(std::size_t column) const;

 private:
  std::vector<Value> values_;
};
using Rows = std::vector<Row>;

enum class Access { read, write };

class Transaction {
 public:
  virtual ~Transaction() = default;  ///< rolls back what was not committed

  /// Runs one statement and returns its rows.
  /// @throws Error{store_unavailable} the database went away, is locked by another program, or its disk is full
  /// @throws UniqueViolation where a key is there already
  virtual Rows query(std::string_view sql, std::initializer_list<Value> values = {}) = 0;

  /// As query, for statements without rows: how many rows were changed.
  virtual std::int64_t execute(std::string_view sql, std::initializer_list<Value> values = {}) = 0;

  /// Ends a SELECT of rows that several workers may want: " FOR UPDATE SKIP LOCKED", or "" where one lock rules all.
  virtual std::string_view skip_locked() const = 0;
  /// Ends a SELECT of rows that the transaction will change: " FOR UPDATE", or "".
  virtual std::string_view for_update() const = 0;

  /// Durable on return. @throws as query; RetryTransaction
  virtual void commit() = 0;

  /// Runs `then` once the transaction is committed, never otherwise.
  void after_commit(std::function<void()> then) { after_commit_.push_back(std::move(then)); }

 protected:
  std::vector<std::function<void()>> after_commit_;
};

/// A row with this key is there already.
class UniqueViolation : public std::exception {
 public:
  const char* what() const noexcept override { return "a row with this key is there already"; }
};

/// Another transaction came between: run it again.
class RetryTransaction : public std::exception {
 public:
  const char* what() const noexcept override { return "another transaction came between"; }
};

/// Safe to use from any thread.
class Database {
 public:
  virtual ~Database() = default;

  /// @throws Error{store_unavailable}
  virtual std::unique_ptr<Transaction> begin(Access access) = 0;
  virtual std::string_view engine() const = 0;  ///< "sqlite" or "postgresql"

  /// Writes a consistent copy that `restore` of the same engine reads, while others work.
  virtual void backup(const std::string& file) = 0;
};

/// Runs `work` in a transaction and commits it; runs it again, a few times, where another came between.
/// @return what `work` returned. @throws what `work` throws, after a roll-back; Error{store_unavailable}
template <class Work>
auto in_transaction(Database& database, Access access, Work&& work) {
  constexpr int kMaxRuns = 20;
  for (int run = 1;; ++run) {
    try {
      const auto transaction = database.begin(access);
      if constexpr (std::is_void_v<decltype(work(*transaction))>) {
        work(*transaction);
        transaction->commit();
        return;
      } else {
        auto result = work(*transaction);
        transaction->commit();
        return result;
      }
    } catch (const RetryTransaction&) {
      if (run == kMaxRuns) throw;
    }
  }
}

/// Opens the database at `url` ("sqlite:PATH" or "postgresql://..."), and brings its schema up to date.
/// @throws Error{store_unavailable}; Error{config_invalid} for another url, or a schema newer than this program
std::unique_ptr<Database> open_database(const std::string& url);

}  // namespace naru::server
