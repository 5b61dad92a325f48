#include "server/store/database.h"

#include "core/error.h"
#include "core/log.h"
#include "server/store/statement.h"

namespace naru::server {

std::optional<std::int64_t> Row::integer_if(std::size_t column) const {
  return is_null(column) ? std::nullopt : std::optional(integer(column));
}

std::optional<std::string> Row::text_if(std::size_t column) const {
  return is_null(column) ? std::nullopt : std::optional(text(column));
}

/// Until a step has gone well the transaction counts as over, so that no exception can leave it usable.
void Transaction::begin_step() {
  if (is_over_) throw Error(ErrorCode::internal, "a transaction is used after it was over");
  is_over_ = true;
}

Transaction::Result Transaction::run(std::string_view sql, std::span<const Value> values) {
  begin_step();
  check_values(values);
  Result result = run_statement(sql, values);
  is_over_ = false;
  return result;
}

void Transaction::run_script(std::string_view sql) {
  begin_step();
  run_statements(sql);
  is_over_ = false;
}

void Transaction::commit() {
  begin_step();
  commit_and_release();
  for (const auto& then : after_commit_) {
    try {
      then();
    } catch (const std::exception&) {
      log::warning("what should follow a committed transaction failed");
    }
  }
}

void throw_still_busy() {
  throw Error(ErrorCode::store_unavailable, "other transactions came between too often: try again");
}

}  // namespace naru::server
