#include "server/store/database_hold.h"

#include <chrono>
#include <thread>
#include <utility>

#include "core/error.h"
#include "server/store/postgresql_connection.h"

namespace naru::server {

namespace {

constexpr int kTries = 20;
constexpr std::chrono::milliseconds kBetweenTries{100};

bool is_postgresql(const std::string& url) { return url.starts_with("postgres"); }

/// "narf"; locks are per database, and end with their connection.
bool try_lock(PostgresqlConnection& connection) {
  return connection.run("SELECT pg_try_advisory_lock(7236838)", {}).rows.at(0).integer(0) != 0;
}

}  // namespace

DatabaseHold::DatabaseHold(std::string url) : url_(std::move(url)) {
  if (is_postgresql(url_)) take();
}

DatabaseHold::~DatabaseHold() = default;

void DatabaseHold::take() {
  auto connection = std::make_unique<PostgresqlConnection>(url_);
  for (int n = 1; !try_lock(*connection); ++n) {
    if (n == kTries) throw Error(ErrorCode::output_busy, "another naru serve, or naru admin, works on this database");
    std::this_thread::sleep_for(kBetweenTries);
  }
  connection_ = std::move(connection);
}

void DatabaseHold::keep() {
  if (!is_postgresql(url_)) return;
  try {
    if (connection_ != nullptr) connection_->run("SELECT 1", {});
  } catch (const Error&) {
    connection_.reset();
  }
  if (connection_ == nullptr) take();
}

}  // namespace naru::server
