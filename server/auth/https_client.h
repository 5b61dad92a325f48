/// Requests that the server makes of others: small, few, and bounded in size and time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

struct OutgoingRequest {
  std::string url;
  std::optional<std::string> form;  ///< POST application/x-www-form-urlencoded; else GET
  std::optional<std::string> basic_user, basic_password;
  std::optional<std::string> text{};  ///< POST text/plain; instead of `form`
};

struct OutgoingReply {
  int status = 0;
  std::string body;
};

class HttpsClient {
 public:
  virtual ~HttpsClient() = default;
  /// @throws Error{store_unavailable} no answer in time, a certificate that does not hold, or too many bytes
  virtual OutgoingReply send(const OutgoingRequest& request) = 0;
};

/// By libcurl: https alone (http to this machine where `plain_loopback`), certificates checked, no redirects,
/// 1 MiB and 10 s at most. Safe to use from any thread.
class CurlClient final : public HttpsClient {
 public:
  explicit CurlClient(bool plain_loopback = false);
  OutgoingReply send(const OutgoingRequest& request) override;

 private:
  bool plain_loopback_;
};

/// "https://...", or where `plain_loopback` also "http://127.0.0.1" and "http://localhost" with any port.
bool is_allowed_url(std::string_view url, bool plain_loopback);

/// Names and values as application/x-www-form-urlencoded.
std::string form_encoded(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace naru::server
