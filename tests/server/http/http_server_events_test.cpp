// Streams of server-sent events over real sockets.

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "server/http/http_server.h"
#include "tests/server/http/test_door.h"

namespace naru::server {
namespace {

using test::loopback;
using test::RawClient;

class HttpServerEvents : public test::DoorTest {
 protected:
  /// Gives what the test put in.
  class Source : public EventSource {
   public:
    explicit Source(HttpServerEvents& fixture) : test_(fixture) {}
    ~Source() override { ++test_.destroyed; }
    std::vector<ServerEvent> next() override {
      const std::lock_guard lock(test_.mutex);
      ++test_.asked;
      return std::exchange(test_.events, {});
    }
    bool is_over() const override { return test_.is_over; }

   private:
    HttpServerEvents& test_;
  };

  void SetUp() override {
    application.on_respond = [this](Request&) {
      Response response;
      response.headers.add("Content-Type", "text/event-stream");
      response.body = std::shared_ptr<EventSource>(std::make_shared<Source>(*this));
      return response;
    };
  }
  void put(const ServerEvent& event) {
    const std::lock_guard lock(mutex);
    events.push_back(event);
  }
  void TearDown() override { server.reset(); }

  std::mutex mutex;
  std::vector<ServerEvent> events;
  std::atomic<bool> is_over = false;
  std::atomic<int> asked = 0, destroyed = 0;
};

const std::string kRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(HttpServerEvents, SendsThemAsTheyComeAndEndsWithTheSource) {
  put({"1", "progress", R"({"done":1})"});
  start();
  RawClient client(server->port());
  client.send(kRequest);
  EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_EQ(client.read_until("\n\n"), "id: 1\nevent: progress\ndata: {\"done\":1}\n\n");
  put({"2", "", "two\nlines"});
  server->wake();
  EXPECT_EQ(client.read_until("\n\n"), "id: 2\ndata: two lines\n\n");
  EXPECT_EQ(server->counters().event_streams, 1);
  put({"3", "end", "{}"});
  is_over = true;
  EXPECT_EQ(client.read_all(), "id: 3\nevent: end\ndata: {}\n\n");
  test::wait_until([&] { return destroyed == 1; });
  EXPECT_EQ(server->counters().event_streams, 0);
}

TEST_F(HttpServerEvents, AClientThatLeavesIsNoticed) {
  start();
  {
    RawClient client(server->port());
    client.send(kRequest);
    EXPECT_NE(client.read_until("\r\n\r\n"), "");
  }
  test::wait_until([&] { return destroyed == 1; });
}

TEST_F(HttpServerEvents, HaveTheirOwnLimit) {
  ListenConfig config = loopback();
  config.max_event_streams = 1;
  start(config);
  RawClient first(server->port()), second(server->port());
  first.send(kRequest);
  test::wait_until([&] { return server->counters().event_streams == 1; });
  EXPECT_EQ(second.ask(kRequest).status, 503);
}

TEST_F(HttpServerEvents, DrainingEndsThem) {
  start();
  RawClient client(server->port());
  client.send(kRequest);
  test::wait_until([&] { return asked > 0; });
  server->drain();
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(client.read_until("\r\n\r\n").substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(client.read_all(), "");
}

}  // namespace
}  // namespace naru::server
