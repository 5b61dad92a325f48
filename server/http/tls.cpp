#include "server/http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

#include "core/error.h"
#include "server/private_file.h"

namespace naru::server {

namespace {
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";  // of TLS 1.2; those of 1.3 are all sound

[[noreturn]] void refuse_file(const char* what, const std::filesystem::path& file, const char* remedy) {
  ERR_clear_error();
  throw Error(ErrorCode::config_invalid, std::string(what) + " " + file.string() + " " + remedy);
}

/// http/1.1 for whoever offers it; others go on without the extension.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                    void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kOurs, sizeof kOurs - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}
}  // namespace

TlsServer::TlsServer(std::filesystem::path certificate, std::filesystem::path key)
    : certificate_(std::move(certificate)), key_(std::move(key)), context_(load()) {}

std::shared_ptr<ssl_ctx_st> TlsServer::load() const {
  warn_if_open(key_, "[listen] tls_key");
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) throw Error(ErrorCode::internal, "OpenSSL does not start");
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw, kCiphers);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_ENABLE_KTLS | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_max_send_fragment(raw, RecordSize::kSmallBytes);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 1);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(raw, certificate_.c_str()) != 1) {
    refuse_file("the certificate", certificate_, "cannot be read as PEM");
  }
  if (SSL_CTX_use_PrivateKey_file(raw, key_.c_str(), SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(raw) != 1) {
    refuse_file("the key", key_, "cannot be read as PEM without a password, or is not that of the certificate");
  }
  return context;
}

SslHandle TlsServer::new_connection() const {
  const std::lock_guard lock(mutex_);
  return SslHandle(SSL_new(context_.get()));
}

void TlsServer::reload() {
  auto fresh = load();
  const std::lock_guard lock(mutex_);
  context_ = std::move(fresh);
}

}  // namespace naru::server
