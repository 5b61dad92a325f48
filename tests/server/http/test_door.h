/// A door on a free port of loopback with an Application made of functions, and a client that sends any bytes.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "server/http/http_server.h"
#include "server/http/message.h"

namespace naru::test {

using server::Admission, server::Application, server::BodySink, server::HttpServer, server::ListenConfig,
    server::Request, server::Response;

inline constexpr std::chrono::seconds kHangLimit{60};  ///< only so that a defect does not hang the suite

/// GET / is "hello"; the rest is what the functions say.
class FunctionApplication : public Application {
 public:
  Admission admit(Request& request) override { return on_admit ? on_admit(request) : Admission{{}, 1 << 20, false}; }
  Response respond(Request& request) override {
    if (on_respond) return on_respond(request);
    Response response;
    response.headers.add("Content-Type", "text/plain");
    response.body = std::string("hello");
    return response;
  }
  std::unique_ptr<BodySink> receive(Request& request) override { return on_receive(request); }
  bool is_immediate(const Request& request) const override { return request.path == immediate_path; }

  std::function<Admission(Request&)> on_admit;
  std::function<Response(Request&)> on_respond;
  std::function<std::unique_ptr<BodySink>(Request&)> on_receive;
  std::string immediate_path;
};

inline ListenConfig loopback() {
  ListenConfig config;
  config.port = 0;
  config.access_log = false;
  return config;
}

/// A blocking client. Every wait ends after kHangLimit, as a failure of the test.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;

  void send(std::string_view bytes);
  void end_sending();
  void reset();                                   ///< closes with a reset
  std::string read_until(std::string_view mark);  ///< up to and with the mark, or what came before the end
  std::string read(std::size_t size);
  std::string read_all();  ///< until the server closes
  /// One response with Content-Length.
  struct Answer {
    int status = 0;
    std::string header, body;
    std::string field(std::string_view name) const;
  };
  Answer answer(bool has_body = true);
  Answer ask(std::string_view request, bool has_body = true) {
    send(request);
    return answer(has_body);
  }
  int descriptor() const { return descriptor_; }

 private:
  bool receive();

  int descriptor_;
  std::string input_;
};

/// A door that a test opens when its application is ready.
class DoorTest : public ::testing::Test {
 protected:
  void start(const ListenConfig& config = loopback()) {
    server = std::make_unique<HttpServer>(config, application);
    server->start();
  }
  FunctionApplication application;
  std::unique_ptr<HttpServer> server;
};

/// Waits until `holds`, which has to become true.
void wait_until(const std::function<bool()>& holds);

}  // namespace naru::test
