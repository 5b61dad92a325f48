/// Requests and responses, without the HTTP library: what routes see and tests make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/auth/caller.h"

namespace naru::server {

enum class Method { get, head, post, put, patch, delete_ };
std::string_view name(Method method);  ///< "GET", ...

/// The text without the spaces and tabs at its ends ("OWS", RFC 9110 5.6.3).
std::string_view trimmed(std::string_view text);

/// Header fields in order; names compare without regard to case.
class Headers {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// The Idempotency-Key of a request that creates: routes/idempotency.h.
struct IdempotencyKey {
  std::string key, payload_hmac;
  bool is_kept = false;  ///< the answer was written, in the transaction that created
};

struct Request {
  Method method = Method::get;
  std::string path;  ///< percent-decoded, begins with '/', without "//", "." and ".." parts (the door refuses them)
  std::string_view
      route;  ///< the pattern that `admit` found, of static lifetime; what the access log shows of the path
  std::vector<std::string> path_values;                    ///< what stood at the {...} of the route's pattern, in order
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded
  Headers headers;
  std::string body;  ///< of routes that take their body whole
  std::optional<std::uint64_t> content_length;
  std::string client_address;  ///< without the port
  std::string request_id;
  Caller caller;
  std::optional<IdempotencyKey> idempotency;

  std::optional<std::string_view> query_value(std::string_view name) const;
  /// The cookie of that name.
  std::optional<std::string_view> cookie(std::string_view name) const;
};

class OpenFile;

/// A piece of a long body: bytes, or a part of a file that does not change.
struct Segment {
  std::string bytes;
  std::filesystem::path file;    ///< empty: `bytes`
  std::uint64_t size_bytes = 0;  ///< of the whole piece: the file's first `size_bytes`, or bytes.size()
  std::shared_ptr<const OpenFile> opened = nullptr;  ///< what is sent of a name that may get another file meanwhile
};

/// Told what becomes of a long response.
class Transfer {
 public:
  virtual ~Transfer() = default;
  /// Asked before each piece of at most 1 MiB and at least every second; false closes the connection. Must not wait.
  virtual bool may_go_on(std::uint64_t sent_bytes) = 0;
  /// Called exactly once, after the last `may_go_on`: whatever became of the client, and for HEAD too (0 bytes). May
  /// wait, must not throw. `is_whole`: all bytes of the body were handed to the network.
  virtual void finished(std::uint64_t sent_bytes, bool is_whole) = 0;
};

/// Bytes [first, first + size) of the segments, one after the other.
struct LongBody {
  std::shared_ptr<const std::vector<Segment>> segments;
  std::uint64_t first = 0, size_bytes = 0;
  std::shared_ptr<Transfer> transfer;  ///< may be null
};

/// One server-sent event.
struct ServerEvent {
  std::string id, kind, data;  ///< `data` in one line
};

/// A stream of events. The server asks every half second, or sooner where `wake` of the server is called.
class EventSource {
 public:
  virtual ~EventSource() = default;
  /// What is new since the last call; may wait for the database. Empty: nothing (a comment line keeps the line open).
  virtual std::vector<ServerEvent> next() = 0;
  virtual bool is_over() const = 0;  ///< the stream ends after what `next` gave last
};

struct Response {
  int status = 200;
  Headers headers;
  std::variant<std::string, LongBody, std::shared_ptr<EventSource>> body;
};

/// Takes a long request body as it comes. Destroyed without `finish` where the client went away or sent too much.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// Asked before a byte of the body is read: what is answered in its place.
  virtual std::optional<Response> refusal() { return std::nullopt; }
  virtual void write(std::span<const std::byte> bytes) = 0;  ///< @throws Error: the answer is that error
  virtual Response finish() = 0;
};

/// What the door does with a request once its header is read.
struct Admission {
  std::optional<Response> refusal;   ///< answered at once, the body is not read
  std::uint64_t max_body_bytes = 0;  ///< more is answered 413
  bool takes_long_body = false;      ///< `receive` instead of `respond`
};

/// What stands behind the door: routes, accounts, errors. Calls come from several threads and may wait. What they
/// throw, like what goes wrong in the door itself, is answered as problem_response of server/http/problem.h has it.
class Application {
 public:
  virtual ~Application() = default;
  /// Whether `admit` and `respond` of this request wait for nothing: they run on the threads of the sockets then, and
  /// answer also while all handlers wait. Must not wait itself.
  virtual bool is_immediate(const Request&) const { return false; }
  /// Finds the route, the caller and whether the caller may; fills `route`, `path_values` and `caller`. Asked once the
  /// header is read, again once the body has come, and each 10 s while a long one comes.
  virtual Admission admit(Request& request) = 0;
  virtual Response respond(Request& request) = 0;
  virtual std::unique_ptr<BodySink> receive(Request& request) = 0;
};

/// `status` with a JSON document.
Response json_response(const nlohmann::ordered_json& json, int status = 200);

}  // namespace naru::server
