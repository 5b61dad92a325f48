#include "server/auth/https_client.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>

#include "tests/server/support/error_code.h"

namespace naru::server::test {
namespace {

constexpr const char* kServer = R"py(
import http.server

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/redirect":
            self.answer(302, b"", [("Location", "/ok")])
        elif self.path.startswith("/size/"):
            self.answer(200, b"x" * int(self.path[6:]))
        else:
            self.answer(200 if self.path == "/ok" else 404, b"hello")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = " ".join([self.headers["Content-Type"], self.headers.get("Authorization", "-"), body.decode()])
        self.answer(200, said.encode())

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
)py";

/// Python's HTTP server, on a port of its own.
class PythonServer {
 public:
  PythonServer() {
    std::array<int, 2> ends;
    if (pipe(ends.data()) != 0) throw std::runtime_error("pipe");
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl("/usr/bin/python3", "python3", "-c", kServer, nullptr);
      _exit(127);
    }
    close(ends[1]);
    FILE* output = fdopen(ends[0], "r");
    if (fscanf(output, "%d", &port_) != 1) throw std::runtime_error("python3 does not start");
    fclose(output);
  }
  ~PythonServer() {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

 private:
  pid_t process_ = 0;
  int port_ = 0;
};

OutgoingRequest get(std::string url) { return {std::move(url), std::nullopt, std::nullopt, std::nullopt}; }

TEST(CurlClient, AsksAndPosts) {
  const PythonServer server;
  CurlClient client(true);
  const OutgoingReply reply = client.send(get(server.url("/ok")));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(client.send(get(server.url("/other"))).status, 404);
  EXPECT_EQ(client.send({server.url("/"), "a=b", "user", "pass"}).body,
            "application/x-www-form-urlencoded Basic dXNlcjpwYXNz a=b");
}

TEST(CurlClient, FollowsNoRedirectAndTakesNoMoreThanItsBound) {
  const PythonServer server;
  CurlClient client(true);
  EXPECT_EQ(client.send(get(server.url("/redirect"))).status, 302);
  EXPECT_EQ(client.send(get(server.url("/size/1048576"))).body.size(), 1048576U);
  EXPECT_EQ(code_of([&] { client.send(get(server.url("/size/1048577"))); }), ErrorCode::store_unavailable);
}

TEST(CurlClient, SpeaksHttpsAlone) {
  const PythonServer server;
  CurlClient client;
  EXPECT_EQ(code_of([&] { client.send(get(server.url("/ok"))); }), ErrorCode::store_unavailable);
}

TEST(AllowedUrls, AreHttpsOrThisMachineWhereSaid) {
  EXPECT_TRUE(is_allowed_url("https://issuer.example", false));
  EXPECT_TRUE(is_allowed_url("http://127.0.0.1:8080/x", true));
  EXPECT_TRUE(is_allowed_url("http://localhost", true));
  EXPECT_FALSE(is_allowed_url("http://127.0.0.1:8080/x", false));
  for (const char* url : {"", "https://", "http://issuer.example", "file:///etc/passwd", "http://localhost.example",
                          "http://127.0.0.1.example/", "http://localhost:1@issuer.example/", "HTTP://localhost"}) {
    EXPECT_FALSE(is_allowed_url(url, true)) << url;
  }
}

TEST(FormEncoded, EscapesWhatWouldEndAField) {
  EXPECT_EQ(form_encoded({{"a", "1&b=2"}, {"c", "x y/é"}}), "a=1%26b%3D2&c=x%20y%2F%C3%A9");
  EXPECT_EQ(form_encoded({}), "");
}

}  // namespace
}  // namespace naru::server::test
