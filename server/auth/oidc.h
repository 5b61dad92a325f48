/// Sign-in at an OpenID provider: authorization code with PKCE (OpenID Connect Core 1.0; RFC 7636, 9207). An account is
/// found by the identity that an admin linked to it before; none is ever made.
///
/// A sign-in that was begun is kept nowhere but in the browser: its state says until when it serves and is signed,
/// nonce and verifier follow from it. So nobody can use up the room of those who begin one. The key is of this process:
/// what was begun before a restart is begun again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/auth/accounts.h"
#include "server/auth/jwk.h"
#include "server/config.h"
#include "server/turns.h"

namespace naru::server {

class HttpsClient;
struct OutgoingReply;
struct OutgoingRequest;

inline constexpr std::int64_t kOidcLoginMs = 10 * 60'000, kDiscoveryMs = 60 * 60'000, kKeyRetryMs = 60'000;

/// Safe to use from any thread.
class Oidc {
 public:
  /// @param plain_loopback the issuer may be http on this machine: for tests and development
  /// @throws Error{config_invalid} issuer, client id, redirect address or the secret's file
  Oidc(AuthParts parts, OidcConfig config, HttpsClient& client, bool plain_loopback = false);

  struct Start {
    std::string url;    ///< where the browser goes
    std::string state;  ///< kept in the browser's cookie, so that nobody can end a login that another one began
  };
  /// @param address of the client, as Turns take it
  /// @throws Error{store_unavailable, rate_limited}
  Start start(const std::string& address = {});

  struct Callback {
    std::string_view code, state, cookie_state;
    std::optional<std::string_view> issuer;  ///< "iss" of RFC 9207
    std::string address = {};                ///< of the client, as Turns take it
  };
  /// The id of the user whom the provider names. A state serves once.
  /// @throws Error{unauthenticated, store_unavailable, rate_limited}
  std::string finish(const Callback& callback);

 private:
  struct Provider {
    std::string authorization_endpoint, token_endpoint, keys_url;
    std::vector<Jwk> keys;
    std::int64_t fetched_ms = 0, keys_fetched_ms = 0;
  };
  std::string get(const std::string& url);
  Provider provider(const std::string& address);
  Provider fetched_provider();
  Provider with_new_keys();
  /// A secret that follows from the state, for one purpose.
  std::string derived(std::string_view purpose, std::string_view state) const;
  /// Until when the state serves; 0 where it was not made here.
  std::int64_t end_of(std::string_view state) const;
  void spend(std::string_view state);
  std::string id_token_for(std::string_view code, const std::string& verifier, const Provider& provider);
  std::string subject_of(std::string_view id_token, const std::string& nonce, const Provider& provider);
  std::string user_of(const std::string& subject);

  AuthParts parts_;
  OidcConfig config_;
  HttpsClient& client_;
  bool plain_loopback_;
  std::optional<std::string> client_secret_;
  Turns turns_;
  const std::string key_;
  std::mutex renewal_;  ///< held by who asks for the provider's addresses and keys anew
  std::mutex mutex_;    ///< of what follows
  std::optional<Provider> provider_;
  std::map<std::string, std::int64_t, std::less<>> spent_;  ///< states that served, until they would not any more
};

}  // namespace naru::server
