// Bodies that are not held in memory, over real sockets.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "core/error.h"
#include "server/http/http_server.h"
#include "tests/server/http/test_door.h"

namespace naru::server {
namespace {

using test::RawClient;

class HttpServerUpload : public test::DoorTest {
 protected:
  class Sink : public BodySink {
   public:
    explicit Sink(HttpServerUpload& fixture) : test_(fixture) {}
    ~Sink() override { ++test_.destroyed; }
    std::optional<Response> refusal() override {
      if (!test_.is_unacceptable) return std::nullopt;
      return Response{406, {}, std::string()};
    }
    void write(std::span<const std::byte> bytes) override {
      if (test_.refuses) throw Error(ErrorCode::conflict, "the upload has ended");
      test_.largest = std::max(test_.largest, bytes.size());
      test_.received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      test_.written += static_cast<int>(bytes.size());
    }
    Response finish() override {
      ++test_.finished;
      Response response;
      response.status = 201;
      response.body = std::to_string(test_.received.size());
      return response;
    }

   private:
    HttpServerUpload& test_;
  };

  void SetUp() override {
    application.on_admit = [](Request&) { return Admission{{}, 10'000'000, true}; };
    application.on_receive = [this](Request&) { return std::make_unique<Sink>(*this); };
  }

  std::string received;
  std::size_t largest = 0;
  std::atomic<int> destroyed = 0, finished = 0, written = 0;
  std::atomic<bool> refuses = false, is_unacceptable = false;
};

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 251);
  return out;
}

TEST_F(HttpServerUpload, GivesTheSinkEveryByteInSmallPieces) {
  start();
  RawClient client(server->port());
  const std::string body = pattern(3'000'001);
  const auto answer = client.ask("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000001\r\n\r\n" + body);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "3000001");
  EXPECT_TRUE(received == body);
  EXPECT_LE(largest, std::size_t{64} << 10);
  received.clear();
  std::string chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0, size = 1; at < body.size(); at += size, size = size * 2 + 1) {
    const std::string piece = body.substr(at, size);
    chunked += fmt::format("{:x};name=value\r\n", piece.size()) + piece + "\r\n";
  }
  EXPECT_EQ(client.ask(chunked + "0\r\nTrailer: ignored\r\n\r\n").status, 201);
  EXPECT_TRUE(received == body);
  test::wait_until([&] { return destroyed == 2; });
  EXPECT_EQ(finished, 2);
}

TEST_F(HttpServerUpload, AsksForTheBodyWhereTheClientWaits) {
  start();
  RawClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask("abc").status, 201);
  EXPECT_EQ(received, "abc");
}

TEST_F(HttpServerUpload, TellsTheSinkOfAnEmptyBody) {
  start();
  EXPECT_EQ(RawClient(server->port()).ask("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").status, 201);
  EXPECT_EQ(finished, 1);
}

TEST_F(HttpServerUpload, AClientThatLeavesLeavesTheSinkUnfinished) {
  start();
  RawClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
  test::wait_until([&] { return server->counters().received_bytes == 3 || server->counters().connections == 1; });
  client.reset();
  test::wait_until([&] { return server->counters().connections == 0 && server->counters().accepted == 1; });
  server->stop();
  EXPECT_EQ(finished, 0);
  EXPECT_LE(destroyed, 1);
}

TEST_F(HttpServerUpload, WhatTheSinkRefusesIsAnsweredThoughTheBodyGoesOn) {
  refuses = true;
  start();
  RawClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n" + pattern(100'000));
  EXPECT_EQ(client.answer().status, 409);
  test::wait_until([&] { return destroyed == 1; });
  EXPECT_EQ(finished, 0);
}

TEST_F(HttpServerUpload, WhatTheSinkRefusesBeforehandIsAnsweredWithoutTheBody) {
  is_unacceptable = true;
  start();
  RawClient client(server->port());
  const auto answer =
      client.ask("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer.status, 406);  // and not 100
  EXPECT_EQ(answer.field("Connection"), "close");
  test::wait_until([&] { return destroyed == 1; });
  EXPECT_EQ(written + finished, 0);
}

TEST_F(HttpServerUpload, MoreThanAllowedIs413AndUnfinished) {
  start();
  EXPECT_EQ(RawClient(server->port()).ask("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000001\r\n\r\n").status, 413);
  EXPECT_EQ(destroyed, 0);  // it was not even made
  RawClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" + pattern(10'500'000));
  EXPECT_EQ(client.answer().status, 413);
  test::wait_until([&] { return destroyed == 1; });
  EXPECT_EQ(finished, 0);
  EXPECT_LE(received.size(), 10'000'000U);
}

TEST_F(HttpServerUpload, MalformedChunksInTheMiddleAre400) {
  start();
  RawClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
  EXPECT_EQ(client.answer().status, 400);
  test::wait_until([&] { return destroyed == 1; });
  EXPECT_EQ(finished, 0);
}

Response refused_admission() {
  Response response;
  response.status = 401;
  response.body = std::string("revoked");
  return response;
}

TEST_F(HttpServerUpload, WhoLostTheRightMeanwhileEndsNothing) {
  std::atomic<bool> is_revoked = false;
  application.on_admit = [&](Request&) {
    if (is_revoked) return Admission{refused_admission(), 0, false};
    return Admission{{}, 10'000'000, true};
  };
  start();
  RawClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  test::wait_until([&] { return written == 3; });
  is_revoked = true;
  EXPECT_EQ(client.ask("def").status, 401);
  test::wait_until([&] { return destroyed == 1; });
  EXPECT_EQ(finished, 0);
}

TEST_F(HttpServerUpload, WhoLostTheRightMeanwhileIsStoppedInTheMiddle) {
  auto config = test::loopback();
  config.time_between_admissions = std::chrono::milliseconds(0);
  std::atomic<int> admitted = 0;
  application.on_admit = [&](Request&) {
    if (++admitted > 3) return Admission{refused_admission(), 0, false};
    return Admission{{}, 10'000'000, true};
  };
  start(config);
  RawClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n" + pattern(1'000'000));
  EXPECT_EQ(client.answer().status, 401);
  test::wait_until([&] { return destroyed == 1; });
  EXPECT_EQ(finished, 0);
  EXPECT_LT(received.size(), 1'000'000U);
}

}  // namespace
}  // namespace naru::server
