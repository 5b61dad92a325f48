#include "server/store/sqlite_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <new>
#include <utility>

#include "core/error.h"
#include "pipeline/file_descriptor.h"
#include "server/store/statement.h"

namespace naru::server {

namespace {

constexpr std::size_t kMaxStatements = 512;  // more than the program has; what is built from parts may not fill memory
constexpr int kBusyTimeout_ms = 2000;        // for a predecessor that is about to end

/// What the operator can do. The first row with the code is taken.
struct Remedy {
  int code;
  std::string_view text;
};
constexpr std::array kRemedies = {
    Remedy{SQLITE_FULL, "the disk of the database is full: free some space"},
    Remedy{SQLITE_IOERR, "the disk of the database failed or is full: free some space, or see the system's log"},
    Remedy{SQLITE_CANTOPEN, "the database cannot be opened: check that its folder exists and belongs to this user"},
    Remedy{SQLITE_READONLY, "the database may not be written: check the permissions of the file and of its folder"},
    Remedy{SQLITE_PERM, "the database may not be opened: check the permissions of the file and of its folder"},
    Remedy{SQLITE_BUSY, "another program has the database open: stop it first"},
    Remedy{SQLITE_LOCKED, "another program has the database open: stop it first"},
    Remedy{SQLITE_PROTOCOL, "another program has the database open: stop it first"},
    Remedy{SQLITE_CORRUPT, "the database is damaged: restore a backup"},
    Remedy{SQLITE_NOTADB, "the file is no database, or is damaged: restore a backup"},
};

const Remedy* remedy_for(int code) {
  for (const Remedy& row : kRemedies) {
    if (row.code == (code & 0xff)) return &row;
  }
  return nullptr;
}

[[noreturn]] void throw_unavailable(const Remedy& remedy, int code) {
  const std::string text = fmt::format("{} (SQLite {})", remedy.text, code);
  const bool is_damaged = remedy.code == SQLITE_CORRUPT || remedy.code == SQLITE_NOTADB;
  if (is_damaged) throw DamagedFile(ErrorCode::store_unavailable, text);
  throw Error(ErrorCode::store_unavailable, text);
}

Error copy_failed(int code) {
  return Error(
      ErrorCode::store_unavailable,
      fmt::format("the copy of the database cannot be made: check the disk that it goes to (SQLite {})", code));
}

/// A new file is readable by its owner alone; its log gets the same mode. An existing one is not touched: closing
/// a descriptor of it would drop the locks that this process has on it.
void create_private(const std::filesystem::path& file) {
  const FileDescriptor created(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

// The order counts: held alone before the write-ahead log is, so that no shared memory is ever made.
constexpr std::string_view kSettings = R"sql(
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA case_sensitive_like = ON;
PRAGMA temp_store = MEMORY;
PRAGMA journal_size_limit = 67108864;
PRAGMA cache_size = -4096;
BEGIN IMMEDIATE;
COMMIT;
)sql";

void bind(sqlite3_stmt* compiled, int place, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    sqlite3_bind_int64(compiled, place, *number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    sqlite3_bind_text(compiled, place, text->data(), static_cast<int>(text->size()), SQLITE_STATIC);
  } else {
    sqlite3_bind_null(compiled, place);
  }
}

Value value_of(sqlite3_stmt* compiled, int column) {
  switch (sqlite3_column_type(compiled, column)) {
    case SQLITE_NULL: return {};
    case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(compiled, column)};
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(compiled, column));
      if (text == nullptr) throw std::bad_alloc();
      return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(compiled, column)));
    }
    default: throw Error(ErrorCode::internal, "a column of the database holds neither a number nor a text");
  }
}

Row row_of(sqlite3_stmt* compiled) {
  std::vector<Value> values;
  const int count = sqlite3_column_count(compiled);
  values.reserve(static_cast<std::size_t>(count));
  for (int column = 0; column < count; ++column) values.push_back(value_of(compiled, column));
  return Row(std::move(values));
}

/// Leaves a compiled statement ready for the next time, however this one ended.
class Reset {
 public:
  explicit Reset(sqlite3_stmt* compiled) : compiled_(compiled) {}
  ~Reset() {
    sqlite3_reset(compiled_);
    sqlite3_clear_bindings(compiled_);
  }
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;

 private:
  sqlite3_stmt* compiled_;
};

}  // namespace

SqliteConnection::SqliteConnection(const std::filesystem::path& file) {
  create_private(file);
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  const int code = sqlite3_open_v2(file.c_str(), &database_, kFlags, nullptr);
  try {
    if (code != SQLITE_OK) fail(code);
    sqlite3_busy_timeout(database_, kBusyTimeout_ms);
    sqlite3_limit(database_, SQLITE_LIMIT_LENGTH, static_cast<int>(kMaxTextBytes) + (1 << 20));
    sqlite3_limit(database_, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    run_script(std::string(kSettings));
  } catch (...) {
    sqlite3_close(database_);
    throw;
  }
}

SqliteConnection::~SqliteConnection() {
  end_copy();
  forget_statements();
  sqlite3_close(database_);
}

SqliteConnection::Result SqliteConnection::run(std::string_view sql, std::span<const Value> values, Access access) {
  const Statement& found = statement(sql);
  if (values.size() != found.places.size()) {
    throw Error(ErrorCode::internal,
                fmt::format("a statement with {} parameters got {}", found.places.size(), values.size()));
  }
  if (access == Access::read && sqlite3_stmt_readonly(found.compiled) == 0) {
    throw Error(ErrorCode::internal, "a transaction that only reads tried to write");
  }
  const Reset reset(found.compiled);
  for (std::size_t v = 0; v < values.size(); ++v) bind(found.compiled, found.places[v], values[v]);
  const auto changed_before = sqlite3_total_changes64(database_);
  Result result{step_through(found.compiled), 0};
  if (sqlite3_total_changes64(database_) != changed_before) result.changed_count = sqlite3_changes64(database_);
  return result;
}

Rows SqliteConnection::step_through(sqlite3_stmt* compiled) {
  Rows rows;
  int code;
  while ((code = sqlite3_step(compiled)) == SQLITE_ROW) rows.push_back(row_of(compiled));
  if (code != SQLITE_DONE) fail(code);
  return rows;
}

const SqliteConnection::Statement& SqliteConnection::statement(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
  const int count = parameter_count(sql);
  if (statements_.size() >= kMaxStatements) forget_statements();
  Statement made{};
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &made.compiled, &rest);
  if (code != SQLITE_OK) fail(code);
  const std::string_view tail = sql.substr(static_cast<std::size_t>(rest - sql.data()));
  for (int p = 1; p <= count; ++p) {
    made.places.push_back(sqlite3_bind_parameter_index(made.compiled, fmt::format("${}", p).c_str()));
  }
  const bool is_one = made.compiled != nullptr && tail.find_first_not_of(" \n\t;") == std::string_view::npos;
  if (!is_one || sqlite3_bind_parameter_count(made.compiled) != count) {
    sqlite3_finalize(made.compiled);
    throw Error(ErrorCode::internal, "not one statement with parameters named $1, $2, ...");
  }
  return statements_.emplace(std::string(sql), std::move(made)).first->second;
}

void SqliteConnection::forget_statements() {
  for (const auto& [sql, kept] : statements_) sqlite3_finalize(kept.compiled);
  statements_.clear();
}

void SqliteConnection::run_script(const std::string& sql) {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

bool SqliteConnection::is_in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

void SqliteConnection::begin_copy(const std::filesystem::path& file) {
  if (copy_ != nullptr) throw Error(ErrorCode::conflict, "a copy of the database is being made already");
  create_private(file);
  const int code = sqlite3_open_v2(file.c_str(), &copy_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code == SQLITE_OK) copying_ = sqlite3_backup_init(copy_, "main", database_, "main");
  if (copying_ != nullptr) return;
  const int problem = code == SQLITE_OK ? sqlite3_extended_errcode(copy_) : code;
  end_copy();
  throw copy_failed(problem);
}

bool SqliteConnection::copy_pages(int count) {
  // A copy that is gone ended with the connection that it was begun on.
  const int code = copying_ == nullptr ? SQLITE_IOERR : sqlite3_backup_step(copying_, count);
  if (code != SQLITE_OK && code != SQLITE_DONE) throw copy_failed(code);
  return code == SQLITE_DONE;
}

void SqliteConnection::end_copy() {
  sqlite3_backup_finish(std::exchange(copying_, nullptr));
  sqlite3_close(std::exchange(copy_, nullptr));
}

void SqliteConnection::fail(int code) {
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) throw UniqueViolation();
  if (code == SQLITE_CONSTRAINT_FOREIGNKEY) {
    throw Error(ErrorCode::conflict, "a row that this one names is not there, or others still name this one");
  }
  if ((code & 0xff) == SQLITE_NOMEM) throw std::bad_alloc();
  if ((code & 0xff) == SQLITE_TOOBIG) throw Error(ErrorCode::request_invalid, "a text is too long for the database");
  if (const Remedy* remedy = remedy_for(code)) {
    is_broken_ = true;
    throw_unavailable(*remedy, code);
  }
  // The library's text names tables, columns and words of the statement, never values: those are bound.
  throw Error(ErrorCode::internal, fmt::format("SQLite refuses a statement ({}): {}", code, sqlite3_errmsg(database_)));
}

}  // namespace naru::server
