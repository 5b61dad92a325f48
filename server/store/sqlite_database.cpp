#include "server/store/sqlite_database.h"

#include <atomic>
#include <thread>
#include <utility>

#include "core/error.h"
#include "server/store/commit_gate.h"
#include "server/store/copy_file.h"
#include "server/store/sqlite_connection.h"

namespace naru::server {

namespace {

constexpr std::chrono::seconds kPatience{30};  // a transaction takes milliseconds; something hangs

/// What the database and its transactions share. What is not the gate belongs to the one who is in.
struct Shared {
  explicit Shared(std::filesystem::path path) : file(std::move(path)) {}

  /// Makes durable what is open. After a failure nothing of it is left: opening the file anew rolls back.
  void commit() {
    try {
      connection->run("COMMIT", {}, Access::write);
    } catch (...) {
      connection.reset();
      throw;
    }
  }

  const std::filesystem::path file;
  CommitGate gate;
  std::atomic<std::thread::id> holder;
  std::unique_ptr<SqliteConnection> connection;  ///< empty after a failure of the disk
};

/// While it lives this thread alone has the connection.
class Turn {
 public:
  Turn(Shared& shared, Access access) : shared_(&shared) {
    if (shared.holder == std::this_thread::get_id()) {
      throw Error(ErrorCode::internal, "a thread begins a transaction within another one");
    }
    if (!shared.gate.enter(access, kPatience)) {
      throw Error(ErrorCode::store_unavailable, "the database is busy: try again");
    }
    shared.holder = std::this_thread::get_id();
  }
  ~Turn() { end(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  SqliteConnection& connection() {
    if (!shared_->connection) shared_->connection = std::make_unique<SqliteConnection>(shared_->file);
    return *shared_->connection;
  }
  void drop_connection() { shared_->connection.reset(); }

  /// Whether the transaction that is open holds the work of others.
  bool has_group() const { return shared_->gate.has_group(); }

  /// Ends it with its work done: durable on return. @throws as Transaction::commit
  void commit() {
    Shared& shared = *std::exchange(shared_, nullptr);
    shared.holder = std::thread::id();
    shared.gate.commit([&shared] { shared.commit(); });
  }

  /// Ends it with nothing to commit of its own.
  void end() {
    if (shared_ == nullptr) return;
    Shared& shared = *std::exchange(shared_, nullptr);
    shared.holder = std::thread::id();
    if (shared.connection && shared.connection->is_broken()) shared.connection.reset();
    // A failure of the disk may have rolled back all that was open.
    const bool is_open = shared.connection && shared.connection->is_in_transaction();
    if (shared.gate.has_group() && !is_open) {
      return shared.gate.lose(std::make_exception_ptr(
          Error(ErrorCode::store_unavailable, "the disk of the database failed before this was stored: try again")));
    }
    shared.gate.leave([&shared] { shared.commit(); });
  }

 private:
  Shared* shared_;
};

/// Nobody else has the connection, so one that only reads needs nothing around its statements. One that writes is a
/// transaction of SQLite, or a savepoint in the one that those before it have left open.
class SqliteTransaction final : public Transaction {
 public:
  SqliteTransaction(Shared& shared, Access access)
      : turn_(shared, access), access_(access), is_joined_(turn_.has_group()) {
    turn_.connection();
    if (access == Access::write) run_plain(is_joined_ ? "SAVEPOINT own" : "BEGIN IMMEDIATE");
  }

  ~SqliteTransaction() override {
    if (!is_held_) return;
    try {
      if (turn_.connection().is_in_transaction()) undo();
    } catch (const std::exception&) {
      turn_.drop_connection();  // opening it anew rolls back as well
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
    if (is_joined_) run_plain("RELEASE own");
    is_held_ = false;
    access_ == Access::write ? turn_.commit() : turn_.end();
  }

  void undo() {
    run_plain(is_joined_ ? "ROLLBACK TO own" : "ROLLBACK");
    if (is_joined_) run_plain("RELEASE own");
  }

  void run_plain(std::string_view sql) { turn_.connection().run(sql, {}, Access::write); }

  Turn turn_;
  Access access_;
  bool is_joined_, is_held_ = true;
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const std::filesystem::path& file) : shared_(file) {
    Turn(shared_, Access::read).connection();
  }

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
    Turn(shared_, Access::read).connection().begin_copy(temporary);
    try {
      while (!Turn(shared_, Access::read).connection().copy_pages(kPagesATurn)) continue;
    } catch (...) {
      Turn(shared_, Access::read).connection().end_copy();
      throw;
    }
    Turn(shared_, Access::read).connection().end_copy();
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
