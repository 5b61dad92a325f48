#include "server/http/http_server.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <future>

#include "core/error.h"
#include "tests/server/http/test_door.h"

namespace naru::server {
namespace {

using test::loopback;
using test::RawClient;
using HttpServerTest = test::DoorTest;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

Response text_response(std::string text) {
  Response response;
  response.body = std::move(text);
  return response;
}

TEST_F(HttpServerTest, AnswersTwoRequestsOnOneConnection) {
  start();
  RawClient client(server->port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.ask(kGet);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.field("Connection"), "keep-alive");
  }
  EXPECT_EQ(server->counters().accepted, 1U);
  test::wait_until([&] { return server->counters().responses[1] == 2; });
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInTheirOrder) {
  application.on_respond = [](Request& request) { return text_response(request.path + request.body); };
  start();
  RawClient client(server->port());
  client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
      "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n0\r\n\r\nGET /4 HTTP/1.1\r\nHost: "
      "a\r\n\r\n");
  for (const char* body : {"/1", "/2x", "/3y", "/4"}) EXPECT_EQ(client.answer().body, body);
}

TEST_F(HttpServerTest, TakesRequestsByteForByte) {
  application.on_respond = [](Request& request) { return text_response(request.body); };
  start();
  RawClient client(server->port());
  for (const char c : std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                  "chunked\r\n\r\n3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n")) {
    client.send({&c, 1});
  }
  EXPECT_EQ(client.answer().body, "abc0123456789");
}

TEST_F(HttpServerTest, GivesTheHandlerTheWholeRequest) {
  Request seen;
  application.on_respond = [&](Request& request) {
    seen = request;
    return text_response("");
  };
  start();
  RawClient client(server->port());
  const auto answer = client.ask(
      "PUT /a%20b?c=d HTTP/1.1\r\nHost: a\r\nX-Custom:  two words \r\nCookie: x=1; y=2\r\nContent-Length: "
      "3\r\n\r\nabc");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(seen.method, Method::put);
  EXPECT_EQ(seen.path, "/a b");
  EXPECT_EQ(seen.query_value("c"), "d");
  EXPECT_EQ(seen.headers.find("x-custom"), "two words");
  EXPECT_EQ(seen.cookie("y"), "2");
  EXPECT_EQ(seen.cookie("z"), std::nullopt);
  EXPECT_EQ(seen.body, "abc");
  EXPECT_EQ(seen.content_length, 3U);
  EXPECT_EQ(seen.client_address, "127.0.0.1");
  EXPECT_EQ(seen.request_id, answer.field("X-Request-Id"));
  EXPECT_FALSE(seen.request_id.empty());
}

TEST_F(HttpServerTest, AnswersHeadWithTheHeaderOfGetAlone) {
  start();
  RawClient client(server->port());
  const auto head = client.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", false);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Length"), "5");
  EXPECT_EQ(client.ask(kGet).body, "hello");  // nothing was between
}

TEST_F(HttpServerTest, ClosesWhereTheClientAsksForIt) {
  start();
  RawClient client(server->port());
  const auto answer = client.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_EQ(client.read_all(), "");
  RawClient old(server->port());
  EXPECT_EQ(old.ask("GET / HTTP/1.0\r\n\r\n").body, "hello");
  EXPECT_EQ(old.read_all(), "");
}

TEST_F(HttpServerTest, AClientThatEndedSendingIsStillAnswered) {
  start();
  RawClient client(server->port());
  client.send(kGet);
  client.end_sending();
  EXPECT_EQ(client.answer().body, "hello");
}

TEST_F(HttpServerTest, EveryResponseCarriesTheFieldsOfSafety) {
  start();
  RawClient client(server->port());
  for (const char* request : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /.. HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    const auto answer = client.ask(request);
    EXPECT_EQ(answer.field("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.field("Cache-Control"), "no-store");
    EXPECT_EQ(answer.field("Referrer-Policy"), "no-referrer");
    EXPECT_NE(answer.field("Content-Security-Policy"), "");
    EXPECT_EQ(answer.field("Server"), "naru");
    EXPECT_EQ(answer.field("Strict-Transport-Security"), "");
    EXPECT_EQ(answer.field("X-Request-Id").substr(0, 4), "req-");
    EXPECT_EQ(answer.field("Date").size(), std::string("Sun, 06 Nov 1994 08:49:37 GMT").size());
  }
}

TEST_F(HttpServerTest, AResponsesOwnFieldsGoBeforeTheDefaults) {
  application.on_respond = [](Request&) {
    Response response = text_response("");
    response.headers.add("cache-control", "private, max-age=60");
    return response;
  };
  start();
  const auto answer = RawClient(server->port()).ask(kGet);
  EXPECT_EQ(answer.field("cache-control"), "private, max-age=60");
  EXPECT_EQ(answer.field("Cache-Control"), "");
}

TEST_F(HttpServerTest, AFieldThatWouldInjectAHeaderIsAFailure) {
  application.on_respond = [](Request&) {
    Response response = text_response("");
    response.headers.add("Location", "/a\r\nSet-Cookie: evil=1");
    return response;
  };
  start();
  const auto answer = RawClient(server->port()).ask(kGet);
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.header.find("evil"), std::string::npos);
}

TEST_F(HttpServerTest, WhatHandlersThrowBecomesAProblem) {
  application.on_admit = [](Request& request) -> Admission {
    if (request.path == "/admit") throw Error(ErrorCode::forbidden, "not you");
    return {{}, 10, false};
  };
  application.on_respond = [](Request& request) -> Response {
    if (request.path == "/known") throw Error(ErrorCode::gone, "it was destroyed");
    throw std::runtime_error("KIM^MINSU");
  };
  start();
  RawClient client(server->port());
  EXPECT_EQ(client.ask("GET /admit HTTP/1.1\r\nHost: a\r\n\r\n").status, 403);
  const auto known = client.ask("GET /known HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(known.status, 410);
  EXPECT_EQ(nlohmann::json::parse(known.body).at("detail"), "it was destroyed");
  EXPECT_EQ(nlohmann::json::parse(known.body).at("instance"), known.field("X-Request-Id"));
  const auto unknown = client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(unknown.status, 500);
  EXPECT_EQ(unknown.body.find("KIM"), std::string::npos);
}

TEST_F(HttpServerTest, LogsTheRouteAndNothingThatTheClientWrote) {
  ListenConfig config = loopback();
  config.access_log = true;
  application.on_admit = [](Request& request) {
    request.route = "/patients/{id}";
    return Admission{{}, 10, false};
  };
  ::testing::internal::CaptureStderr();
  start(config);
  RawClient client(server->port());
  client.ask("GET /patients/KIM1?name=KIM2 HTTP/1.1\r\nHost: KIM3\r\nX: KIM4\r\n\r\n");
  client.ask("KIM5 /KIM6 HTTP/1.1\r\nHost: KIM7\r\n\r\n");
  server.reset();
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("/patients/{id}"), std::string::npos);
  EXPECT_NE(log.find("405"), std::string::npos);
  EXPECT_EQ(log.find("KIM"), std::string::npos) << log;
}

TEST_F(HttpServerTest, AFullQueueIsAnswered503AtOnce) {
  ListenConfig config = loopback();
  config.handler_threads = 1;
  config.max_waiting_requests = 1;
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  std::atomic<int> begun = 0;
  application.on_respond = [&](Request&) {
    ++begun;
    opened.wait();
    return text_response("late");
  };
  start(config);
  RawClient running(server->port()), waiting(server->port()), refused(server->port());
  running.send(kGet);
  test::wait_until([&] { return begun == 1; });
  waiting.send(kGet);
  test::wait_until([&] { return server->counters().waiting_requests == 1; });
  const auto answer = refused.ask(kGet);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("Retry-After"), "1");
  gate.set_value();
  EXPECT_EQ(running.answer().body, "late");
  EXPECT_EQ(waiting.answer().body, "late");
  EXPECT_EQ(refused.ask(kGet).body, "late");  // the connection was kept
}

TEST_F(HttpServerTest, LimitsRequestsOfOneAddress) {
  ListenConfig config = loopback();
  config.loopback_is_limited = true;
  config.requests_per_second = 1;  // two at once: the bucket holds two seconds' worth
  start(config);
  RawClient client(server->port());
  int limited = 0;
  for (int i = 0; i < 50; ++i) {
    const auto answer = client.ask(kGet);
    if (answer.status != 429) continue;
    ++limited;
    EXPECT_EQ(answer.field("Retry-After"), "1");
  }
  EXPECT_GT(limited, 0);
}

TEST_F(HttpServerTest, LimitsConnectionsOfOneAddress) {
  ListenConfig config = loopback();
  config.loopback_is_limited = true;
  config.max_connections_per_address = 2;
  start(config);
  {
    RawClient first(server->port()), second(server->port());
    EXPECT_EQ(first.ask(kGet).status, 200);
    EXPECT_EQ(second.ask(kGet).status, 200);
    EXPECT_EQ(RawClient(server->port()).ask(kGet).status, 0);
  }
  test::wait_until([&] { return server->counters().connections == 0; });
  EXPECT_EQ(RawClient(server->port()).ask(kGet).status, 200);
  EXPECT_EQ(server->counters().refused, 1U);
}

TEST_F(HttpServerTest, RefusesConnectionsBeyondItsLimit) {
  ListenConfig config = loopback();
  config.max_connections = 1;
  start(config);
  RawClient first(server->port());
  EXPECT_EQ(first.ask(kGet).status, 200);
  EXPECT_EQ(RawClient(server->port()).ask(kGet).status, 0);
}

TEST_F(HttpServerTest, DrainingClosesWhatRestsAndFinishesWhatRuns) {
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  std::atomic<bool> has_begun = false;
  application.on_respond = [&](Request&) {
    has_begun = true;
    opened.wait();
    return text_response("done");
  };
  start();
  RawClient resting(server->port()), running(server->port());
  running.send(kGet);
  test::wait_until([&] { return has_begun.load(); });
  std::thread drain([&] { server->drain(); });
  EXPECT_EQ(resting.read_all(), "");
  EXPECT_LT(RawClient(server->port()).descriptor(), 0);  // refused by the system
  gate.set_value();
  const auto answer = running.answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_EQ(running.read_all(), "");
  drain.join();
}

TEST_F(HttpServerTest, StopsWithConnectionsOfEveryKindOpen) {
  start();
  RawClient silent(server->port()), half(server->port()), resting(server->port());
  half.send("GET / HT");
  EXPECT_EQ(resting.ask(kGet).status, 200);
  server->stop();
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(half.read_all(), "");
  EXPECT_EQ(server->counters().connections, 0);
}

TEST(HttpServer, SpeaksPlainHttpOnLoopbackAlone) {
  test::FunctionApplication application;
  ListenConfig config = loopback();
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1"}) {
    config.address = address;
    try {
      const HttpServer server(config, application);
      ADD_FAILURE() << address;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::config_invalid);
    }
  }
  config.address = "0.0.0.0";
  config.plain_is_allowed = true;
  EXPECT_NO_THROW(HttpServer(config, application));
}

TEST(HttpServer, RefusesAConfigurationThatCannotWork) {
  test::FunctionApplication application;
  ListenConfig no_address = loopback(), half_tls = loopback();
  no_address.address = "localhost";
  half_tls.tls_key = "/nonexistent/key.pem";
  EXPECT_THROW(HttpServer(no_address, application), Error);
  EXPECT_THROW(HttpServer(half_tls, application), Error);
}

TEST_F(HttpServerTest, APortThatIsTakenIsSaid) {
  start();
  ListenConfig config = loopback();
  config.port = server->port();
  HttpServer second(config, application);
  EXPECT_THROW(second.start(), Error);
}

/// An independent client.
TEST_F(HttpServerTest, CurlUnderstandsIt) {
  application.on_respond = [](Request& request) {
    return text_response(request.body.empty() ? "hello" : request.body);
  };
  start();
  const auto curl = [&](const std::string& arguments) {
    const std::string command =
        "curl -sS --max-time 60 " + arguments + " http://127.0.0.1:" + std::to_string(server->port());
    FILE* const pipe = popen(command.c_str(), "r");
    std::string out;
    std::array<char, 256> bytes;
    while (const std::size_t count = fread(bytes.data(), 1, bytes.size(), pipe)) out.append(bytes.data(), count);
    EXPECT_EQ(pclose(pipe), 0) << command;
    return out;
  };
  EXPECT_EQ(curl(""), "hello");
  EXPECT_EQ(curl("--http1.0"), "hello");
  EXPECT_EQ(curl("-d abc"), "abc");
  EXPECT_EQ(curl("-d abc -H 'Transfer-Encoding: chunked'"), "abc");
  EXPECT_EQ(curl("-d abc -H 'Expect: 100-continue'"), "abc");
}

TEST_F(HttpServerTest, AnswersWhatIsImmediateWhileEveryHandlerWaits) {
  std::promise<void> gate;
  std::atomic<int> waiting_count = 0;
  application.immediate_path = "/health";
  application.on_respond = [&, opened = gate.get_future().share()](Request& request) {
    if (request.path == "/health") return text_response("alive");
    ++waiting_count;
    opened.wait();
    return text_response("late");
  };
  ListenConfig config = loopback();
  config.handler_threads = 1;
  config.max_waiting_requests = 1;
  start(config);
  RawClient first(server->port()), second(server->port()), third(server->port());
  first.send(kGet);
  test::wait_until([&] { return waiting_count == 1; });
  second.send(kGet);
  test::wait_until([&] { return server->counters().waiting_requests == 1; });
  for (int n = 0; n < 2; ++n) EXPECT_EQ(third.ask("GET /health HTTP/1.1\r\nHost: a\r\n\r\n").body, "alive");
  EXPECT_EQ(third.ask("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n", false).status, 200);
  gate.set_value();
  EXPECT_EQ(first.answer().body, "late");
  EXPECT_EQ(second.answer().body, "late");
}

}  // namespace
}  // namespace naru::server
