// Long bodies over real sockets: the bytes, who is asked and who is told.

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <random>

#include "server/http/http_server.h"
#include "server/http/open_files.h"
#include "server/http/range.h"
#include "tests/server/http/test_door.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

using test::loopback;
using test::RawClient;

/// Counts its end and says no when told.
class WatchedTransfer : public Transfer {
 public:
  bool may_go_on(std::uint64_t sent_bytes) override {
    asked_at = sent_bytes;
    return !is_revoked;
  }
  void finished(std::uint64_t sent_bytes, bool is_whole) override {
    finished_bytes = sent_bytes;
    finished_whole = is_whole;
    ++finished_count;
  }
  std::atomic<bool> is_revoked = false, finished_whole = false;
  std::atomic<std::uint64_t> asked_at = 0, finished_bytes = 0;
  std::atomic<int> finished_count = 0;
};

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

class HttpServerDownload : public test::DoorTest {
 protected:
  /// Segments: bytes, a file, an empty piece, bytes, the beginning of a file.
  void SetUp() override {
    const std::string first = random_bytes(512, 1), file = random_bytes(300'000, 2), middle = random_bytes(7, 3),
                      second = random_bytes(100'000, 4);
    whole = first + file + middle + second.substr(0, 99'999);
    segments = std::make_shared<const std::vector<Segment>>(std::vector<Segment>{{first, {}, first.size()},
                                                                                 {"", write("a", file), file.size()},
                                                                                 {"", {}, 0},
                                                                                 {middle, {}, middle.size()},
                                                                                 {"", write("b", second), 99'999}});
    application.on_respond = [this](Request& request) {
      return ranged_response(request, {"\"v1\"", size_bytes()}, LongBody{segments, 0, 0, transfer});
    };
  }
  std::filesystem::path write(const std::string& name, const std::string& bytes) {
    const auto path = folder.path() / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::uint64_t size_bytes() const {
    std::uint64_t size = 0;
    for (const Segment& segment : *segments) size += segment.size_bytes;
    return size;
  }
  static std::string get(const std::string& range = "", const std::string& method = "GET") {
    return method + " / HTTP/1.1\r\nHost: a\r\n" + (range.empty() ? "" : "Range: " + range + "\r\n") + "\r\n";
  }
  /// A body of which a client that does not read takes a part only.
  void make_large() {
    const auto file = folder.path() / "large";
    std::ofstream(file, std::ios::binary) << "";
    std::filesystem::resize_file(file, std::uint64_t{1} << 30);
    segments = std::make_shared<const std::vector<Segment>>(std::vector<Segment>{{"", file, std::uint64_t{1} << 30}});
  }

  test::TempFolder folder;
  std::string whole;
  std::shared_ptr<const std::vector<Segment>> segments;
  std::shared_ptr<WatchedTransfer> transfer = std::make_shared<WatchedTransfer>();
};

TEST_F(HttpServerDownload, SendsTheFileThatWasOpenedWhateverHasItsNameNow) {
  const auto path = write("report", "as it was");
  const auto opened = OpenFiles().open(path);
  std::filesystem::remove(path);
  write("report", "another one");
  segments = std::make_shared<const std::vector<Segment>>(std::vector<Segment>{{"", path, 9, opened}});
  start();
  RawClient client(server->port());
  EXPECT_EQ(client.ask(get()).body, "as it was");
}

TEST_F(HttpServerDownload, SendsTheWholeAndSaysSoOnce) {
  start();
  RawClient client(server->port());
  for (int i = 1; i <= 2; ++i) {
    const auto answer = client.ask(get());
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.body == whole);
    test::wait_until([&] { return transfer->finished_count == i; });
    EXPECT_EQ(transfer->finished_bytes, whole.size());
    EXPECT_TRUE(transfer->finished_whole);
  }
  server->stop();
  EXPECT_EQ(transfer->finished_count, 2);
}

TEST_F(HttpServerDownload, RangesAreExactAcrossTheBordersOfSegments) {
  start();
  RawClient client(server->port());
  const std::uint64_t borders[] = {0, 512, 300'512, 300'519, 400'518};
  for (const std::uint64_t border : borders) {
    for (int before = -2; before <= 2; ++before) {
      for (const std::uint64_t size : {1, 2, 3, 4097, 300'000, 400'000}) {
        const std::int64_t first = static_cast<std::int64_t>(border) + before;
        if (first < 0 || first >= static_cast<std::int64_t>(whole.size())) continue;
        const auto begin = static_cast<std::uint64_t>(first);
        const std::string wanted = whole.substr(begin, size);
        const auto answer = client.ask(get("bytes=" + std::to_string(begin) + "-" + std::to_string(begin + size - 1)));
        ASSERT_EQ(answer.status, 206);
        ASSERT_TRUE(answer.body == wanted) << begin << " " << size;
        ASSERT_EQ(answer.field("Content-Range"),
                  "bytes " + std::to_string(begin) + "-" + std::to_string(begin + wanted.size() - 1) + "/400518");
      }
    }
  }
}

TEST_F(HttpServerDownload, HeadAndImpossibleRangesSendNoByteOfIt) {
  start();
  RawClient client(server->port());
  const auto head = client.ask(get("", "HEAD"), false);
  EXPECT_EQ(head.field("Content-Length"), "400518");
  EXPECT_EQ(head.field("ETag"), "\"v1\"");
  test::wait_until([&] { return transfer->finished_count == 1; });
  EXPECT_EQ(transfer->finished_bytes, 0U);
  EXPECT_FALSE(transfer->finished_whole);
  const auto beyond = client.ask(get("bytes=400518-"));
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.field("Content-Range"), "bytes */400518");
}

TEST_F(HttpServerDownload, AClientThatLeavesEndsTheTransferOnce) {
  make_large();
  start();
  for (const bool by_reset : {false, true}) {
    const int before = transfer->finished_count;
    {
      RawClient client(server->port());
      client.send(get());
      EXPECT_EQ(client.read(1000).size(), 1000U);
      if (by_reset) client.reset();
    }
    test::wait_until([&] { return transfer->finished_count == before + 1; });
    EXPECT_FALSE(transfer->finished_whole);
    EXPECT_LT(transfer->finished_bytes, std::uint64_t{1} << 30);
  }
  server->stop();
  EXPECT_EQ(transfer->finished_count, 2);
}

TEST_F(HttpServerDownload, ARevokedTransferEndsThoughTheClientDoesNotRead) {
  make_large();
  start();
  RawClient client(server->port());
  client.send(get());
  EXPECT_EQ(client.read(1000).size(), 1000U);
  transfer->is_revoked = true;
  test::wait_until([&] { return transfer->finished_count == 1; });
  EXPECT_FALSE(transfer->finished_whole);
  EXPECT_LT(client.read_all().size(), std::uint64_t{1} << 28);
  server->stop();
  EXPECT_EQ(transfer->finished_count, 1);
}

TEST_F(HttpServerDownload, WhatIsRevokedBeforeItBeginsSendsNothing) {
  transfer->is_revoked = true;
  start();
  RawClient client(server->port());
  EXPECT_EQ(client.ask(get()).body, "");
  test::wait_until([&] { return transfer->finished_count == 1; });
  EXPECT_EQ(transfer->finished_bytes, 0U);
}

TEST_F(HttpServerDownload, AClientThatTakesNothingIsCutOff) {
  make_large();
  ListenConfig config = loopback();
  config.send_timeout_s = 1;
  start(config);
  RawClient client(server->port());
  client.send(get());
  test::wait_until([&] { return transfer->finished_count == 1; });
  EXPECT_EQ(server->counters().timed_out, 1U);
}

TEST_F(HttpServerDownload, DrainingFinishesTheDownloadUnderWay) {
  make_large();
  start();
  RawClient client(server->port());
  client.send(get("bytes=0-99999999"));
  EXPECT_NE(client.read_until("\r\n\r\n").find("206"), std::string::npos);
  std::thread drain([&] { server->drain(); });
  test::wait_until([&] { return RawClient(server->port()).descriptor() < 0; });
  EXPECT_EQ(client.read_all().size(), 100'000'000U);
  drain.join();
  EXPECT_EQ(transfer->finished_count, 1);
  EXPECT_TRUE(transfer->finished_whole);
}

TEST_F(HttpServerDownload, DrainingEndsWhatTakesTooLong) {
  make_large();
  ListenConfig config = loopback();
  config.drain_s = 1;
  start(config);
  RawClient client(server->port());
  client.send(get());
  EXPECT_EQ(client.read(1000).size(), 1000U);
  server->drain();
  EXPECT_EQ(transfer->finished_count, 1);
  EXPECT_FALSE(transfer->finished_whole);
}

TEST_F(HttpServerDownload, AFileThatIsGoneOrShortEndsTheConnectionAndNotWithALie) {
  const auto path = write("short", "0123456789");
  for (const auto& file : {path, folder.path() / "none"}) {
    segments = std::make_shared<const std::vector<Segment>>(std::vector<Segment>{{"", file, 20}});
    if (!server) start();
    const auto answer = RawClient(server->port()).ask(get());
    EXPECT_LT(answer.body.size(), 20U);
  }
  test::wait_until([&] { return transfer->finished_count == 2; });
  EXPECT_FALSE(transfer->finished_whole);
}

}  // namespace
}  // namespace naru::server
