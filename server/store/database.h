/// The database, behind one interface for two engines: SQLite (default, embedded) and PostgreSQL.
///
/// SQL is written once, for both: parameters are $1, $2, ..., all of them used and none left out; columns are BIGINT
/// and TEXT alone (times in ms since 1970 UTC, hashes in hexadecimal, documents as JSON text, secrets sealed in
/// base64). What differs is asked for: `Transaction::skip_locked()`. A parameter has the type of its value, so a number
/// is never compared with a text; text sorts by its bytes and LIKE tells capitals from small letters.
///
/// A transaction sees all or nothing of every other one: those that write are as if one ran after the other, those that
/// read see the state of one instant. A write transaction of SQLite
/// takes the one lock at once, so it never fails half-way for another's sake; one of PostgreSQL may (serialisation),
/// which is why work is given as a function to `in_transaction`, which runs it again: it may have no effect but on the
/// database and on what `after_commit` is told.
///
/// What may be there already is better asked for than caught: `INSERT ... ON CONFLICT DO NOTHING` and the count that
/// `execute` returns; `RETURNING` works as well.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace naru::server {

/// NULL, a number or UTF-8 text without NUL.
using Value = std::variant<std::monostate, std::int64_t, std::string>;

/// The value, or NULL where there is none.
template <class T>
Value value_or_null(const std::optional<T>& value) {
  return value ? Value(*value) : Value();
}

/// A size or a count, of which the database keeps those below 2^63.
inline Value value_of(std::uint64_t number) { return static_cast<std::int64_t>(number); }

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

/// Whether a transaction may change anything: one that only reads is refused when it tries.
enum class Access { read, write };

/// Used by one thread, which has no other transaction of the same database open. After an exception it is over: all
/// that can be done is to let it go, which rolls it back.
class Transaction {
 public:
  Transaction() = default;
  virtual ~Transaction() = default;  ///< rolls back what was not committed
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Runs one statement and returns its rows.
  /// @throws Error{store_unavailable} the database went away, is locked by another program, or its disk is full
  /// @throws Error{request_invalid} a text that is no UTF-8, holds NUL or is too long
  /// @throws Error{conflict} a row that this one names is not there, or others still name this one
  /// @throws Error{internal} a defect: other parameters than the statement has, a write where only reading was said,
  /// ...
  /// @throws UniqueViolation where a key is there already; RetryTransaction
  Rows query(std::string_view sql, std::initializer_list<Value> values = {}) { return run(sql, values).rows; }
  Rows query(std::string_view sql, std::span<const Value> values) { return run(sql, values).rows; }

  /// As query, for statements without rows: how many rows were changed.
  std::int64_t execute(std::string_view sql, std::initializer_list<Value> values = {}) {
    return run(sql, values).changed_count;
  }
  std::int64_t execute(std::string_view sql, std::span<const Value> values) { return run(sql, values).changed_count; }

  /// Runs statements with ';' between, as migrations have them. Columns of TEXT sort by their bytes. @throws as query
  void run_script(std::string_view sql);

  /// Ends a SELECT of rows that several workers may want: " FOR UPDATE SKIP LOCKED", or "" where one lock rules all.
  virtual std::string_view skip_locked() const = 0;
  /// Ends a SELECT of rows that the transaction will change: " FOR UPDATE", or "".
  virtual std::string_view for_update() const = 0;

  /// Durable on return. Then runs what `after_commit` was given. @throws as query; where the connection is lost at this
  /// very moment, Error{store_unavailable} says that the outcome is not known.
  void commit();

  /// Runs `then` once the transaction is committed and its lock is gone, never otherwise. `then` must not throw.
  void after_commit(std::function<void()> then) { after_commit_.push_back(std::move(then)); }

 protected:
  struct Result {
    Rows rows;
    std::int64_t changed_count = 0;
  };

 private:
  virtual Result run_statement(std::string_view sql, std::span<const Value> values) = 0;
  virtual void run_statements(std::string_view sql) = 0;
  virtual void commit_and_release() = 0;

  Result run(std::string_view sql, std::span<const Value> values);
  Result run(std::string_view sql, std::initializer_list<Value> values) {
    return run(sql, std::span(values.begin(), values.size()));
  }
  void begin_step();

  std::vector<std::function<void()>> after_commit_;
  bool is_over_ = false;
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

/// How a transaction stands to others: `alone` makes what lost to another one win.
enum class Company { others, alone };

/// Safe to use from any thread.
class Database {
 public:
  virtual ~Database() = default;

  /// `alone`: no other write transaction of this object runs at the same time. @throws Error{store_unavailable}
  virtual std::unique_ptr<Transaction> begin(Access access, Company company = Company::others) = 0;
  virtual std::string_view engine() const = 0;  ///< "sqlite" or "postgresql"

  /// Runs `work`, which begins its own transactions, while no other process does the same with this database.
  virtual void exclusively(const std::function<void()>& work) = 0;

  /// Writes a consistent copy that `restore` of the same engine reads, while others work. server/store/backup.h
  virtual void backup(const std::string& file) = 0;
};

[[noreturn]] void throw_still_busy();  ///< internal: use the function below

/// Runs `work` in a transaction and commits it; runs it again, a few times, where another came between.
/// @return what `work` returned. @throws what `work` throws, after a roll-back; Error{store_unavailable}
template <class Work>
auto in_transaction(Database& database, Access access, Work&& work) {
  constexpr int kMaxRuns = 20;
  for (int run = 1;; ++run) {
    try {
      const auto transaction = database.begin(access, run == 1 ? Company::others : Company::alone);
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
      if (run == kMaxRuns) throw_still_busy();
    }
  }
}

/// Opens the database at `url` ("sqlite:PATH" or "postgresql://..."), and brings its schema up to date.
/// A password belongs into a passfile or a service (libpq's `passfile=` and `service=`): one within the url is refused.
/// @param may_be_new as of `migrate`
/// @throws Error{store_unavailable}; Error{config_invalid} for another url, or a schema newer than this program
std::unique_ptr<Database> open_database(const std::string& url, bool may_be_new = true);

}  // namespace naru::server
