/// A process that receives is killed at any instant: what it had acknowledged is there, whole.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "pipeline/files.h"
#include "server/ingest/receiver.h"
#include "server/ingest/studies.h"
#include "server/store/database.h"
#include "tests/server/ingest/ingest_world.h"

namespace naru::server {
namespace {

using test::instances;

constexpr std::size_t kHashDigits = 64;

struct Place {
  naru::test::TempFolder folder;
  std::string url = "sqlite:" + (folder / "naru.db").string();
};

/// Receives `files` in four threads, saying on `out` the hash of each once it is acknowledged. Never returns.
[[noreturn]] void receive_all(const Place& place, const std::vector<std::string>& files, int out) {
  test::FakeClock clock;
  const auto database = open_database(place.url);
  KeyStore keys(place.folder / "master.key", true);
  Ledger ledger(*database, keys, clock, "test.example/ledger");
  ContentStore content(place.folder / "content", 1 << 20);
  Receiver receiver(*database, ledger, content, clock);
  std::atomic<std::size_t> next = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::size_t n; (n = next++) < files.size();) {
        StagedWriter writer = content.stage();
        writer.append(std::as_bytes(std::span(files[n])));
        StagedFile file = writer.finish();
        const std::string line = file.sha256 + "\n";
        receiver.receive({"org-a", "user-1", "upload"}, std::move(file));
        if (::write(out, line.data(), line.size()) < 0) ::_exit(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ::_exit(0);
}

void make_organisation(const Place& place) {
  const auto database = open_database(place.url);
  in_transaction(*database, Access::write, [](Transaction& t) {
    t.execute("INSERT INTO organisations (id, name, kind, created_ms) VALUES ('org-a', 'A', 'hospital', 0)");
  });
}

/// One life of the receiving process. @return what it acknowledged
std::set<std::string> live_and_die(const Place& place, const std::vector<std::string>& files, int lifetime_us) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) receive_all(place, files, ends[1]);
  close(ends[1]);
  usleep(static_cast<useconds_t>(lifetime_us));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  std::string said;
  char piece[4096];
  for (ssize_t count; (count = read(ends[0], piece, sizeof piece)) > 0;) said.append(piece, static_cast<std::size_t>(count));
  close(ends[0]);
  std::set<std::string> hashes;
  for (std::size_t at = 0; at + kHashDigits < said.size(); at += kHashDigits + 1) hashes.insert(said.substr(at, kHashDigits));
  return hashes;
}

void check(const Place& place, const std::set<std::string>& acknowledged) {
  test::FakeClock clock;
  const auto database = open_database(place.url);
  ContentStore content(place.folder / "content", 1 << 20);
  EXPECT_TRUE(std::filesystem::is_empty(content.incoming()));
  std::set<std::string> recorded;
  std::int64_t counted = 0;
  in_transaction(*database, Access::read, [&](Transaction& t) {
    for (const Row& row : t.query("SELECT sha256 FROM instances")) recorded.insert(row.text(0));
    for (const Row& row : t.query("SELECT instance_count FROM studies")) counted += row.integer(0);
  });
  EXPECT_EQ(counted, static_cast<std::int64_t>(recorded.size()));
  for (const std::string& hash : acknowledged) EXPECT_TRUE(recorded.contains(hash)) << "acknowledged and not recorded";
  for (const std::string& hash : recorded) {
    const auto facts = hash_file(content.path_of(hash));
    EXPECT_TRUE(facts && facts->sha256 == hash) << "recorded and not whole";
  }
  remove_unrecorded_content(*database, content);
  std::size_t kept = 0;
  for (int byte = 0; byte < 256; ++byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    kept += content.kept_files(std::string{kDigits[byte / 16], kDigits[byte % 16]}).size();
  }
  EXPECT_EQ(kept, recorded.size()) << "nothing else is kept";
}

TEST(ReceiverKill, NothingThatWasAcknowledgedIsLost) {
  const Place place;
  make_organisation(place);
  const auto files = instances(200);
  std::set<std::string> acknowledged;
  std::mt19937 random(7);
  constexpr int kLives = 25, kLongest_us = 400'000;
  for (int life = 0; life < kLives && acknowledged.size() < files.size(); ++life) {
    acknowledged.merge(live_and_die(place, files, std::uniform_int_distribution(0, kLongest_us)(random)));
    check(place, acknowledged);
  }
  EXPECT_FALSE(acknowledged.empty());
}

}  // namespace
}  // namespace naru::server
