#include "server/auth/oidc.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "pipeline/files.h"
#include "server/audit/base64.h"
#include "server/auth/https_client.h"
#include "server/auth/id_token.h"
#include "server/auth/live_users.h"
#include "server/auth/secrets.h"
#include "server/clock.h"
#include "server/private_file.h"
#include "server/random_id.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

using Json = nlohmann::json;
constexpr std::size_t kMaxParameterBytes = 4096;

Error refused(std::string_view reason) {
  return {ErrorCode::unauthenticated, fmt::format("sign-in refused: {}", reason)};
}

Error unavailable(std::string_view problem) {
  return {ErrorCode::store_unavailable, fmt::format("the identity provider {}", problem)};
}

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json object_of(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw unavailable("answers with what is no JSON object");
  return json;
}

std::optional<std::string> secret_in(const std::string& file) {
  if (file.empty()) return std::nullopt;
  warn_if_open(file, "[oidc] client_secret_file");
  constexpr std::size_t kMaxSecretBytes = 4096;
  auto text = read_file(file, kMaxSecretBytes);
  while (text && !text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (!text || text->empty()) {
    throw Error(ErrorCode::config_invalid, "[oidc] client_secret_file cannot be read or is empty");
  }
  return text;
}

/// RFC 7636 section 4.2.
std::string challenge_of(const std::string& verifier) {
  const std::string hex = sha256_of(verifier);
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return to_base64url(bytes);
}

}  // namespace

Oidc::Oidc(AuthParts parts, OidcConfig config, HttpsClient& client, bool plain_loopback)
    : parts_(parts),
      config_(std::move(config)),
      client_(client),
      plain_loopback_(plain_loopback),
      key_(random_secret()) {
  if (!is_allowed_url(config_.issuer, plain_loopback_)) {
    throw Error(ErrorCode::config_invalid, "[oidc] issuer must begin with https://");
  }
  if (config_.client_id.empty() || config_.redirect_url.empty()) {
    throw Error(ErrorCode::config_invalid, "[oidc] needs client_id and redirect_url");
  }
  client_secret_ = secret_in(config_.client_secret_file);
}

std::string Oidc::get(const std::string& url) {
  OutgoingReply reply = client_.send({url, std::nullopt, std::nullopt, std::nullopt});
  if (reply.status != 200) throw unavailable(fmt::format("answers {}", reply.status));
  return std::move(reply.body);
}

/// As it was an hour ago at most; while another caller asks anew, an hour more.
Oidc::Provider Oidc::provider(const std::string& address) {
  const std::unique_lock renewal(renewal_, std::try_to_lock);
  const std::int64_t longest_ms = renewal.owns_lock() ? kDiscoveryMs : 2 * kDiscoveryMs;
  {
    const std::lock_guard lock(mutex_);  // not held while the provider is asked
    if (provider_ && std::abs(parts_.clock.now_ms() - provider_->fetched_ms) < longest_ms) return *provider_;
  }
  const Turns::Turn turn(turns_, address);
  const Provider found = fetched_provider();
  const std::lock_guard lock(mutex_);
  provider_ = found;
  return found;
}

Oidc::Provider Oidc::fetched_provider() {
  const std::int64_t now_ms = parts_.clock.now_ms();
  const bool has_slash = config_.issuer.ends_with('/');
  const Json document =
      object_of(get(fmt::format("{}{}.well-known/openid-configuration", config_.issuer, has_slash ? "" : "/")));
  if (text_of(document, "issuer") != config_.issuer) throw unavailable("says that it is another issuer");
  Provider found{text_of(document, "authorization_endpoint"),
                 text_of(document, "token_endpoint"),
                 text_of(document, "jwks_uri"),
                 {},
                 now_ms,
                 now_ms};
  for (const std::string& url : {found.authorization_endpoint, found.token_endpoint, found.keys_url}) {
    if (!is_allowed_url(url, plain_loopback_)) throw unavailable("names an address that is not https");
  }
  found.keys = keys_from_json(get(found.keys_url));
  return found;
}

Oidc::Provider Oidc::with_new_keys() {
  const std::int64_t now_ms = parts_.clock.now_ms();
  std::string keys_url;
  {
    const std::lock_guard lock(mutex_);
    // At most once a minute, so that tokens with invented key ids do not make us a nuisance.
    if (std::abs(now_ms - provider_.value().keys_fetched_ms) < kKeyRetryMs) return *provider_;
    provider_->keys_fetched_ms = now_ms;
    keys_url = provider_->keys_url;
  }
  auto keys = keys_from_json(get(keys_url));
  const std::lock_guard lock(mutex_);
  provider_->keys = std::move(keys);
  return *provider_;
}

std::string Oidc::derived(std::string_view purpose, std::string_view state) const {
  return hmac_sha256(key_, fmt::format("{} {}", purpose, state));
}

/// "END_MS.RANDOM.SIGNATURE"
std::int64_t Oidc::end_of(std::string_view state) const {
  const std::size_t dot = std::min(state.rfind('.'), state.size());
  const std::string_view begun = state.substr(0, dot);
  if (!is_same_secret(state.substr(std::min(dot + 1, state.size())), derived("state", begun))) return 0;
  std::int64_t end_ms = 0;
  std::from_chars(begun.data(), begun.data() + begun.size(), end_ms);
  return end_ms;
}

Oidc::Start Oidc::start(const std::string& address) {
  const Provider found = provider(address);
  const std::string begun = fmt::format("{}.{}", parts_.clock.now_ms() + kOidcLoginMs, random_secret());
  const std::string state = fmt::format("{}.{}", begun, derived("state", begun));
  const char glue = found.authorization_endpoint.find('?') == std::string::npos ? '?' : '&';
  return {fmt::format("{}{}{}", found.authorization_endpoint, glue,
                      form_encoded({{"response_type", "code"},
                                    {"client_id", config_.client_id},
                                    {"redirect_uri", config_.redirect_url},
                                    {"scope", "openid"},
                                    {"state", state},
                                    {"nonce", derived("nonce", state)},
                                    {"code_challenge", challenge_of(derived("verifier", state))},
                                    {"code_challenge_method", "S256"}})),
          state};
}

/// Only who is the first may go on. Those alone come here whom the provider named and who have an account, so that
/// there are few.
void Oidc::spend(std::string_view state) {
  const std::int64_t now_ms = parts_.clock.now_ms();
  const std::lock_guard lock(mutex_);
  std::erase_if(spent_, [&](const auto& spent) { return spent.second <= now_ms; });
  if (!spent_.emplace(state, end_of(state)).second) throw refused("it was ended already; begin again");
}

std::string Oidc::id_token_for(std::string_view code, const std::string& verifier, const Provider& provider) {
  std::vector<std::pair<std::string, std::string>> form = {{"grant_type", "authorization_code"},
                                                           {"code", std::string(code)},
                                                           {"redirect_uri", config_.redirect_url},
                                                           {"code_verifier", verifier}};
  OutgoingRequest request{provider.token_endpoint, std::nullopt, std::nullopt, std::nullopt};
  if (client_secret_) {
    // Both are form-encoded before they become Basic: RFC 6749 section 2.3.1.
    request.basic_user = form_encoded({{"", config_.client_id}}).substr(1);
    request.basic_password = form_encoded({{"", *client_secret_}}).substr(1);
  } else {
    form.emplace_back("client_id", config_.client_id);
  }
  request.form = form_encoded(form);
  const OutgoingReply reply = client_.send(request);
  if (reply.status >= 400 && reply.status < 500) throw refused("the identity provider does not know the code");
  if (reply.status != 200) throw unavailable(fmt::format("answers {}", reply.status));
  return text_of(object_of(reply.body), "id_token");
}

std::string Oidc::subject_of(std::string_view id_token, const std::string& nonce, const Provider& provider) {
  const ExpectedClaims expected{config_.issuer, config_.client_id, nonce, parts_.clock.now_ms() / 1000};
  try {
    try {
      return checked_subject(id_token, provider.keys, expected);
    } catch (const UnknownKey&) {
      return checked_subject(id_token, with_new_keys().keys, expected);
    }
  } catch (const UnknownKey& error) {
    throw refused(error.what());
  }
}

std::string Oidc::user_of(const std::string& subject) {
  return in_transaction(parts_.database, Access::read, [&](Transaction& transaction) {
    const Rows rows =
        transaction.query(fmt::format("SELECT id FROM {} WHERE oidc_issuer = $1 AND oidc_subject = $2", kLiveUsers),
                          {config_.issuer, subject});
    if (rows.empty()) throw refused("no account is linked to this identity; ask your admin");
    return rows.front().text(0);
  });
}

std::string Oidc::finish(const Callback& callback) {
  if (callback.state.empty() || callback.state.size() > kMaxParameterBytes ||
      !is_same_secret(callback.state, callback.cookie_state)) {
    throw refused("this browser did not begin it");
  }
  if (end_of(callback.state) <= parts_.clock.now_ms()) {
    throw refused("it was not begun here, or took too long; begin again");
  }
  if (callback.issuer && *callback.issuer != config_.issuer) throw refused("another issuer answered");
  if (callback.code.empty() || callback.code.size() > kMaxParameterBytes) throw refused("the answer holds no code");
  const Provider found = provider(callback.address);
  const Turns::Turn turn(turns_, callback.address);
  const std::string token = id_token_for(callback.code, derived("verifier", callback.state), found);
  std::string user_id = user_of(subject_of(token, derived("nonce", callback.state), found));
  spend(callback.state);
  return user_id;
}

}  // namespace naru::server
