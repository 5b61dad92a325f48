#include "server/store/postgresql_database.h"

#include <atomic>
#include <mutex>
#include <regex>
#include <set>
#include <thread>

#include "core/error.h"
#include "server/store/copy_file.h"
#include "server/store/postgresql_connection.h"
#include "server/store/postgresql_program.h"
#include "server/store/turnstile.h"

namespace naru::server {

namespace {

using std::chrono::seconds;

constexpr int kMaxConnections = 16;  // more than two cores keep busy, far fewer than PostgreSQL's usual 100
constexpr seconds kPatience{30};
constexpr seconds kShort{75};  // a little more than the server's own time-out for a statement
constexpr seconds kMigrationPatience{3600};

/// The connections, and who has one.
class Pool {
 public:
  explicit Pool(std::string url) : url_(std::move(url)) {}

  std::unique_ptr<PostgresqlConnection> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto taken = std::move(idle_.back());
    idle_.pop_back();
    return taken;
  }
  void give_back(std::unique_ptr<PostgresqlConnection> connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  /// While the database is away one thread at a time tries to reach it; the others need not wait to hear the same.
  std::unique_ptr<PostgresqlConnection> connect() {
    const std::unique_lock trying(trying_, std::try_to_lock);
    if (is_away_ && !trying) throw Error(ErrorCode::store_unavailable, "PostgreSQL cannot be reached: try again");
    try {
      auto connection = std::make_unique<PostgresqlConnection>(url_);
      is_away_ = false;
      return connection;
    } catch (const Error&) {
      is_away_ = true;
      throw;
    }
  }

  const std::string& url() const { return url_; }

  bool enter_thread() {
    const std::lock_guard lock(mutex_);
    return busy_threads_.insert(std::this_thread::get_id()).second;
  }
  void leave_thread(std::thread::id thread) {
    const std::lock_guard lock(mutex_);
    busy_threads_.erase(thread);
  }

  Turnstile connections{kMaxConnections}, writers{kMaxConnections};

 private:
  const std::string url_;
  std::mutex trying_;
  std::atomic<bool> is_away_{false};
  std::mutex mutex_;
  std::vector<std::unique_ptr<PostgresqlConnection>> idle_;
  std::set<std::thread::id> busy_threads_;
};

/// Holds places of a turnstile.
class Places {
 public:
  Places(Turnstile& turnstile, int count) : turnstile_(turnstile), count_(count) {
    if (!turnstile_.enter(count_, kPatience)) {
      throw Error(ErrorCode::store_unavailable, "the database is busy: try again");
    }
  }
  ~Places() { turnstile_.leave(count_); }
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

 private:
  Turnstile& turnstile_;
  int count_;
};

/// While it lives, this thread has begun a transaction and may begin no other.
class ThreadMark {
 public:
  explicit ThreadMark(Pool& pool) : pool_(pool) {
    if (!pool_.enter_thread()) throw Error(ErrorCode::internal, "a thread begins a transaction within another one");
  }
  ~ThreadMark() { pool_.leave_thread(thread_); }
  ThreadMark(const ThreadMark&) = delete;
  ThreadMark& operator=(const ThreadMark&) = delete;

 private:
  Pool& pool_;
  std::thread::id thread_ = std::this_thread::get_id();
};

/// A connection of the pool with what must be held to have it.
class Lease {
 public:
  Lease(Pool& pool, int writer_places)
      : mark_(pool), writer_(pool.writers, writer_places), place_(pool.connections, 1), pool_(pool) {}
  ~Lease() {
    if (connection_ && connection_->is_idle()) pool_.give_back(std::move(connection_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// Does what begins a transaction on a connection of the pool, or on a new one where that was lost since: nothing was
  /// done yet.
  template <class Begin>
  auto begin(const Begin& begin) {
    while ((connection_ = pool_.take())) {
      try {
        return begin(*connection_);
      } catch (const Error&) {
        if (!connection_->is_lost()) throw;
      }
    }
    connection_ = pool_.connect();
    return begin(*connection_);
  }

  bool has_begun() const { return connection_ != nullptr; }
  PostgresqlConnection& connection() { return *connection_; }

 private:
  ThreadMark mark_;
  Places writer_, place_;
  Pool& pool_;
  std::unique_ptr<PostgresqlConnection> connection_;
};

class PostgresqlTransaction final : public Transaction {
 public:
  PostgresqlTransaction(Pool& pool, Access access, Company company)
      : lease_(std::make_unique<Lease>(pool, writer_places(access, company))), access_(access) {}

  ~PostgresqlTransaction() override {
    if (!lease_ || !lease_->has_begun() || lease_->connection().is_lost() || lease_->connection().is_idle()) return;
    try {
      lease_->connection().run_script("ROLLBACK", kShort);
    } catch (const std::exception&) {
      // The connection is not idle, so it is closed, which rolls back as well.
    }
  }

  std::string_view skip_locked() const override { return " FOR UPDATE SKIP LOCKED"; }
  std::string_view for_update() const override { return " FOR UPDATE"; }

 private:
  static int writer_places(Access access, Company company) {
    if (access == Access::read) return 0;
    return company == Company::alone ? kMaxConnections : 1;
  }

  Result run_statement(std::string_view sql, std::span<const Value> values) override {
    auto result = lease_->has_begun() ? lease_->connection().run(sql, values)
                                      : lease_->begin([&](PostgresqlConnection& connection) {
                                          return connection.run_first(begin_sql(), sql, values);
                                        });
    return {std::move(result.rows), result.changed_count};
  }

  void run_statements(std::string_view sql) override {
    // Text sorts by its bytes, as in SQLite, whatever the language of the database.
    static const std::regex kText(R"(\bTEXT\b)");
    if (!lease_->has_begun()) {
      lease_->begin([&](PostgresqlConnection& connection) { connection.run_script(begin_sql(), kShort); });
    }
    lease_->connection().run_script("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0", kShort);
    lease_->connection().run_script(std::regex_replace(std::string(sql), kText, R"(TEXT COLLATE "C")"),
                                    kMigrationPatience);
  }

  void commit_and_release() override {
    if (lease_->has_begun()) {
      access_ == Access::write ? lease_->connection().commit() : lease_->connection().end_reading();
    }
    lease_.reset();
  }

  /// Sent with the first statement: one wait less.
  std::string begin_sql() const {
    return access_ == Access::write ? "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
                                    : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  }

  std::unique_ptr<Lease> lease_;
  const Access access_;
};

class PostgresqlDatabase final : public Database {
 public:
  explicit PostgresqlDatabase(std::string url) : pool_(std::move(url)) { pool_.give_back(pool_.connect()); }

  std::unique_ptr<Transaction> begin(Access access, Company company) override {
    return std::make_unique<PostgresqlTransaction>(pool_, access, company);
  }
  std::string_view engine() const override { return "postgresql"; }

  /// The lock belongs to a connection of its own: within a transaction the snapshot would be older than the lock.
  void exclusively(const std::function<void()>& work) override {
    const auto connection = pool_.connect();
    connection->run_script("SET statement_timeout = 0; SET lock_timeout = 0", kShort);
    connection->run_script("SELECT pg_advisory_lock(7236837)", kMigrationPatience);  // "nare"; locks are per database
    work();
  }

  void backup(const std::string& file) override;

 private:
  Pool pool_;
};

void PostgresqlDatabase::backup(const std::string& file) {
  publish_copy(file, [&](const std::filesystem::path& temporary) {
    run_postgresql_program({"pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s",
                            "--file=" + temporary.string(), "--dbname=" + pool_.url()});
  });
}

}  // namespace

std::unique_ptr<Database> open_postgresql(const std::string& url) { return std::make_unique<PostgresqlDatabase>(url); }

}  // namespace naru::server
