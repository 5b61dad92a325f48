#include "server/store/sqlite_database.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/support/error_code.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

namespace fs = std::filesystem;
using naru::test::TempFolder;
using test::code_of;

void make_table(Database& database) {
  in_transaction(database, Access::write, [](Transaction& transaction) {
    transaction.run_script("CREATE TABLE things (number BIGINT PRIMARY KEY, words TEXT NOT NULL)");
  });
}

void insert(Database& database, std::int64_t number, std::size_t length = 10) {
  in_transaction(database, Access::write, [&](Transaction& transaction) {
    transaction.execute("INSERT INTO things (number, words) VALUES ($1, $2)", {number, std::string(length, 'x')});
  });
}

std::int64_t count(Database& database) {
  return database.begin(Access::read)->query("SELECT COUNT(*) FROM things").at(0).integer(0);
}

std::string integrity(Database& database) {
  return database.begin(Access::read)->query("PRAGMA integrity_check").at(0).text(0);
}

/// Inserts numbers from `first` on until the disk refuses. @return how many were acknowledged
std::int64_t fill(Database& database, std::int64_t first) {
  std::int64_t number = first;
  const auto insert_for_ever = [&] {
    for (;; ++number) insert(database, number, 20000);
  };
  EXPECT_EQ(code_of(insert_for_ever), ErrorCode::store_unavailable);
  return number - first;
}

TEST(SqliteDatabase, IsReadableByItsOwnerAlone) {
  const TempFolder folder;
  const auto database = open_sqlite(folder / "a.db");
  make_table(*database);
  for (const char* name : {"a.db", "a.db-wal"}) {
    struct stat status {};
    ASSERT_EQ(::stat((folder / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
  EXPECT_FALSE(fs::exists(folder / "a.db-shm"));  // no memory is shared: there is one connection
}

TEST(SqliteDatabase, IsRefusedToASecondOne) {
  const TempFolder folder;
  auto first = open_sqlite(folder / "a.db");
  EXPECT_EQ(code_of([&] { open_sqlite(folder / "a.db"); }), ErrorCode::store_unavailable);
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      open_sqlite(folder / "a.db");
      ::_exit(0);
    } catch (const Error& error) {
      ::_exit(error.code() == ErrorCode::store_unavailable ? 7 : 1);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  first.reset();
  open_sqlite(folder / "a.db");
}

TEST(SqliteDatabase, RefusesWhatIsNoDatabase) {
  const TempFolder folder;
  naru::test::spill(folder / "a.db", std::string(8192, 'x'));
  EXPECT_EQ(code_of([&] { open_sqlite(folder / "a.db"); }), ErrorCode::store_unavailable);
  EXPECT_EQ(code_of([&] { open_sqlite(folder / "missing/a.db"); }), ErrorCode::store_unavailable);
  EXPECT_EQ(code_of([&] { open_sqlite(folder.path()); }), ErrorCode::store_unavailable);
}

/// A bound on the size of files stands for the disk: it needs no rights.
TEST(SqliteDatabase, WorksAgainAfterWritesFailed) {
  const TempFolder folder;
  const auto database = open_sqlite(folder / "a.db");
  make_table(*database);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_IGN);
  std::int64_t written = 0;
  for (int round = 0; round < 3; ++round) {
    const rlimit small{rlim_t{2} << 20 << round, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const std::int64_t now = fill(*database, written);
    EXPECT_GT(now, 0);
    written += now;
    EXPECT_EQ(count(*database), written);  // reading goes on
    ::setrlimit(RLIMIT_FSIZE, &before);
    insert(*database, written++);
    EXPECT_EQ(count(*database), written);
    EXPECT_EQ(integrity(*database), "ok");
  }
}

TEST(SqliteDatabase, WorksAgainAfterTheDiskWasFull) {
  const TempFolder folder;
  const fs::path disk = folder / "disk";
  fs::create_directory(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=4m") != 0) GTEST_SKIP() << "may not mount a small disk";
  {
    const auto database = open_sqlite(disk / "a.db");
    make_table(*database);
    naru::test::spill(disk / "other", std::string(1 << 20, 'x'));
    std::int64_t written = fill(*database, 0);
    EXPECT_EQ(code_of([&] { insert(*database, written, 1 << 21); }), ErrorCode::store_unavailable);
    EXPECT_EQ(count(*database), written);
    fs::remove(disk / "other");
    insert(*database, written++);
    EXPECT_EQ(count(*database), written);
    EXPECT_EQ(integrity(*database), "ok");
  }
  ::umount(disk.c_str());
}

/// In the child: writes numbers one after the other and says each once it is committed.
[[noreturn]] void write_for_ever(const fs::path& file, std::int64_t first, int acknowledgements) {
  const auto database = open_sqlite(file);
  for (std::int64_t number = first;; ++number) {
    insert(*database, number, static_cast<std::size_t>(number % 7 * 900));
    if (::write(acknowledgements, &number, sizeof number) != sizeof number) ::_exit(1);
  }
}

/// The same by several at once.
[[noreturn]] void write_together_for_ever(const fs::path& file, std::int64_t first, int acknowledgements) {
  const auto database = open_sqlite(file);
  std::atomic<std::int64_t> next = first;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (;;) {
        const std::int64_t number = next++;
        insert(*database, number, static_cast<std::size_t>(number % 7 * 900));
        if (::write(acknowledgements, &number, sizeof number) != sizeof number) ::_exit(1);
      }
    });
  }
  threads.clear();
  ::_exit(1);
}

bool holds(Database& database, std::int64_t number) {
  const auto reader = database.begin(Access::read);
  return !reader->query("SELECT 1 FROM things WHERE number = $1", {number}).empty();
}

TEST(SqliteDatabase, KeepsEveryAcknowledgedRowThroughKills) {
  const TempFolder folder;
  const fs::path file = folder / "a.db";
  make_table(*open_sqlite(file));
  std::mt19937 random(7);
  std::int64_t next = 0;
  for (int kill = 0; kill < 50; ++kill) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) write_for_ever(file, next, ends[1]);
    ::close(ends[1]);
    std::int64_t acknowledged = next - 1;
    for (unsigned wanted = random() % 20; wanted > 0; --wanted) {
      ASSERT_EQ(::read(ends[0], &acknowledged, sizeof acknowledged), ssize_t{sizeof acknowledged});
    }
    ::usleep(random() % 3000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(ends[0], &acknowledged, sizeof acknowledged) == ssize_t{sizeof acknowledged}) continue;
    ::close(ends[0]);
    const auto database = open_sqlite(file);
    const std::int64_t found = count(*database);
    EXPECT_GE(found, acknowledged + 1);
    EXPECT_LE(found, acknowledged + 2);  // one may be committed and not yet said
    EXPECT_EQ(integrity(*database), "ok");
    next = found;
  }
  EXPECT_GT(next, 100);
}

/// Writers at once, who are committed together: what goes wrong for one is its own matter.
TEST(SqliteDatabase, OfManyWritersTheFailedOnesLeaveNothingAndTheOthersAll) {
  const TempFolder folder;
  const auto database = open_sqlite(folder / "a.db");
  make_table(*database);
  constexpr int kThreads = 8, kRuns = 60;
  std::atomic<int> stored = 0, thrown = 0, refused = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int run = 0; run < kRuns; ++run) {
          const std::int64_t number = 2 * (t * kRuns + run);
          try {
            in_transaction(*database, Access::write, [&](Transaction& transaction) {
              const auto add = [&](std::int64_t n) {
                transaction.execute("INSERT INTO things (number, words) VALUES ($1, $2)", {n, std::to_string(t)});
              };
              add(number);
              if (run % 5 == 3) throw std::runtime_error("changed its mind");
              add(run % 5 == 1 ? number : number + 1);  // one of five: there already
            });
            ++stored;
          } catch (const UniqueViolation&) {
            ++refused;
          } catch (const std::runtime_error&) {
            ++thrown;
          }
          EXPECT_EQ(count(*database) % 2, 0) << "pairs alone are seen";
        }
      });
    }
  }
  EXPECT_EQ(stored, kThreads * kRuns * 3 / 5);
  EXPECT_EQ(refused, kThreads * kRuns / 5);
  EXPECT_EQ(thrown, kThreads * kRuns / 5);
  EXPECT_EQ(count(*database), 2 * stored);
  EXPECT_EQ(integrity(*database), "ok");
}

TEST(SqliteDatabase, ManyWritersOnAFullDiskAreToldTheTruth) {
  const TempFolder folder;
  const auto database = open_sqlite(folder / "a.db");
  make_table(*database);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_IGN);
  std::atomic<std::int64_t> next = 0, stored = 0;
  for (int round = 0; round < 3; ++round) {
    const rlimit small{rlim_t{1} << 20 << round, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
          EXPECT_EQ(code_of([&] {
                      for (;; ++stored) insert(*database, next++, 9000);
                    }),
                    ErrorCode::store_unavailable);
        });
      }
    }
    EXPECT_EQ(count(*database), stored);
    ::setrlimit(RLIMIT_FSIZE, &before);
    insert(*database, next++);
    EXPECT_EQ(count(*database), ++stored);
    EXPECT_EQ(integrity(*database), "ok");
  }
}

TEST(SqliteDatabase, KeepsEveryRowThatWasAcknowledgedToOneOfManyThroughKills) {
  const TempFolder folder;
  const fs::path file = folder / "a.db";
  make_table(*open_sqlite(file));
  std::mt19937 random(11);
  std::int64_t first = 0;
  std::size_t all = 0;
  for (int kill = 0; kill < 20; ++kill) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) write_together_for_ever(file, first, ends[1]);
    ::close(ends[1]);
    std::vector<std::int64_t> acknowledged;
    const auto read_one = [&] {
      std::int64_t number = 0;
      const bool is_there = ::read(ends[0], &number, sizeof number) == ssize_t{sizeof number};
      if (is_there) acknowledged.push_back(number);
      return is_there;
    };
    for (unsigned wanted = 1 + random() % 40; wanted > 0; --wanted) ASSERT_TRUE(read_one());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (read_one()) continue;
    ::close(ends[0]);
    const auto database = open_sqlite(file);
    for (const std::int64_t number : acknowledged) ASSERT_TRUE(holds(*database, number)) << number;
    EXPECT_EQ(integrity(*database), "ok");
    all += acknowledged.size();
    first += 1'000'000;
  }
  EXPECT_GT(all, 100U);
}

}  // namespace
}  // namespace naru::server
