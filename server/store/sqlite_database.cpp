#include "server/store/sqlite_database.h"

#include <atomic>
#include <thread>

#include "core/error.h"
#include "server/store/copy_file.h"
#include "server/store/sqlite_connection.h"
#include "server/store/turnstile.h"

namespace naru::server {

namespace {

constexpr std::chrono::seconds kPatience{30};  // a transaction takes milliseconds; something hangs

/// What the database and its one transaction share.
struct Shared {
  explicit Shared(std::filesystem::path path) : file(std::move(path)) {}
  const std::filesystem::path file;
  Turnstile turnstile{1};
  std::atomic<std::thread::id> holder;
  std::unique_ptr<SqliteConnection> connection;  ///< empty after a failure of the disk
};

/// While it lives this thread alone has the connection.
class Turn {
 public:
  explicit Turn(Shared& shared) : shared_(&shared) {
    if (shared.holder == std::this_thread::get_id()) {
      throw Error(ErrorCode::internal, "a thread begins a transaction within another one");
    }
    if (!shared.turnstile.enter(1, kPatience)) {
      throw Error(ErrorCode::store_unavailable, "the database is busy: try again");
    }
    shared.holder = std::this_thread::get_id();
  }
  ~Turn() { end(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  void end() {
    if (shared_ == nullptr) return;
    if (shared_->connection && shared_->connection->is_broken()) shared_->connection.reset();
    shared_->holder = std::thread::id();
    shared_->turnstile.leave(1);
    shared_ = nullptr;
  }

  SqliteConnection& connection() {
    if (!shared_->connection) shared_->connection = std::make_unique<SqliteConnection>(shared_->file);
    return *shared_->connection;
  }

 private:
  Shared* shared_;
};

/// Nobody else has the connection, so one that only reads needs nothing around its statements.
class SqliteTransaction final : public Transaction {
 public:
  SqliteTransaction(Shared& shared, Access access) : turn_(shared), access_(access) {
    turn_.connection();
    if (access == Access::write) run_plain("BEGIN IMMEDIATE");
  }

  ~SqliteTransaction() override {
    if (!is_held_) return;
    try {
      if (turn_.connection().is_in_transaction()) run_plain("ROLLBACK");
    } catch (const std::exception&) {
      // The connection counts as broken now; opening it anew rolls back as well.
    }
  }

  std::string_view skip_locked() const override { return ""; }
  std::string_view for_update() const override { return ""; }

 private:
  Result run_statement(std::string_view sql, std::span<const Value> values) override {
    auto result = turn_.connection().run(sql, values, access_);
    return {std::move(result.rows), result.changed_count};
  }

  void run_statements(std::string_view sql) override {
    if (access_ == Access::read) throw Error(ErrorCode::internal, "a transaction that only reads runs a script");
    turn_.connection().run_script(std::string(sql));
  }

  void commit_and_release() override {
    if (access_ == Access::write) run_plain("COMMIT");
    is_held_ = false;
    turn_.end();
  }

  void run_plain(std::string_view sql) { turn_.connection().run(sql, {}, Access::write); }

  Turn turn_;
  Access access_;
  bool is_held_ = true;
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const std::filesystem::path& file) : shared_(file) { Turn(shared_).connection(); }

  std::unique_ptr<Transaction> begin(Access access, Company /*always alone*/) override {
    return std::make_unique<SqliteTransaction>(shared_, access);
  }
  std::string_view engine() const override { return "sqlite"; }
  void exclusively(const std::function<void()>& work) override { work(); }  // no other process has the file open
  void backup(const std::string& file) override;

 private:
  Shared shared_;
};

void SqliteDatabase::backup(const std::string& file) {
  constexpr int kPagesATurn = 256;  // 1 MiB: others wait for a few milliseconds
  publish_copy(file, [&](const std::filesystem::path& temporary) {
    Turn(shared_).connection().begin_copy(temporary);
    try {
      while (!Turn(shared_).connection().copy_pages(kPagesATurn)) continue;
    } catch (...) {
      Turn(shared_).connection().end_copy();
      throw;
    }
    Turn(shared_).connection().end_copy();
    check_sqlite(temporary);
  });
}

}  // namespace

void check_sqlite(const std::filesystem::path& file) {
  const Rows found = SqliteConnection(file).run("PRAGMA integrity_check(1)", {}, Access::read).rows;
  if (found.size() != 1 || found[0].text(0) != "ok") {
    throw DamagedFile(ErrorCode::store_unavailable, "the database is damaged: restore a backup");
  }
}

std::unique_ptr<Database> open_sqlite(const std::filesystem::path& file) {
  return std::make_unique<SqliteDatabase>(file);
}

}  // namespace naru::server
