#include "server/auth/https_client.h"

#include <fmt/format.h>

#include <memory>

#include "core/error.h"
#include "server/auth/libcurl.h"

namespace naru::server {

namespace {

constexpr std::size_t kMaxReplyBytes = std::size_t{1} << 20;
constexpr long kConnectMs = 5'000, kWholeMs = 10'000;

struct Free {
  void operator()(CURL* curl) const { libcurl().easy_cleanup(curl); }
  void operator()(curl_slist* list) const { libcurl().slist_free_all(list); }
  void operator()(char* text) const { libcurl().free(text); }
};
using Curl = std::unique_ptr<CURL, Free>;
using Headers = std::unique_ptr<curl_slist, Free>;

std::size_t take(char* bytes, std::size_t, std::size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + count > kMaxReplyBytes) return 0;  // ends the transfer
  text.append(bytes, count);
  return count;
}

void set_limits(CURL* curl, bool plain_loopback) {
  libcurl().easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain_loopback ? "https,http" : "https");
  libcurl().easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  libcurl().easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  libcurl().easy_setopt(curl, CURLOPT_TIMEOUT_MS, kWholeMs);
  libcurl().easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  libcurl().easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  libcurl().easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  libcurl().easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  libcurl().easy_setopt(curl, CURLOPT_USERAGENT, "naru");
}

}  // namespace

bool is_allowed_url(std::string_view url, bool plain_loopback) {
  constexpr std::string_view kHttps = "https://";
  if (url.size() > kHttps.size() && url.starts_with(kHttps)) return true;
  for (const std::string_view host : {"http://127.0.0.1", "http://localhost"}) {
    if (!plain_loopback || !url.starts_with(host)) continue;
    const std::string_view rest = url.substr(host.size());
    if (rest.empty() || rest.front() == ':' || rest.front() == '/') {
      // "http://localhost:x@elsewhere" names elsewhere.
      return rest.substr(0, rest.find('/')).find('@') == std::string_view::npos;
    }
  }
  return false;
}

std::string form_encoded(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    const std::unique_ptr<char, Free> text(
        libcurl().easy_escape(nullptr, value.data(), static_cast<int>(value.size())));
    if (!text) throw Error(ErrorCode::internal, "a form field cannot be encoded");
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, text.get());
  }
  return form;
}

CurlClient::CurlClient(bool plain_loopback) : plain_loopback_(plain_loopback) {}

OutgoingReply CurlClient::send(const OutgoingRequest& request) {
  if (!is_allowed_url(request.url, plain_loopback_)) {
    throw Error(ErrorCode::store_unavailable, "the other server's address must begin with https://");
  }
  const Curl curl(libcurl().easy_init());
  if (!curl) throw Error(ErrorCode::internal, "libcurl does not start");
  set_limits(curl.get(), plain_loopback_);
  OutgoingReply reply;
  libcurl().easy_setopt(curl.get(), CURLOPT_URL, request.url.c_str());
  libcurl().easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &take);
  libcurl().easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply.body);
  if (const auto& body = request.text ? request.text : request.form) {
    libcurl().easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size()));
    libcurl().easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body->c_str());
  }
  const Headers text_headers(libcurl().slist_append(nullptr, "Content-Type: text/plain; charset=utf-8"));
  if (request.text) libcurl().easy_setopt(curl.get(), CURLOPT_HTTPHEADER, text_headers.get());
  if (request.basic_user) {
    libcurl().easy_setopt(curl.get(), CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    libcurl().easy_setopt(curl.get(), CURLOPT_USERNAME, request.basic_user->c_str());
    libcurl().easy_setopt(curl.get(), CURLOPT_PASSWORD, request.basic_password.value_or("").c_str());
  }
  const CURLcode code = libcurl().easy_perform(curl.get());
  if (code != CURLE_OK) {
    throw Error(ErrorCode::store_unavailable,
                fmt::format("the other server does not answer: {}", libcurl().easy_strerror(code)));
  }
  long status = 0;
  libcurl().easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  return reply;
}

}  // namespace naru::server
