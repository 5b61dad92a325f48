#include "server/store/postgresql_connection.h"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <charconv>
#include <cstring>

#include "core/error.h"
#include "core/text.h"
#include "server/store/libpq.h"
#include "server/store/statement.h"
#include "server/trouble_log.h"

namespace naru::server {

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxStatements = 512;
constexpr seconds kStatementPatience{75};  // the server ends a statement after 60 s itself, and says so

constexpr std::string_view kSettings =
    "SET statement_timeout = '60s'; SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '120s';"
    "SET standard_conforming_strings = on; SET client_min_messages = error";

// PostgreSQL's numbers of types: src/include/catalog/pg_type.dat.
constexpr Oid kUnspecified = 0, kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kVarchar = 1043,
              kNumeric = 1700;

enum class Meaning { retry, unique, foreign_key, bad_text, unavailable };
struct Reason {
  std::string_view state;  ///< SQLSTATE, or how it begins
  Meaning meaning;
  std::string_view remedy;
};
/// The first row that fits. https://www.postgresql.org/docs/15/errcodes-appendix.html
constexpr std::array kReasons = {
    Reason{"40001", Meaning::retry, ""},
    Reason{"40P01", Meaning::retry, ""},
    Reason{"23505", Meaning::unique, ""},
    Reason{"23503", Meaning::foreign_key, ""},
    Reason{"22021", Meaning::bad_text, ""},
    Reason{"54", Meaning::bad_text, ""},
    Reason{"08", Meaning::unavailable, "the connection to PostgreSQL was lost: try again"},
    Reason{"25P03", Meaning::unavailable, "a transaction was left open for too long"},
    Reason{"53100", Meaning::unavailable, "the disk of PostgreSQL is full: free some space"},
    Reason{"53", Meaning::unavailable, "PostgreSQL is short of memory or connections: see its log"},
    Reason{"55P03", Meaning::unavailable, "a row of the database is held for too long: try again"},
    Reason{"57014", Meaning::unavailable, "a statement took too long: try again"},
    Reason{"57P", Meaning::unavailable, "PostgreSQL is stopping or starting: try again"},
    Reason{"58", Meaning::unavailable, "the disk of PostgreSQL failed: see its log"},
    Reason{"XX001", Meaning::unavailable, "the database is damaged: see PostgreSQL's log"},
    Reason{"XX002", Meaning::unavailable, "the database is damaged: see PostgreSQL's log"},
};

void ignore_notice(void*, const PGresult*) {}

/// @throws Error{config_invalid}
void check_url(const std::string& url) {
  PQconninfoOption* options = libpq().conninfoParse(url.c_str(), nullptr);
  if (options == nullptr) {
    throw Error(ErrorCode::config_invalid,
                "the database's url does not parse: postgresql://USER@HOST/NAME is the form");
  }
  bool has_password = false;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    // libpq marks what no dialog should show, so sslpassword as well.
    if (std::strcmp(option->dispchar, "*") == 0 && option->val != nullptr) has_password = true;
  }
  libpq().conninfoFree(options);
  if (has_password) {
    throw Error(ErrorCode::config_invalid,
                "the database's url holds a password: put it into a file of mode 0600 and name that by ?passfile=");
  }
}

pg_conn* connect(const std::string& url) {
  // What stands later wins: the url over these.
  constexpr std::array kNames = {"sslmode",
                                 "gssencmode",
                                 "connect_timeout",
                                 "keepalives_idle",
                                 "keepalives_count",
                                 "keepalives_interval",
                                 "tcp_user_timeout",
                                 "application_name",
                                 "dbname",
                                 "client_encoding",
                                 static_cast<const char*>(nullptr)};
  const std::array values = {"verify-full",
                             "disable",
                             "5",
                             "15",
                             "3",
                             "5",
                             "30000",
                             "naru",
                             url.c_str(),
                             "UTF8",
                             static_cast<const char*>(nullptr)};
  return libpq().connectdbParams(kNames.data(), values.data(), 1);
}

Oid type_of(const Value& value) {
  constexpr std::array kTypes = {kUnspecified, kInt8, kText};
  return kTypes[value.index()];
}

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorCode::internal, "a number of the database is not whole, or greater than 64 bits");
  }
  return number;
}

Value value_of(const PGresult* result, int row, int column) {
  const Libpq& pq = libpq();
  if (pq.getisnull(result, row, column) != 0) return {};
  const std::string_view text(pq.getvalue(result, row, column),
                              static_cast<std::size_t>(pq.getlength(result, row, column)));
  switch (pq.ftype(result, column)) {
    case kBool: return std::int64_t{text == "t"};
    case kInt2:
    case kInt4:
    case kInt8:
    case kNumeric: return number_of(text);
    case kText:
    case kVarchar: return std::string(text);
    default: throw Error(ErrorCode::internal, "a column of the database holds neither a number nor a text");
  }
}

Rows rows_of(const PGresult* result) {
  const int row_count = libpq().ntuples(result), column_count = libpq().nfields(result);
  Rows rows;
  rows.reserve(static_cast<std::size_t>(row_count));
  for (int row = 0; row < row_count; ++row) {
    std::vector<Value> values;
    values.reserve(static_cast<std::size_t>(column_count));
    for (int column = 0; column < column_count; ++column) values.push_back(value_of(result, row, column));
    rows.emplace_back(std::move(values));
  }
  return rows;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string_view text_or_empty(const char* text) { return text == nullptr ? std::string_view() : text; }

}  // namespace

void PostgresqlConnection::ResultDeleter::operator()(pg_result* result) const { libpq().clear(result); }

PostgresqlConnection::PostgresqlConnection(const std::string& url) {
  check_url(url);
  connection_ = connect(url);
  try {
    if (connection_ == nullptr) throw std::bad_alloc();
    if (is_lost()) {
      // Names of hosts and users are for the operator, not for those who wait for an answer.
      const std::string reason = printable(first_line(libpq().errorMessage(connection_)));
      warn_at_times("database: " + reason);
      throw Error(ErrorCode::store_unavailable, "PostgreSQL cannot be reached: see the server's log");
    }
    libpq().setNoticeReceiver(connection_, ignore_notice, nullptr);
    run_script(std::string(kSettings), kStatementPatience);
  } catch (...) {
    libpq().finish(connection_);
    throw;
  }
}

PostgresqlConnection::~PostgresqlConnection() { libpq().finish(connection_); }

PostgresqlConnection::Result PostgresqlConnection::result_of(pg_result* result) {
  const std::string_view command = libpq().cmdStatus(result);
  const std::string_view changed = libpq().cmdTuples(result);
  return {rows_of(result), command.starts_with("SELECT") || changed.empty() ? 0 : number_of(changed)};
}

PostgresqlConnection::Result PostgresqlConnection::run(std::string_view sql, std::span<const Value> values) {
  settle();
  send_prepared(sql, values);
  return result_of(last_result(kStatementPatience).get());
}

PostgresqlConnection::Result PostgresqlConnection::run_first(const std::string& begin, std::string_view sql,
                                                             std::span<const Value> values) {
  settle();
  prepared(sql, values);  // not between the two
  libpq().enterPipelineMode(connection_);
  libpq().sendQueryParams(connection_, begin.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
  send_prepared(sql, values);
  libpq().pipelineSync(connection_);
  const auto deadline = steady_clock::now() + kStatementPatience;
  ResultPointer last, failed;
  for (int ended = 0;;) {
    ResultPointer next = next_result(deadline);
    if (!next) {
      const bool is_over = is_lost() || ++ended > 2;  // more ends than there are statements: nothing was sent
      if (is_over) {
        lose();
        fail(failed.get());
      }
      continue;
    }
    const ExecStatusType status = libpq().resultStatus(next.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_PIPELINE_ABORTED) continue;
    (status == PGRES_FATAL_ERROR && !failed ? failed : last) = std::move(next);
  }
  libpq().exitPipelineMode(connection_);
  if (failed || !last) fail(failed.get());
  return result_of(last.get());
}

void PostgresqlConnection::send_prepared(std::string_view sql, std::span<const Value> values) {
  const std::string name = prepared(sql, values);
  std::vector<std::string> numbers(values.size());
  std::vector<const char*> texts(values.size(), nullptr);
  for (std::size_t v = 0; v < values.size(); ++v) {
    if (const auto* number = std::get_if<std::int64_t>(&values[v])) {
      numbers[v] = std::to_string(*number);
      texts[v] = numbers[v].c_str();
    } else if (const auto* text = std::get_if<std::string>(&values[v])) {
      texts[v] = text->c_str();
    }
  }
  libpq().sendQueryPrepared(connection_, name.c_str(), static_cast<int>(values.size()), texts.data(), nullptr, nullptr,
                            0);
}

/// The statement's name on the server. NULL has no type, so the same text may be prepared more than once.
std::string PostgresqlConnection::prepared(std::string_view sql, std::span<const Value> values) {
  std::string key;
  std::vector<Oid> types;
  for (const Value& value : values) {
    types.push_back(type_of(value));
    key += static_cast<char>('0' + value.index());
  }
  key.append(" ").append(sql);
  if (const auto known = prepared_.find(key); known != prepared_.end()) return known->second;
  if (const int count = parameter_count(sql); count != static_cast<int>(values.size())) {
    throw Error(ErrorCode::internal, fmt::format("a statement with {} parameters got {}", count, values.size()));
  }
  if (prepared_.size() >= kMaxStatements) {
    run_script("DEALLOCATE ALL", kStatementPatience);
    prepared_.clear();
  }
  const std::string name = fmt::format("s{}", prepared_.size());
  libpq().sendPrepare(connection_, name.c_str(), std::string(sql).c_str(), static_cast<int>(types.size()),
                      types.data());
  last_result(kStatementPatience);
  return prepared_.emplace(std::move(key), name).first->second;
}

void PostgresqlConnection::run_script(const std::string& sql, seconds patience) {
  settle();
  libpq().sendQuery(connection_, sql.c_str());
  last_result(patience);
}

void PostgresqlConnection::end_reading() {
  settle();
  libpq().sendQuery(connection_, "COMMIT");
  is_ending_ = true;
}

/// Waits for what `end_reading` began.
void PostgresqlConnection::settle() {
  if (!is_ending_) return;
  is_ending_ = false;
  last_result(kStatementPatience);
}

void PostgresqlConnection::commit() {
  libpq().sendQuery(connection_, "COMMIT");
  ResultPointer result;
  try {
    result = last_result(kStatementPatience);
  } catch (const Error&) {
    if (!is_lost()) throw;
    throw Error(ErrorCode::store_unavailable,
                "the connection to PostgreSQL was lost while a change was made final: whether it was is not known");
  }
  if (text_or_empty(libpq().cmdStatus(result.get())) != "COMMIT") {
    throw Error(ErrorCode::internal, "PostgreSQL rolled a transaction back that was to be committed");
  }
}

/// Reads all results of what was sent. @return the last one. @throws for the first that is an error
PostgresqlConnection::ResultPointer PostgresqlConnection::last_result(seconds patience) {
  const auto deadline = steady_clock::now() + patience;
  ResultPointer last, failed;
  while (true) {
    ResultPointer next = next_result(deadline);
    if (!next) break;
    if (libpq().resultStatus(next.get()) == PGRES_FATAL_ERROR && !failed)
      failed = std::move(next);
    else
      last = std::move(next);
  }
  if (failed || !last) fail(failed.get());
  return last;
}

PostgresqlConnection::ResultPointer PostgresqlConnection::next_result(steady_clock::time_point deadline) {
  while (libpq().isBusy(connection_) != 0) wait_for_input(deadline);
  return ResultPointer(libpq().getResult(connection_));
}

void PostgresqlConnection::wait_for_input(steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
  pollfd socket{libpq().socket(connection_), POLLIN, 0};
  const int ready = left.count() <= 0 ? 0 : ::poll(&socket, 1, static_cast<int>(left.count()));
  if (ready < 0 && errno == EINTR) return;
  if (ready == 0) {
    lose();
    throw Error(ErrorCode::store_unavailable, "PostgreSQL does not answer: see its log");
  }
  if (libpq().consumeInput(connection_) == 0 && is_lost()) fail(nullptr);
}

/// What was sent may still run; nobody waits for it any more.
void PostgresqlConnection::lose() {
  libpq().finish(connection_);
  connection_ = nullptr;
}

bool PostgresqlConnection::is_lost() const { return libpq().status(connection_) != CONNECTION_OK; }
bool PostgresqlConnection::is_idle() const {
  return is_ending_ || libpq().transactionStatus(connection_) == PQTRANS_IDLE;
}

void PostgresqlConnection::fail(const pg_result* result) {
  const std::string_view state = text_or_empty(libpq().resultErrorField(result, PG_DIAG_SQLSTATE));
  for (const Reason& reason : kReasons) {
    if (state.empty() || !state.starts_with(reason.state)) continue;
    switch (reason.meaning) {
      case Meaning::retry: throw RetryTransaction();
      case Meaning::unique: throw UniqueViolation();
      case Meaning::foreign_key:
        throw Error(ErrorCode::conflict, "a row that this one names is not there, or others still name this one");
      case Meaning::bad_text: throw Error(ErrorCode::request_invalid, "a text does not suit the database");
      case Meaning::unavailable:
        throw Error(ErrorCode::store_unavailable, fmt::format("{} (PostgreSQL {})", reason.remedy, state));
    }
  }
  if (state.empty()) throw Error(ErrorCode::store_unavailable, "the connection to PostgreSQL was lost: try again");
  // Texts of this class name tables, columns and words of the statement; those of others may hold values.
  const bool may_be_told = state.starts_with("42");
  const std::string_view text = text_or_empty(libpq().resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  throw Error(ErrorCode::internal, fmt::format("PostgreSQL refuses a statement ({}){}{}", state,
                                               may_be_told ? ": " : "", may_be_told ? printable(text) : ""));
}

}  // namespace naru::server
