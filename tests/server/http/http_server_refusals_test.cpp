// What a client may not send, over real sockets: each is answered with its status, and the service stays up.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "server/http/http_server.h"
#include "tests/server/http/test_door.h"

namespace naru::server {
namespace {

using test::loopback;
using test::RawClient;
using HttpServerRefusals = test::DoorTest;

struct Refusal {
  const char* what;
  std::string bytes;
  int status;
};

std::vector<Refusal> malformed() {
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n", post = "POST / HTTP/1.1\r\nHost: a\r\n";
  return {
      {"two lengths that differ", post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"two lengths that agree", post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
      {"a list of lengths", post + "Content-Length: 1, 1\r\n\r\na", 400},
      {"length and coding", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"coding and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400},
      {"two codings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"gzip below chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunked that is not last", post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400},
      {"identity", post + "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\na", 400},
      {"a coding in quotes", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400},
      {"a coding behind a vertical tab",
       post + "Transfer-Encoding: \x0b"
              "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"a coding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"a space before ':'", post + "Content-Length : 1\r\n\r\na", 400},
      {"a length with a sign", post + "Content-Length: +1\r\n\r\na", 400},
      {"a negative length", post + "Content-Length: -1\r\n\r\n", 400},
      {"a hexadecimal length", post + "Content-Length: 0x1\r\n\r\na", 400},
      {"no length", post + "Content-Length:\r\n\r\n", 400},
      {"a length beyond 64 bits", post + "Content-Length: 18446744073709551617\r\n\r\na", 400},
      {"a continued line", get + "X: a\r\n b\r\n\r\n", 400},
      {"lines that end with LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"a lone CR", get + "X: a\rb\r\n\r\n", 400},
      {"a NUL", get + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", get + "Host: b\r\n\r\n", 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400},
      {"the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"no request", "\r\n\r\n", 400},
      {"bytes of TLS", std::string("\x16\x03\x01\x00\x2e\x01\x00\x00\x2a\x03\x03\n\n", 13), 400},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"a method that nobody knows", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"a chunk without its size", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"a chunk longer than said", post + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400},
      {"a chunk of negative size", post + "Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n", 400},
      {"a chunk of more than 64 bits", post + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\na\r\n0\r\n\r\n",
       400},
      {"a chunk's line that never ends", post + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(200 << 10, 'x'),
       400},
      {"a path out of the tree", "GET /../a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"an escaped path out of the tree", "GET /%2e%2e/a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"an empty part of the path", "GET //a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"a line of more than 8 KiB", get + "X: " + std::string(9000, 'a') + "\r\n\r\n", 431},
      {"a target of more than 8 KiB", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
      {"a header that never ends", get + std::string(9000, 'a'), 431},
  };
}

TEST_F(HttpServerRefusals, AnswersWhatIsMalformedAndCloses) {
  int asked = 0;
  application.on_respond = [&](Request&) {
    ++asked;
    return Response{};
  };
  start();
  for (const Refusal& row : malformed()) {
    RawClient client(server->port());
    client.send(row.bytes);
    const auto answer = client.answer();
    EXPECT_EQ(answer.status, row.status) << row.what;
    EXPECT_EQ(answer.field("Content-Type"), "application/problem+json") << row.what;
    EXPECT_EQ(answer.field("Allow"), row.status == 405 ? "GET, HEAD, POST, PUT, PATCH, DELETE" : "") << row.what;
  }
  EXPECT_EQ(asked, 0);
  application.on_respond = nullptr;
  EXPECT_EQ(RawClient(server->port()).ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").body, "hello");
}

/// The second request of each is one that a careless server would find in the body of the first.
TEST_F(HttpServerRefusals, NeverAnswersASmuggledRequest) {
  std::vector<std::string> paths;
  application.on_respond = [&](Request& request) {
    paths.push_back(request.path);
    return Response{};
  };
  start();
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string& fields : {std::string("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
                                    std::string("Content-Length: 0\r\nContent-Length: 36\r\n"),
                                    std::string("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n"),
                                    std::string("Transfer-Encoding: xchunked\r\n"),
                                    std::string("Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n"),
                                    std::string("Transfer-Encoding:\r\n chunked\r\n")}) {
    RawClient client(server->port());
    client.send("POST /first HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n0\r\n\r\n" + smuggled);
    EXPECT_EQ(client.answer().status, 400) << fields;
    EXPECT_EQ(client.read_all(), "") << fields;
  }
  EXPECT_TRUE(paths.empty());
}

TEST_F(HttpServerRefusals, ABodyLongerThanTheRouteTakesIs413) {
  application.on_admit = [](Request&) { return Admission{{}, 4, false}; };
  application.on_respond = [](Request& request) {
    Response response;
    response.body = request.body;
    return response;
  };
  start();
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(RawClient(server->port()).ask(post + "Content-Length: 4\r\n\r\nabcd").body, "abcd");
  EXPECT_EQ(RawClient(server->port()).ask(post + "Content-Length: 5\r\n\r\n").status, 413);  // before any of it came
  EXPECT_EQ(RawClient(server->port()).ask(post + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n").body,
            "abcd");
  EXPECT_EQ(RawClient(server->port()).ask(post + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n").status,
            413);
}

TEST_F(HttpServerRefusals, ARefusedBodyIsNotRead) {
  application.on_admit = [](Request&) {
    Response response;
    response.status = 403;
    return Admission{response, 0, false};
  };
  start();
  RawClient client(server->port());
  const auto answer = client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer.status, 403);  // and not 100
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(HttpServerRefusals, AClientThatSendsItsHeaderTooSlowlyIsClosed) {
  ListenConfig config = loopback();
  config.header_timeout_s = 1;
  start(config);
  RawClient silent(server->port()), begun(server->port());
  begun.send("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(begun.read_all(), "");
  EXPECT_EQ(server->counters().timed_out, 2U);
}

TEST_F(HttpServerRefusals, AByteNowAndThenDoesNotKeepAConnection) {
  ListenConfig config = loopback();
  config.header_timeout_s = config.body_timeout_s = 1;
  start(config);
  RawClient header(server->port()), body(server->port());
  header.send("GET / HTTP/1.1\r\nX: ");
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  test::wait_until([&] {  // bytes for longer than the limits, each soon after the one before
    header.send("a");
    body.send("a");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return server->counters().timed_out == 2;
  });
  test::wait_until([&] { return server->counters().connections == 0; });
}

TEST_F(HttpServerRefusals, AConnectionThatRestsTooLongIsClosed) {
  ListenConfig config = loopback();
  config.idle_timeout_s = 1;
  start(config);
  RawClient client(server->port());
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(HttpServerRefusals, ConnectionsForWhichTheSystemHasNoRoomAreToldOfOnce) {
  start();
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(server->port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  testing::internal::CaptureStderr();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(client);
  ::close(next);
  const rlimit full{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
  EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // several tries
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const std::string log = testing::internal::GetCapturedStderr();
  const std::size_t first = log.find("no room");
  EXPECT_NE(first, std::string::npos) << log;
  EXPECT_EQ(log.find("no room", first + 1), std::string::npos) << log;
  EXPECT_EQ(RawClient(server->port()).ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  ::close(client);
}

TEST_F(HttpServerRefusals, WhoLosesTheRightWhileTheBodyComesIsRefused) {
  std::atomic<bool> is_disabled = false, was_done = false;
  application.on_admit = [&](Request&) {
    Admission admission{{}, 10, false};
    if (is_disabled) admission.refusal.emplace().status = 401;
    return admission;
  };
  application.on_respond = [&](Request&) {
    was_done = true;
    return Response();
  };
  start();
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  client.read_until("100 Continue\r\n\r\n");  // admitted
  is_disabled = true;
  client.send("x");
  EXPECT_EQ(client.answer().status, 401);
  EXPECT_FALSE(was_done);
}

}  // namespace
}  // namespace naru::server
