#include "server/http/http_server.h"

#include <gtest/gtest.h>

#include "tests/server/http/test_door.h"

namespace naru::server {
namespace {

using testing::FunctionApplication;
using testing::loopback;
using testing::RawClient;

class HttpServerTest : public ::testing::Test {
 protected:
  void start(const ListenConfig& config = loopback()) {
    server = std::make_unique<HttpServer>(config, application);
    server->start();
  }
  FunctionApplication application;
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpServerTest, AnswersTwoRequestsOnOneConnection) {
  start();
  RawClient client(server->port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.field("Connection"), "keep-alive");
  }
  EXPECT_EQ(server->counters().accepted, 1U);
}

TEST_F(HttpServerTest, GivesTheHandlerASmallBodyWhole) {
  application.on_respond = [](Request& request) {
    Response response;
    response.body = request.body;
    return response;
  };
  start();
  RawClient client(server->port());
  const auto answer = client.ask("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "abcde");
}

}  // namespace
}  // namespace naru::server
